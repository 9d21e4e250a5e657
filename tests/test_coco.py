"""COCO's annotations, in the layouts in which they are published."""

import json

import pytest
from image_files import error_of, png, write
from test_archives import zipped

from finetune_kit import data
from finetune_kit.errors import DataError

CATEGORIES = [{"id": 1, "name": "cat"}, {"id": 7, "name": "dog", "supercategory": "pet"}]
IMAGES = [{"id": 3, "file_name": "a.png"}, {"id": 4, "file_name": "b.png"}, {"id": 5, "file_name": "none.png"}]
PICTURES = {image["file_name"]: png(image["id"], 40, 30) for image in IMAGES}


def annotation(image, category, box, **more):
    return {"id": 0, "image_id": image, "category_id": category, "bbox": box, **more}


OBJECTS = [
    annotation(3, 7, [20, 10, 15.5, 15]),
    annotation(4, 7, [0, 0, 40, 30]),
    annotation(3, 1, [1, 2, 10, 12], iscrowd=0),
]
# What OBJECTS say, by hand.
FOUND = {
    "a.png": ([[20, 10, 15.5, 15], [1, 2, 10, 12]], ["dog", "cat"]),
    "b.png": ([[0, 0, 40, 30]], ["dog"]),
    "none.png": ([], []),
}


def coco(images=IMAGES, objects=OBJECTS, categories=CATEGORIES):
    return json.dumps({"info": {}, "images": images, "annotations": objects, "categories": categories}).encode()


def found(frame, prefix=""):
    rows = zip(frame["file"], frame["boxes"], frame["labels"], strict=True)
    return {name.removeprefix(prefix): (boxes, labels) for name, boxes, labels in rows}


def below(folder, files):
    return {f"{folder}/{name}": raw for name, raw in files.items()}


# Layouts


def test_images_beside_one_file(tmp_path, recwarn):
    frames = data.read(write(tmp_path, {**PICTURES, "labels.json": coco()}))
    assert list(frames) == ["all"] and found(frames["all"]) == FOUND
    made = data.boxed(frames)["all"]
    assert made["boxes"][:] == [boxes for boxes, _ in FOUND.values()] and made["file"][:] == list(FOUND)
    assert made["labels"][:] == [[1, 0], [1], []] and made.features["labels"].feature.names == ["cat", "dog"]
    assert [image.size for image in made["image"]] == [(40, 30)] * 3 and not recwarn.list


def test_images_in_a_folder_beside_it(tmp_path):
    frames = data.read(write(tmp_path, {**below("images", PICTURES), "labels.json": coco()}))
    assert found(frames["all"], "images/") == FOUND


def test_the_layout_of_roboflow(tmp_path):
    files = {**PICTURES, "_annotations.coco.json": coco()}
    write(tmp_path, {**below("train", files), **below("valid", files), **below("test", files), "README.txt": b"x"})
    with pytest.warns(UserWarning, match=r"that no annotation names, and that are not read: 1 \(README.txt\)"):
        frames = data.read(tmp_path)
    assert list(frames) == ["train", "valid", "test"]
    assert all(found(frame, f"{split}/") == FOUND for split, frame in frames.items())


def test_the_layout_of_coco_itself(tmp_path):
    files = {**below("train2017", PICTURES), **below("val2017", PICTURES)}
    files |= {"annotations/instances_train2017.json": coco(), "annotations/instances_val2017.json": coco(objects=[])}
    frames = data.read(write(tmp_path, files))
    assert list(frames) == ["train", "val"] and found(frames["train"], "train2017/") == FOUND
    assert found(frames["val"], "val2017/") == dict.fromkeys(FOUND, ([], []))


@pytest.mark.parametrize(
    ("name", "folder"),
    [("labels.json", ""), ("labels.json", "images/"), ("annotations/instances_val2017.json", "val2017/")],
)
def test_the_path_of_one_file(tmp_path, name, folder):
    write(tmp_path, {**{folder + file: raw for file, raw in PICTURES.items()}, name: coco(), "other.txt": b"x"})
    frames = data.read(str(tmp_path / name))
    assert list(frames) == ["all"] and found(frames["all"], folder) == FOUND
    assert len(data.boxed(frames)["all"]) == 3


def test_a_file_in_the_folder_where_python_runs(tmp_path, monkeypatch):
    write(tmp_path, {**below("val2017", PICTURES), "annotations/labels.json": coco()})
    monkeypatch.chdir(tmp_path / "annotations")
    assert found(data.read("labels.json")["all"], "val2017/") == FOUND


def test_an_archive(tmp_path):
    path = zipped(tmp_path / "a.zip", below("data", {**below("images", PICTURES), "labels.json": coco()}))
    frames = data.read(path)
    assert found(frames["all"], "data/images/") == FOUND and list(tmp_path.iterdir()) == [path]
    assert [cell["bytes"] for cell in frames["all"]["image"]] == list(PICTURES.values())


def test_paths_of_another_machine(tmp_path):
    images = [
        {"id": 3, "file_name": "C:\\photos\\a.png"},
        {"id": 4, "file_name": "/home/me/images/b.png"},
        {"id": 5, "file_name": "../none.png"},
    ]
    frames = data.read(write(tmp_path, {**below("images", PICTURES), "x/labels.json": coco(images)}))
    assert found(frames["all"], "images/") == FOUND


