import os
from pathlib import Path

import pytest
from image_files import error_of, write

from finetune_kit.data.trees import Tree, in_order, split_of, tree
from finetune_kit.errors import StorageError


def named(*names):
    return Tree("here", {name: name.encode() for name in names})


def test_the_files_below_a_folder_without_what_systems_put_there(tmp_path):
    clutter = dict.fromkeys((".DS_Store", "a/.hidden/b.png", "__MACOSX/a/1.png", "a/Thumbs.db", "desktop.ini"), b"")
    found = tree(write(tmp_path, {"b.txt": b"b", "a/1.png": b"1", "a/b/c/2.png": b"2", **clutter}))
    assert list(found) == ["a/1.png", "a/b/c/2.png", "b.txt"] and found.source == str(tmp_path)
    assert found.content("a/b/c/2.png") == b"2"
    assert found.cell("a/1.png") == {"bytes": None, "path": str(tmp_path / "a" / "1.png")}
    assert list(tree(tmp_path, deepest=0)) == ["b.txt"] and list(tree(tmp_path, deepest=1)) == ["a/1.png", "b.txt"]


def test_a_file_in_memory():
    assert named("a/1.png").cell("a/1.png") == {"bytes": b"a/1.png", "path": "a/1.png"}


def link(link_to, at):
    try:
        at.symlink_to(link_to, target_is_directory=True)
    except OSError:
        pytest.skip("this system makes no links")


def test_links_to_folders_are_followed_and_never_in_circles(tmp_path):
    write(tmp_path, {"elsewhere/1.png": b"1", "in/a/2.png": b"2"})
    link(tmp_path / "elsewhere", tmp_path / "in" / "b")
    link(tmp_path / "in", tmp_path / "in" / "a" / "up")
    link(tmp_path / "in" / "a", tmp_path / "in" / "a" / "same")
    assert list(tree(tmp_path / "in")) == ["a/2.png", "b/1.png"]


def test_a_folder_that_cannot_be_listed(tmp_path, monkeypatch):
    write(tmp_path, {"a/1.png": b"1"})
    scan = os.scandir

    def refuse(place):
        if Path(place).name == "a":
            raise PermissionError(13, "Permission denied", str(place))
        return scan(place)

    monkeypatch.setattr(os, "scandir", refuse)
    assert "a cannot be read: Permission denied" in error_of(StorageError, lambda: tree(tmp_path))


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train/_annotations.coco.json", "train"),
        ("Valid/a/b.json", "valid"),
        ("annotations/instances_train2017.json", "train"),
        ("instances_val2017.json", "val"),
        ("raccoon-test.json", "test"),
        ("dev.json", "dev"),
        ("annotations.json", "all"),
        ("training.json", "all"),
        ("a/train.d/b.json", "all"),
        ("/", "all"),
    ],
)
def test_the_split_that_a_name_says(name, split):
    assert split_of(name) == split


def test_splits_come_in_the_order_of_their_use():
    assert list(in_order(dict.fromkeys(["extra", "test", "val", "all", "train"]))) == [
        "train",
        "val",
        "test",
        "extra",
        "all",
    ]


# Finding what an annotation names


@pytest.mark.parametrize(
    ("wanted", "near", "split", "found"),
    [
        ("1.png", "", "all", ["1.png"]),
        ("1.png", "train", "all", ["train/1.png"]),
        ("2.png", "annotations", "val", ["val2017/2.png"]),
        ("2.png", "annotations", "all", ["train2017/2.png", "val2017/2.png"]),
        ("val2017/2.png", "annotations", "train", ["val2017/2.png"]),
        ("val2017\\2.png", "annotations", "train", ["val2017/2.png"]),
        ("C:\\photos\\3.png", "", "all", ["deep/images/3.png"]),
        ("/home/me/3.png", "elsewhere", "all", ["deep/images/3.png"]),
        ("../3.png", "deep/annotations", "all", ["deep/images/3.png"]),
        ("4.png", "", "all", []),
        ("images", "", "all", []),
        ("", "", "all", []),
        ("..", "", "all", []),
    ],
)
def test_a_file_is_found_by_its_name_and_its_place(wanted, near, split, found):
    files = named("1.png", "train/1.png", "train/more/1.png", "train2017/2.png", "val2017/2.png", "deep/images/3.png")
    assert files.find(wanted, near, split) == found
