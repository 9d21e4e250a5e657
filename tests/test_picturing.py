"""Images with their classes, from every source but folders, which test_image_folders has."""

import json
import os

import datasets
import numpy as np
import pandas as pd
import PIL.Image
import pytest
from image_files import encoded, error_of, noise, png, write

from finetune_kit import data
from finetune_kit.data import media
from finetune_kit.data.images import stored_images
from finetune_kit.errors import DataError, UnknownNameError


def frame(images, labels=None, **more):
    return {"all": pd.DataFrame({"image": images, "label": labels or ["x", "y"] * (len(images) // 2), **more})}


def made(images, labels=None, **more):
    return data.pictured(frame(images, labels, **more))["all"]


FOUR = [png(n) for n in range(4)]


# What comes out


def test_bytes_become_images_and_names_classes():
    found = made(FOUR, ["b", "a", "b", "10"])
    assert found.column_names == ["image", "label"]
    assert found.features["label"] == datasets.ClassLabel(names=["10", "a", "b"]) and found["label"][:] == [2, 1, 2, 0]
    assert isinstance(found.features["image"], datasets.Image) and stored_images(found) == FOUR
    assert np.array_equal(found[2]["image"], noise(seed=2))


def test_images_of_every_mode_are_decoded_to_rgb():
    images = [PIL.Image.new(mode, (3, 2), 1) for mode in ("L", "1", "LA", "RGBA", "P", "I;16", "CMYK", "F")]
    assert {image.mode for image in made(images)["image"]} == {"RGB"}


def test_cells_of_several_kinds_in_one_column(tmp_path):
    (tmp_path / "a.png").write_bytes(png(3))
    found = made([png(0), {"bytes": png(1), "path": None}, noise(seed=2), tmp_path / "a.png"])
    assert all(np.array_equal(image, noise(seed=n)) for n, image in enumerate(found["image"]))


def test_splits_share_the_list_of_classes():
    parts = data.pictured({**frame(FOUR, list("aabb")), "test": frame(FOUR[:2], ["c", "a"])["all"]})
    assert parts["all"].features["label"].names == parts["test"].features["label"].names == ["a", "b", "c"]
    assert parts["test"]["label"][:] == [2, 0]


def test_columns_of_other_names():
    frames = {"all": pd.DataFrame({"img": FOUR, "kind": list("xyxy")})}
    assert data.pictured(frames, "img", "kind")["all"].column_names == ["image", "label"]
    message = error_of(UnknownNameError, lambda: data.pictured(frames, "imgs", "kind"))
    assert "no column 'imgs'. Did you mean 'img'?" in message


def test_large_data_are_stored_in_pieces(monkeypatch):
    whole = made(FOUR * 10, file=[f"{n}.png" for n in range(40)])
    monkeypatch.setattr(media, "CHUNK", len(FOUR[0]) * 7)
    pieces = made(FOUR * 10, file=[f"{n}.png" for n in range(40)])
    assert pieces.data.column(0).num_chunks > 3 and pieces.features == whole.features
    assert pieces.with_format("arrow")[:].to_pylist() == whole.with_format("arrow")[:].to_pylist()
    shuffled = pieces.shuffle(seed=0)
    assert stored_images(shuffled) == stored_images(whole.shuffle(seed=0)) != stored_images(whole)


def test_the_same_data_have_the_same_fingerprint():
    prints = {
        made(images, labels)._fingerprint for images, labels in [(FOUR, None), (FOUR[::-1], None), (FOUR, list("aabb"))]
    }
    assert len(prints) == 3 and made(FOUR)._fingerprint in prints


def test_an_empty_split_stays_one():
    parts = data.pictured({**frame(FOUR), "test": frame(FOUR)["all"].iloc[:0]})
    assert len(parts["test"]) == 0 and parts["test"].features == parts["all"].features


# Where it comes from


def table(folder, paths, name="a.csv"):
    write(folder, {f"in/{n}.png": raw for n, raw in enumerate(FOUR)})
    pd.DataFrame({"path": paths, "kind": (["x", "y"] * len(paths))[: len(paths)]}).to_csv(folder / name, index=False)
    return folder / name


def test_a_csv_of_paths_that_start_at_its_folder(tmp_path, monkeypatch):
    paths = ["in/0.png", "in\\1.png", "./in/../in/2.png", str(tmp_path / "in" / "3.png")]
    table(tmp_path, paths)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    frames = data.read("../a.csv")
    monkeypatch.chdir(tmp_path)
    found = data.pictured(frames, "path", "kind")["all"]
    assert stored_images(found) == FOUR and found["file"][:] == paths


def test_json_lines_and_parquet_of_paths(tmp_path):
    rows = [{"image": f"in/{n}.png", "label": "xy"[n % 2]} for n in range(4)]
    write(tmp_path, {f"in/{n}.png": raw for n, raw in enumerate(FOUR)})
    write(tmp_path, {"a.jsonl": "\n".join(map(json.dumps, rows)).encode()})
    pd.DataFrame(rows).to_parquet(tmp_path / "a.parquet")
    for name in ("a.jsonl", "a.parquet"):
        assert stored_images(data.pictured(data.read(tmp_path / name))["all"]) == FOUR


def test_parquet_of_bytes_and_of_what_hugging_face_writes(tmp_path):
    frame(FOUR)["all"].to_parquet(tmp_path / "a.parquet")
    made(FOUR).to_parquet(tmp_path / "b.parquet")
    assert stored_images(data.pictured(data.read(tmp_path / "a.parquet"))["all"]) == FOUR
    assert stored_images(data.pictured(data.read(tmp_path / "b.parquet"))["all"]) == FOUR


def test_data_sets_of_images_keep_the_names_of_classes_and_files(tmp_path):
    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=["q", "p"])})
    write(tmp_path, {"a.png": png(1), "b.png": png(2)})
    cells = [{"bytes": png(0), "path": "x.png"}, str(tmp_path / "a.png"), str(tmp_path / "b.png")]
    source = datasets.Dataset.from_dict({"image": cells, "label": [0, 1, 0]}, features=features)
    for given in (source, datasets.DatasetDict({"all": source})):
        found = data.pictured(data.read(given))["all"]
        assert stored_images(found) == [png(0), png(1), png(2)]
        assert [found.features["label"].int2str(label) for label in found["label"]] == ["q", "p", "q"]
        assert found["file"][:] == ["x.png", *cells[1:]]


def test_the_name_of_a_file_in_another_encoding(tmp_path):
    write(tmp_path, {f"{label}/{n}.png": png(n) for label in "xy" for n in range(2)})
    try:
        (tmp_path / "x" / os.fsdecode(b"caf\xe9.png")).write_bytes(png(2))
    except (OSError, UnicodeError):
        pytest.skip("this system has no such names")
    files = data.pictured(data.read(tmp_path))["all"]["file"]
    assert files[:] == ["x/0.png", "x/1.png", "x/caf?.png", "y/0.png", "y/1.png"]


# Faults


BAD = [png(0), b"", b"no image", png(1)[:-100], None, 5, png(2), png(3), b"no image either"]
LABELS = ["x", "x", "y", "y", "x", "y", None, "y", None]


def test_bad_rows_are_counted_and_named():
    message = error_of(DataError, lambda: made(BAD, LABELS))
    assert message.startswith("7 of 9 rows cannot be used: ")
    assert (
        "1 whose image is empty, of 0 bytes (row 2); 2 whose image is not an image that Pillow reads (rows 3, 9)"
        in message
    )
    assert "1 whose image is truncated or damaged (row 4: " in message and "1 whose image is missing (row 5)" in message
    assert "array of height, width and 1, 3 or 4 channels (row 6: found int)" in message
    assert "1 with no label (row 7)." in message  # row 9 has none either, and is counted once


def test_bad_rows_are_named_by_their_files():
    names = [f"{n}.png" for n in range(8)] + [None]
    message = error_of(DataError, lambda: made(BAD, LABELS, file=names))
    assert "7 of 9 files cannot be used: " in message
    assert "2 whose image is not an image that Pillow reads (2.png, row 9)" in message
    assert "(5.png: found int)" in message


def test_bad_rows_are_left_out_when_asked():
    with pytest.warns(UserWarning, match="^7 of 9 rows are left out: 1 whose image is empty"):
        found = data.pictured(frame(BAD, LABELS), drop_bad_rows=True)["all"]
    assert stored_images(found) == [png(0), png(3)]


def test_paths_that_lead_nowhere(tmp_path):
    paths = ["in/0.png", "in/1.png", "in/9.png", "https://example.org/a.png", "a.csv"]
    message = error_of(DataError, lambda: data.pictured(data.read(table(tmp_path, paths)), "path", "kind"))
    assert "1 whose image is the path of a file that is not there (in/9.png: looked for " in message
    assert "1 whose image is a web address, from which nothing is downloaded (https://example.org/a.png" in message
    assert "1 whose image is not an image that Pillow reads (a.csv)" in message


def test_the_wrong_column():
    message = error_of(DataError, lambda: data.pictured(frame(FOUR), "label", "image"))
    assert "4 of 4 files cannot be used" in message and "Is this the right column or folder?" in message
    texts = {"all": pd.DataFrame({"image": FOUR, "label": [1.5, 2, 3, 4]})}
    assert "numbers with fractions, such as 1.5" in error_of(DataError, lambda: data.pictured(texts))
    assert "one class only, 'x'" in error_of(DataError, lambda: made(FOUR, ["x"] * 4))
    assert "has no rows" in error_of(DataError, lambda: made([]))


def test_animations_are_told():
    gif = encoded(noise(), "GIF", save_all=True, append_images=[noise(seed=1)])
    with pytest.warns(UserWarning, match=r"^1 of 4 images are the first of several pictures, .* \(row 2\)\.$"):
        made([FOUR[0], gif, *FOUR[2:]])


def test_good_images_are_not_talked_about(recwarn):
    made(FOUR)
    assert not recwarn.list


# Splitting and sampling


def classes(counts):
    images = [png(n, 6, 4) for n in range(sum(counts.values()))]
    return data.pictured(frame(images, [label for label, count in counts.items() for _ in range(count)]))


def test_images_are_split_in_proportion_to_the_classes():
    parts = data.split(classes({"x": 24, "y": 16}))
    # 15 % of 40 to test; 15 % of the other 34 to validation, 5.1
    assert {name: len(part) for name, part in parts.items()} == {"train": 29, "validation": 5, "test": 6}
    assert sum(parts["validation"]["label"]) == 2
    held = [raw for part in parts.values() for raw in stored_images(part)]
    assert sorted(held) == sorted(png(n, 6, 4) for n in range(40))


def test_the_same_image_stays_in_one_split():
    images = [png(n % 20, 6, 4) for n in range(60)]
    parts = data.split(data.pictured(frame(images, ["xy"[n % 2] for n in range(60)])))
    held = [set(stored_images(part)) for part in parts.values()]
    assert sum(map(len, held)) == len(set.union(*held)) == 20 and sum(map(len, parts.values())) == 60


def test_a_split_decodes_nothing(monkeypatch):
    parts = classes({"x": 20, "y": 20})

    def refuse(*_, **__):
        raise AssertionError("an image was decoded")

    monkeypatch.setattr(PIL.Image, "open", refuse)
    drawn = data.sample(data.split(parts)["train"], 10)
    assert len(drawn) == 10 and sum(drawn["label"]) == 5 and len(stored_images(drawn)) == 10
    with pytest.raises(AssertionError):
        drawn[0]


def test_too_few_images_of_a_class():
    message = error_of(DataError, lambda: data.split(classes({"x": 9, "y": 2})))
    assert "The class 'y' has 2 distinct images; at least 3 are needed" in message
