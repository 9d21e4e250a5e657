"""Pascal VOC's annotations, in the layouts in which they are published."""

import pytest
from image_files import error_of, png, write
from test_archives import tarred

from finetune_kit import data
from finetune_kit.errors import DataError

PICTURES = {name: png(n, 40, 30) for n, name in enumerate(("a.png", "b.png", "none.png"))}


def voc(filename, *objects):
    boxes = "".join(
        f"<object><name>{label}</name><difficult>0</difficult><bndbox>"
        f"<xmin>{left}</xmin><ymin>{top}</ymin><xmax>{right}</xmax><ymax>{bottom}</ymax></bndbox>"
        "<part><name>head</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></part></object>"
        for label, left, top, right, bottom in objects
    )
    return f"<annotation>\n<filename>{filename}</filename><size><width>40</width></size>{boxes}</annotation>".encode()


XML = {
    "a.xml": voc("a.png", ("cat", 1, 1, 40, 30), ("dog", 11, 12, 20, 12)),
    "b.xml": voc("b.png", ("dog", 5.5, 6, 7.5, 8)),
    "none.xml": voc("none.png"),
}
# What XML says, by hand: the first pixel is 1, and the last one belongs to the box.
FOUND = {
    "a.png": ([[0, 0, 40, 30], [10, 11, 10, 1]], ["cat", "dog"]),
    "b.png": ([[4.5, 5, 3, 3]], ["dog"]),
    "none.png": ([], []),
}


def found(frame, prefix=""):
    rows = zip(frame["file"], frame["boxes"], frame["labels"], strict=True)
    return {name.removeprefix(prefix): (boxes, labels) for name, boxes, labels in rows}


def below(folder, files):
    return {f"{folder}/{name}": raw for name, raw in files.items()}


# Layouts


def test_annotations_beside_the_images(tmp_path, recwarn):
    frames = data.read(write(tmp_path, {**PICTURES, **XML}))
    assert list(frames) == ["all"] and found(frames["all"]) == FOUND
    made = data.boxed(frames)["all"]
    assert made["boxes"][:] == [boxes for boxes, _ in FOUND.values()] and made["labels"][:] == [[0, 1], [1], []]
    assert not recwarn.list


def test_the_folders_of_voc(tmp_path):
    masks = below("SegmentationClass", PICTURES)
    files = {**below("JPEGImages", PICTURES), **below("Annotations", XML)}
    assert found(data.read(write(tmp_path / "1", files))["all"], "JPEGImages/") == FOUND
    lists = {"ImageSets/Main/train.txt": b"a\nb\r\n", "ImageSets/Main/val.txt": b"none  1\n"}
    frames = data.read(write(tmp_path / "2", below("VOC2007", {**files, **lists})))
    assert list(frames) == ["train", "val"]
    assert found(frames["train"], "VOC2007/JPEGImages/") | found(frames["val"], "VOC2007/JPEGImages/") == FOUND
    assert list(frames["val"]["file"]) == ["VOC2007/JPEGImages/none.png"]
    with pytest.warns(UserWarning, match=r"not read: 3 \(Seg"):
        frames = data.read(write(tmp_path / "3", {**files, **masks}))
    assert found(frames["all"], "JPEGImages/") == FOUND


def test_splits_by_folders(tmp_path):
    files = {**PICTURES, **XML}
    frames = data.read(write(tmp_path, {**below("train", files), **below("test", files)}))
    assert list(frames) == ["train", "test"] and found(frames["test"], "test/") == FOUND
    deep = {**below("JPEGImages", PICTURES), **below("Annotations", XML)}
    frames = data.read(write(tmp_path / "deep", {**below("train", deep), **below("valid", deep)}))
    assert found(frames["valid"], "valid/JPEGImages/") == FOUND


def test_an_archive(tmp_path):
    path = tarred(tmp_path / "a.tar.gz", below("pets", {**PICTURES, **XML}))
    assert found(data.read(path)["all"], "pets/") == FOUND and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("filename", ["C:\\photos\\a.png", "/home/me/a.png", "IMG_0001.JPG", "a", ""])
def test_annotations_of_another_machine(tmp_path, filename):
    files = {"JPEGImages/a.png": PICTURES["a.png"], "Annotations/a.xml": voc(filename, ("cat", 1, 1, 4, 4))}
    assert found(data.read(write(tmp_path, files))["all"]) == {"JPEGImages/a.png": ([[0, 0, 4, 4]], ["cat"])}


