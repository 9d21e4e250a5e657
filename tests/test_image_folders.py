"""Folders of classes, read, checked and split."""

import pytest
from image_files import error_of, png, write
from test_archives import tarred, zipped

from finetune_kit import data
from finetune_kit.errors import DataError, StorageError

CLASSES = {f"{label}/{n}.png": png(10 * n + (label == "dogs")) for label in ("cats", "dogs") for n in range(4)}


def in_splits(*splits):
    return {f"{split}/{label}/{n}.png": png() for split in splits for label in ("cats", "dogs") for n in range(2)}


def rows(frame):
    return list(zip(frame["file"], frame["label"], strict=True))


def expected(prefix=""):
    return [(prefix + name, name.split("/")[0]) for name in sorted(CLASSES)]


# Layouts


@pytest.mark.parametrize("as_given", [str, lambda path: path])
def test_a_folder_for_each_class(tmp_path, as_given):
    frames = data.read(as_given(write(tmp_path, CLASSES)))
    assert list(frames) == ["all"] and rows(frames["all"]) == expected()
    made = data.pictured(frames)["all"]
    assert made.features["label"].names == ["cats", "dogs"] and made["file"][:] == sorted(CLASSES)
    assert [cell["bytes"] for cell in made.with_format("arrow")["image"].to_pylist()] == [
        CLASSES[n] for n in sorted(CLASSES)
    ]


@pytest.mark.parametrize(
    ("name", "pack"), [("a.zip", zipped), ("a.tar", tarred), ("a.tar.gz", tarred), ("a.tgz", tarred)]
)
def test_an_archive_of_one(tmp_path, name, pack):
    path = pack(tmp_path / name, {f"pets/{file}": raw for file, raw in CLASSES.items()})
    frames = data.read(path)
    assert rows(frames["all"]) == expected("pets/")
    assert list(tmp_path.iterdir()) == [path]
    assert [cell["bytes"] for cell in frames["all"]["image"]] == [CLASSES[name] for name in sorted(CLASSES)]
    assert len(data.pictured(frames)["all"]) == 8


def test_a_folder_called_like_an_archive(tmp_path):
    assert rows(data.read(write(tmp_path / "pets.zip", CLASSES))["all"]) == expected()


def test_an_archive_of_windows(tmp_path):
    path = zipped(tmp_path / "a.zip", {file.replace("/", "\\"): raw for file, raw in CLASSES.items()})
    assert rows(data.read(path)["all"]) == expected()


def test_splits_above_the_classes(tmp_path):
    frames = data.read(write(tmp_path, in_splits("train", "Valid", "test")))
    assert list(frames) == ["train", "valid", "test"]
    assert rows(frames["valid"])[:2] == [("Valid/cats/0.png", "cats"), ("Valid/cats/1.png", "cats")]


@pytest.mark.parametrize("prefix", ["", "data/", "a/b/c/"])
def test_folders_around_all_of_it(tmp_path, prefix):
    frames = data.read(write(tmp_path, {prefix + name: raw for name, raw in in_splits("train", "test").items()}))
    assert list(frames) == ["train", "test"] and rows(frames["test"])[0] == (f"{prefix}test/cats/0.png", "cats")
    more = write(tmp_path / "more", {prefix + name: raw for name, raw in CLASSES.items()})
    assert rows(data.read(more)["all"]) == expected(prefix)


def test_classes_that_are_called_like_splits(tmp_path):
    write(tmp_path, {"test/1.png": png(), "control/1.png": png(1)})
    assert set(data.read(tmp_path)["all"]["label"]) == {"test", "control"}


def test_clutter_is_passed_over(tmp_path, recwarn):
    clutter = {".DS_Store": b"x", "cats/Thumbs.db": b"x", "__MACOSX/cats/._0.png": b"x", ".git/config": b"x"}
    assert rows(data.read(write(tmp_path, {**CLASSES, **clutter}))["all"]) == expected()
    assert not recwarn.list


# Stray files


STRAY = {
    "README.md": b"hello",
    "lost.png": png(7),
    "cats/notes.txt": b"abc",
    "cats/deep/1.png": png(8),
    "cats/none.png": b"",
}


def test_stray_files_are_counted_and_named(tmp_path):
    frames = data.read(write(tmp_path, {**CLASSES, **STRAY}))
    message = error_of(DataError, lambda: data.pictured(frames))
    assert "5 of 13 files cannot be used: " in message and "drop_bad_rows=True" in message
    for words in (
        "2 outside of the folders of classes (README.md, lost.png)",
        "1 in a folder below that of a class (cats/deep/1.png)",
        "1 whose image is not an image that Pillow reads (cats/notes.txt)",
        "1 whose image is empty, of 0 bytes (cats/none.png)",
    ):
        assert words in message


def test_stray_files_are_left_out_when_asked(tmp_path):
    frames = data.read(write(tmp_path, {**CLASSES, **STRAY}))
    with pytest.warns(UserWarning, match=r"^5 of 13 files are left out: 2 outside of"):
        made = data.pictured(frames, drop_bad_rows=True)
    assert made["all"]["file"][:] == sorted(CLASSES)


def test_files_beside_the_splits_and_images_without_class(tmp_path):
    files = {**in_splits("train"), "README.md": b"x", "extra/cats/1.png": png(), "test/1.png": png()}
    frames = data.read(write(tmp_path, files))
    assert list(frames) == ["train"]
    message = error_of(DataError, lambda: data.pictured(frames))
    assert "3 of 7 files of the split 'train'" in message
    assert "3 outside of the folders of classes (README.md, extra/cats/1.png, test/1.png)" in message


# What is no such folder


def test_a_folder_with_one_class(tmp_path):
    write(tmp_path, {f"cats/{n}.png": png() for n in range(9)})
    message = error_of(DataError, lambda: data.read(tmp_path))
    assert "holds one class only, 'cats', in 9 files (cats/0.png" in message and "two or more classes" in message


@pytest.mark.parametrize("files", [{}, {".hidden/cats/1.png": b""}])
def test_a_folder_without_files(tmp_path, files):
    message = error_of(StorageError, lambda: data.read(write(tmp_path, files)))
    assert "is a folder without files. Expected a folder for each class" in message


def test_a_folder_of_images_without_classes(tmp_path):
    message = error_of(StorageError, lambda: data.read(write(tmp_path, {f"{n}.png": png() for n in range(3)})))
    assert "is a folder; its 3 files lie in no folder of a class (0.png, 1.png, 2.png)." in message


def test_an_archive_of_nothing(tmp_path):
    assert "is an archive without files" in error_of(StorageError, lambda: data.read(zipped(tmp_path / "a.zip", {})))


def test_an_archive_that_is_empty_or_not_there(tmp_path):
    (tmp_path / "pets.zip").write_bytes(b"")
    assert "is empty (0 bytes)" in error_of(DataError, lambda: data.read(tmp_path / "pets.zip"))
    message = error_of(StorageError, lambda: data.read(tmp_path / "pet.zip"))
    assert "There is no file" in message and "pets.zip" in message


def test_an_archive_that_is_not_there_is_no_hub_id():
    assert "There is no file 'own/pets.zip'" in error_of(StorageError, lambda: data.read("own/pets.zip"))