def test_nothing_outside_of_the_folder_is_read(tmp_path):
    write(tmp_path, {"secret.png": png(), "in/labels.json": coco([{"id": 3, "file_name": "../secret.png"}])})
    frames = data.read(tmp_path / "in")
    assert "1 whose image is not there (../secret.png)" in error_of(DataError, lambda: data.boxed(frames))


def test_other_json_is_read_as_before(tmp_path):
    rows = [{"text": '"images", "annotations", "categories"', "label": "x"}, {"text": "b", "label": "y"}]
    (tmp_path / "a.json").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert data.read(tmp_path / "a.json")["all"].to_dict("records") == rows


# Faults


def fault(folder, *parts, **options):
    frames = data.read(write(folder, {**PICTURES, "labels.json": coco(*parts)}))
    return error_of(DataError, lambda: data.boxed(frames, **options))


def test_an_unknown_class_id(tmp_path):
    message = fault(tmp_path, IMAGES, [*OBJECTS, annotation(4, 66, [1, 1, 2, 2])])
    assert "1 of 3 files cannot be used: 1 with an object of a class id that the categories do not have" in message
    assert "(b.png: 66)" in message
    with pytest.warns(UserWarning, match="1 of 3 files are left out"):
        kept = data.boxed(data.read(tmp_path), drop_bad_rows=True)["all"]
    assert kept["file"][:] == ["a.png", "none.png"]


def test_an_image_that_is_not_there(tmp_path):
    message = fault(tmp_path, [*IMAGES, {"id": 9, "file_name": "x/lost.png"}])
    assert "1 of 4 files cannot be used: 1 whose image is not there (x/lost.png)" in message


def test_an_image_that_may_be_one_of_two(tmp_path):
    write(tmp_path, {**below("one", {"a.png": png()}), **below("two", {"a.png": png(1)})})
    frames = data.read(write(tmp_path, {"labels.json": coco(IMAGES[:1], OBJECTS[:1])}))
    message = error_of(DataError, lambda: data.boxed(frames))
    assert "1 whose image may be one of several (a.png: one/a.png, two/a.png)" in message


def test_annotations_of_no_image(tmp_path):
    message = fault(tmp_path, IMAGES, [*OBJECTS, annotation(99, 1, [1, 1, 2, 2]), annotation(99, 1, [1, 1, 2, 2])])
    assert "1 of 4 files cannot be used: 1 with annotations of an id that no image has (image id 99)" in message


def test_an_annotation_without_a_box(tmp_path):
    message = fault(tmp_path, IMAGES, [*OBJECTS, {"image_id": 4, "category_id": 1}])
    assert "1 with a box that is not four finite numbers (b.png: None)" in message


def test_crowds_are_left_out_which_is_told(tmp_path):
    objects = [*OBJECTS, annotation(5, 1, [0, 0, 9, 9], iscrowd=1), annotation(3, 1, [0, 0, 9, 9], iscrowd=1)]
    write(tmp_path, {**PICTURES, "labels.json": coco(objects=objects)})
    with pytest.warns(UserWarning, match=r"^2 of 5 boxes of .*: labels.json are left out: they hold crowds"):
        assert found(data.read(tmp_path)["all"]) == FOUND


BROKEN = {
    "an image without a name": (([{"id": 1}],), "images[0] has no 'file_name'; expected an object"),
    "an image without an id": (([{"file_name": "a.png"}],), "images[0] has no 'id'"),
    "an id that is a list": ((IMAGES, [annotation([3], 1, [])]), "annotations[0] has 'image_id' of type list"),
    "an annotation without a class": ((IMAGES, [{"image_id": 3}]), "annotations[0] has no 'category_id'"),
    "a class without a name": ((IMAGES, [], [{"id": 1}]), "categories[0] has no 'name'"),
    "an image that is a string": ((["a.png"],), "images[0] is of type str"),
    "one id twice": (([*IMAGES, *IMAGES[:1]],), "gives 2 images the id 3; expected ids that differ"),
    "no images": (([], []), "labels.json lists no images"),
}


@pytest.mark.parametrize(("parts", "words"), BROKEN.values(), ids=BROKEN.keys())
def test_a_file_that_is_not_as_coco_has_it(tmp_path, parts, words):
    write(tmp_path, {**PICTURES, "labels.json": coco(*parts)})
    message = error_of(DataError, lambda: data.read(tmp_path))
    assert "labels.json" in message and words in message


def test_a_file_that_breaks_off(tmp_path):
    write(tmp_path, {**PICTURES, "labels.json": coco()[:-5]})
    message = error_of(DataError, lambda: data.read(tmp_path))
    assert "labels.json looks like COCO's annotations and is not JSON: " in message


def test_two_files_for_one_split(tmp_path):
    write(tmp_path, {**PICTURES, "a.json": coco(), "b.json": coco()})
    message = error_of(DataError, lambda: data.read(tmp_path))
    assert "holds 2 files of COCO annotations (a.json, b.json), whose names do not tell their splits apart" in message
