"""Inspecting pictures: numbers, orders and advice, against pictures that are known."""

import datasets
import numpy as np
import pandas as pd
import PIL.Image
import pytest
from image_files import encoded
from tiny import tiny_frame
from tiny_vision import drawn, tiny_pictures, tiny_scenes

import finetune_kit as ftk
from finetune_kit import data
from finetune_kit.errors import DataError, UnknownNameError
from finetune_kit.inspection import pictures as module
from finetune_kit.tasks import Task

GREYS = [100, 20, 240, 60, 180, 130]
SIDES = [12, 30, 8, 20, 16, 10]


def shade(grey, side):
    """A picture of one shade but for a white corner."""
    image = PIL.Image.new("RGB", (side, side), (grey,) * 3)
    image.paste("white", (0, 0, 3, 3))
    return image


def shades():
    frame = pd.DataFrame({"image": [shade(g, s) for g, s in zip(GREYS, SIDES, strict=True)], "label": list("aababb")})
    more = tiny_pictures(4).assign(label=list("abab"))
    return ftk.ImageClassification(data.pictured({"train": frame, "validation": more, "test": more[:2]}))


def scenes():
    """Pictures of 40 x 20 with 2, 0, 1 and 3 objects, the smallest of which is in the third."""
    boxes = [[[0, 0, 10, 10], [10, 10, 20, 10]], [], [[5, 5, 2, 2]], [[0, 0, 40, 20], [0, 0, 4, 4], [8, 0, 8, 10]]]
    labels = [["b", "a"], [], ["b"], ["c", "b", "c"]]
    images = [drawn("disc", (2 * i, 2, 10, 10), (40, 20)) for i in range(4)]
    frame = pd.DataFrame({"image": images, "boxes": boxes, "labels": labels})
    return ftk.ObjectDetection(data.boxed({"train": frame, "validation": tiny_scenes(5), "test": tiny_scenes(6, 1)}))


@pytest.fixture
def decoded(monkeypatch):
    """A list that grows with each picture that is decoded."""
    found, decode = [], datasets.Image.decode_example

    def counted(*arguments, **settings):
        found.append(arguments)
        return decode(*arguments, **settings)

    monkeypatch.setattr(datasets.Image, "decode_example", counted)
    return found


def test_orders_put_the_suspicious_first():
    seen = ftk.inspect_pictures(shades())
    assert seen.find() == [0, 1, 2, 3, 4, 5]
    assert seen.find(order="smallest") == np.argsort(SIDES).tolist()
    assert seen.find(order="largest") == np.argsort(SIDES)[::-1].tolist()
    means = [np.asarray(shade(g, s)).mean() for g, s in zip(GREYS, SIDES, strict=True)]
    assert seen.find(order="darkest") == np.argsort(means).tolist()
    assert seen.find(order="brightest") == np.argsort(means)[::-1].tolist()
    spreads = [np.asarray(shade(g, s)).std() for g, s in zip(GREYS, SIDES, strict=True)]
    assert seen.find(order="least contrast") == np.argsort(spreads).tolist()
    assert seen.find("train", "b", "smallest") == [2, 5, 4]
    assert seen.find("validation", "b") == [1, 3]


def test_orders_of_objects():
    seen = ftk.inspect_pictures(scenes())
    assert seen.find(order="most objects") == [3, 0, 2, 1] and seen.find(order="fewest objects") == [1, 2, 0, 3]
    assert seen.find(order="smallest object") == [2, 3, 0, 1]
    assert seen.find("train", "b") == [0, 2, 3] and seen.find("train", "c") == [3]
    assert {"most objects", "smallest object"} <= set(seen.orders)
    assert not {"most objects", "smallest object"} & set(ftk.inspect_pictures(shades()).orders)


def test_classes_sizes_and_areas():
    seen = ftk.inspect_pictures(scenes())
    assert seen.classes["train"] == {"a": 1, "b": 3, "c": 2, "disc": 0, "square": 0}
    assert [row.tolist() for row in seen.areas["train"]] == [[1 / 8, 1 / 4], [], [1 / 200], [1, 1 / 50, 1 / 10]]
    table = seen.objects.set_index("class")
    assert table.loc["b", ["objects", "pictures", "smallest", "median", "largest"]].tolist() == [
        3, 3, 1 / 200, 1 / 50, 1 / 8,
    ]  # fmt: skip
    assert table["objects"].sum() == sum(map(sum, (counts.values() for counts in seen.classes.values())))
    train = seen.table.set_index("split").loc["train"]
    assert train.tolist() == [4, 6, 1, "40 x 20", "40 x 20", "40 x 20"]
    sides = ftk.inspect_pictures(shades()).table.set_index("split").loc["train"]
    assert sides.tolist() == [6, "8 x 8", "16 x 16", "30 x 30"]


def test_examples_say_what_is_in_a_picture():
    first, second = ftk.inspect_pictures(scenes()).examples("train", [0, 1])
    assert first.place == ("train", 0) and first.truth == "1 a, 1 b" and second.truth == "nothing"
    assert first.title == "train[0]\n1 a, 1 b\n40 x 20"
    assert first.objects.to_numpy().tolist() == [["b", 0, 0, 10, 10], ["a", 10, 10, 30, 20]] and not len(second.objects)
    (one,) = ftk.inspect_pictures(shades()).examples("train", [3])
    assert one.truth == "a" and one.objects is None and np.array_equal(one.image, shade(60, 20))