def test_xml_in_utf_16(tmp_path):
    xml = ('<?xml version="1.0" encoding="utf-16"?>' + voc("a.png", ("hérisson", 1, 1, 4, 4)).decode()).encode("utf-16")
    write(tmp_path, {"a.png": PICTURES["a.png"], "a.xml": xml})
    assert found(data.read(tmp_path)["all"]) == {"a.png": ([[0, 0, 4, 4]], ["hérisson"])}


def test_boxes_that_count_from_0(tmp_path):
    xml = {"a.xml": voc("a.png", ("cat", 0, 3, 40, 30)), "b.xml": voc("b.png", ("dog", 11, 12, 20, 22))}
    write(tmp_path, {**PICTURES, **xml, "none.xml": voc("none.png")})
    with pytest.warns(UserWarning, match="start at pixel 0, not at 1 as in Pascal VOC; all are read so"):
        frames = data.read(tmp_path)
    assert found(frames["all"]) == {
        "a.png": ([[0, 3, 40, 27]], ["cat"]),
        "b.png": ([[11, 12, 9, 10]], ["dog"]),
        "none.png": ([], []),
    }


def test_files_without_annotation_are_told(tmp_path):
    write(tmp_path, {**PICTURES, "a.xml": XML["a.xml"], "classes.txt": b"cat"})
    with pytest.warns(UserWarning, match=r"not read: 3 \(b.png, classes.txt, none.png\)"):
        assert list(data.read(tmp_path)["all"]["file"]) == ["a.png"]


def test_other_xml_is_a_stray_file(tmp_path):
    write(tmp_path, {"cats/1.png": png(), "dogs/1.png": png(1), "cats/a.xml": b"<html></html>"})
    frames = data.read(tmp_path)
    assert "Pillow reads (cats/a.xml)" in error_of(DataError, lambda: data.pictured(frames))


# Faults


BOMB = b'<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;">]><annotation><filename>&c;</filename></annotation>'
BROKEN = {
    "breaks off": (b"<annotation><object><na", "whose annotation is no XML that can be read (c.xml: "),
    "nothing": (b" \n", "whose annotation is no XML that can be read (c.xml: "),
    "entities": (BOMB, "(c.xml: it defines entities"),
    "entities in UTF-16": (BOMB.decode().encode("utf-16"), "(c.xml: it defines entities"),
    "an unknown encoding": (b'<?xml version="1.0" encoding="klingon"?><annotation/>', "(c.xml: "),
    "no image": (voc("c.png", ("cat", 1, 1, 2, 2)), "1 whose image is not there (c.png)"),
    "no name of an image": (voc(""), "1 whose image is not there (c.xml)"),
    "no number": (voc("a.png", ("cat", "x", 1, 2, 2)), "1 with a box that is not four finite numbers (a.png: None)"),
    "not a number": (voc("a.png", ("cat", "nan", 1, 2, 2)), "1 with a box that is not four finite numbers"),
    "no class": (voc("a.png", (" ", 1, 1, 2, 2)), "1 with a box with no label (a.png)"),
    "corners": (voc("a.png", ("cat", 9, 9, 5, 12)), "1 with a box of swapped corners, that is of negative width"),
}


@pytest.mark.parametrize(("xml", "words"), BROKEN.values(), ids=BROKEN.keys())
def test_an_annotation_that_cannot_be_used_is_named(tmp_path, xml, words):
    frames = data.read(write(tmp_path, {**PICTURES, **XML, "c.xml": xml}))
    message = error_of(DataError, lambda: data.boxed(frames))
    assert "1 of 4 files cannot be used: 1 " in message and words in message
    with pytest.warns(UserWarning, match="1 of 4 files are left out"):
        assert data.boxed(frames, drop_bad_rows=True)["all"]["file"][:] == list(FOUND)


def test_an_image_in_no_list(tmp_path):
    files = {**below("JPEGImages", PICTURES), **below("Annotations", XML), "ImageSets/Main/train.txt": b"a\nnone\n"}
    frames = data.read(write(tmp_path, files))
    message = error_of(DataError, lambda: data.boxed(frames))
    assert "1 in none of the lists in ImageSets/Main (JPEGImages/b.png)" in message