def test_only_what_is_asked_for_is_decoded(decoded, monkeypatch):
    monkeypatch.setattr(module, "SMALL", 3)
    task = shades()
    decoded.clear()
    seen = ftk.inspect_pictures(task)
    assert "take long to find" in repr(seen) and seen.find(order="largest") and seen.classes and not decoded
    seen.examples("train", [4, 1])
    assert len(decoded) == 2
    decoded.clear()
    assert seen.find(order="darkest") and seen.find("test", order="brightest") and seen.repeats
    assert len(decoded) == 12  # each one once
    assert "take long" not in repr(seen) and seen.checked


def test_few_pictures_can_be_too_large_to_be_measured_unasked(monkeypatch):
    assert ftk.inspect_pictures(shades()).checked
    monkeypatch.setattr(module, "PIXELS", sum(side**2 for side in SIDES))
    assert not ftk.inspect_pictures(shades()).checked


def test_copies_are_seen_from_both_sides():
    image = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    other = np.random.default_rng(1).integers(0, 256, (40, 40, 3), np.uint8)
    frames = {
        "train": pd.DataFrame({"image": [other, image, drawn("disc", (2, 2, 9, 9))], "label": ["a", "b", "b"]}),
        "validation": pd.DataFrame({"image": [drawn("square", (9, 9, 9, 9))] * 2, "label": ["a", "b"]}),
        "test": pd.DataFrame({"image": [image, encoded(PIL.Image.fromarray(other), "BMP")], "label": ["b", "a"]}),
    }
    seen = ftk.inspect_pictures(ftk.ImageClassification(data.pictured(frames)))
    assert seen.copies == {
        ("validation", 0): [("the same, other label", ("validation", 1))],
        ("validation", 1): [("the same, other label", ("validation", 0))],
        ("train", 1): [("the same", ("test", 0))],
        ("test", 0): [("the same", ("train", 1))],
        ("train", 0): [("the same", ("test", 1))],
        ("test", 1): [("the same", ("train", 0))],
    }
    assert sorted(seen.find("test", order="repeats")) == [0, 1] and seen.find("test", "a", "repeats") == [1]
    leak, label, within = seen.warnings
    assert leak.startswith("Pictures of the test split that stand in the train split too")
    assert "2 (test[0], test[1])" in leak
    assert "the same pixels" in label and "1 (validation[1])" in label and "1 (validation[1])" in within


def test_warnings_of_classes_sizes_and_blank_pictures():
    images = [drawn("disc", (2, 2 + i, 10, 9)) for i in range(7)] + [drawn("square", (2, 2, 200, 200), (320, 320))]
    frame = pd.DataFrame({"image": images, "label": ["a"] * 7 + ["b"]})
    blank = pd.DataFrame({"image": [PIL.Image.new("RGB", (32, 32), "white")], "label": ["a"]})
    made = data.pictured({"train": frame, "validation": blank, "test": frame[6:].assign(image=images[:2])})
    wrong = " ".join(ftk.inspect_pictures(ftk.ImageClassification(made)).warnings)
    assert "The validation split has no pictures of 'b'." in wrong
    assert "The class 'a' has 7 pictures to train on and 'b' 1" in wrong
    assert "100 times as many pixels" in wrong and "hardly more than one shade: 1 (validation[0])" in wrong


def test_small_objects_and_empty_pictures_are_told():
    seen = ftk.inspect_pictures(scenes())
    numbers = [len(ids) for part in seen.splits.values() for ids in part["labels"]]
    assert f"{sum(numbers)} objects of 5 classes: {np.mean(numbers):.1f} a picture, 3 at most" in seen.summary
    assert numbers.count(0) == 1 and "and none in 1 pictures" in seen.summary
    assert not [text for text in seen.warnings if "less than a thousandth" in text]
    frame = pd.DataFrame({"image": [drawn("disc", (2, 2, 9, 9), (100, 100))] * 2, "boxes": [[[1, 1, 3, 3]]] * 2})
    frame["labels"] = [["a"], ["b"]]
    tiny = ftk.inspect_pictures(ftk.ObjectDetection(data.boxed({"train": frame, "validation": frame, "test": frame})))
    assert [text for text in tiny.warnings if text.startswith("6 of 6 objects cover less than a thousandth")]


def test_it_shows_itself_in_words_and_as_html():
    seen = ftk.inspect_pictures(shades())
    assert repr(seen).startswith("6 train, 4 validation, 2 test pictures of 2 classes, from 8 x 8 to 32 x 32 pixels.")
    assert all(warning in repr(seen) for warning in seen.warnings) and "<table" in seen._repr_html_()


def test_a_named_task_is_read(tmp_path):
    for kind in ("disc", "square"):
        for number in range(6):
            (tmp_path / kind).mkdir(exist_ok=True)
            drawn(kind, (number, 3, 10, 10)).save(tmp_path / kind / f"{number}.png")
    seen = ftk.inspect_pictures("image-classification", data=str(tmp_path), seed=1)
    assert sum(map(len, seen.splits.values())) == 12 and seen.names == ["disc", "square"]
    assert isinstance(seen.task, Task)


def test_what_is_wrong_is_said():
    seen = ftk.inspect_pictures(shades())
    with pytest.raises(UnknownNameError, match="Did you mean 'smallest'"):
        seen.find(order="smalest")
    with pytest.raises(UnknownNameError, match="no class 'c'"):
        seen.find(label="c")
    for ask in (seen.find, seen.examples):
        with pytest.raises(UnknownNameError, match="Did you mean 'train'"):
            ask("trein")
    with pytest.raises(DataError, match=r"Row 6 .* rows 0 to 5"):
        seen.examples("train", [6])
    with pytest.raises(DataError, match="are no pictures; ftk"):
        ftk.inspect_pictures(ftk.TextClassification(tiny_frame()))
    with pytest.raises(DataError, match="no data"):
        ftk.inspect_pictures(ftk.ImageClassification(names=["a", "b"]))
