"""Images with boxes, from frames; test_coco and test_pascal_voc have the files."""

import datasets
import numpy as np
import pandas as pd
import pytest
from image_files import encoded, error_of, noise, png

from finetune_kit import data
from finetune_kit.data.images import ORIENTATION, stored_images
from finetune_kit.errors import DataError, UnknownNameError

WIDTH, HEIGHT = 40, 30


def frame(boxes, labels=None, images=None, **more):
    labels = [["cat"] * len(one) for one in boxes] if labels is None else labels
    images = images or [png(n, WIDTH, HEIGHT) for n in range(len(boxes))]
    cells = {"image": images, "boxes": boxes, "labels": labels, **more}
    return {"all": pd.DataFrame({name: pd.Series(column, dtype=object) for name, column in cells.items()})}


def boxed(*parts, **options):
    return data.boxed(frame(*parts), **options)["all"]


def fault(*parts, **options):
    return error_of(DataError, lambda: boxed(*parts, **options))


GOOD = [[1, 2, 10, 12]]


# What comes out


def test_boxes_and_labels():
    found = boxed([[[1, 2, 10, 12], [0, 0, 40, 30]], [], [[5.5, 6, 7.25, 8]]], [["dog", "cat"], [], [7]])
    assert found.column_names == ["image", "boxes", "labels"] and isinstance(found.features["image"], datasets.Image)
    assert found["boxes"][:] == [[[1, 2, 10, 12], [0, 0, 40, 30]], [], [[5.5, 6, 7.25, 8]]]
    assert found.features["labels"].feature.names == ["7", "cat", "dog"] and found["labels"][:] == [[2, 1], [], [0]]
    assert found.features["boxes"].feature.feature == datasets.Value("float32")
    assert found[1]["image"].size == (WIDTH, HEIGHT)


def nested(boxes):
    """As pandas reads a column of lists of lists from parquet."""
    return pd.Series([np.array(box) for box in boxes]).to_numpy()


@pytest.mark.parametrize("as_cell", [list, tuple, np.array, nested])
def test_lists_and_arrays(as_cell):
    cells = [as_cell([[1, 2, 10, 12], [3, 4, 5, 6]]), as_cell([[1, 1, 2, 2]])]
    found = boxed(cells, [np.array(["a", "b"]), ("a",)])
    assert found["boxes"][:] == [[[1, 2, 10, 12], [3, 4, 5, 6]], [[1, 1, 2, 2]]] and found["labels"][:] == [[0, 1], [0]]


@pytest.mark.parametrize(
    ("form", "box"), [("xywh", [10, 6, 20, 12]), ("xyxy", [10, 6, 30, 18]), ("cxcywh", [0.5, 0.4, 0.5, 0.4])]
)
def test_the_same_box_in_every_form(form, box):
    found = boxed([[box], []], form=form)
    assert found["boxes"][:] == [[pytest.approx([10, 6, 20, 12], abs=1e-5)], []]


def test_shares_are_those_of_each_image():
    images = [png(0, 100, 50), png(1, 10, 200)]
    found = data.boxed(frame([[[0.5, 0.5, 1, 1]], [[0.25, 0.25, 0.5, 0.5]]], images=images), form="cxcywh")["all"]
    assert found["boxes"][:] == [[[0, 0, 100, 50]], [[0, 0, 5, 100]]]


def test_one_class_is_enough_and_an_image_may_show_nothing():
    found = boxed([GOOD, [], None, float("nan")], [["cat"], [], None, []])
    assert found.features["labels"].feature.names == ["cat"] and found["boxes"][:] == [GOOD, [], [], []]


def test_boxes_refer_to_the_upright_image():
    turned = encoded(noise(WIDTH, HEIGHT), "PNG", exif=bytes(_exif(6)))
    found = data.boxed(frame([[[0, 0, 30, 40]], GOOD], images=[turned, png(0, WIDTH, HEIGHT)]))["all"]
    assert found["boxes"][0] == [[0, 0, 30, 40]] and found[0]["image"].size == (30, 40)
    message = error_of(
        DataError, lambda: data.boxed(frame([[[0, 0, 40, 30]], GOOD], images=[turned, png(0, WIDTH, HEIGHT)]))
    )
    assert "[0.0, 0.0, 40.0, 30.0], read as 'xywh', in an image of 30 x 40 pixels" in message


def _exif(orientation):
    import PIL.Image

    exif = PIL.Image.Exif()
    exif[ORIENTATION] = orientation
    return exif.tobytes()


def test_files_are_kept():
    assert data.boxed(frame([GOOD, []], file=["a/1.png", "2.png"]))["all"]["file"][:] == ["a/1.png", "2.png"]


def test_nested_columns_of_a_data_set():
    kinds = datasets.ClassLabel(names=["glove", "mask"])
    objects = {"bbox": datasets.List(datasets.List(datasets.Value("float32"))), "category": datasets.List(kinds)}
    features = datasets.Features({"image": datasets.Image(), "objects": objects})
    rows = [{"image": {"bytes": png(0, WIDTH, HEIGHT), "path": None}, "objects": {"bbox": GOOD, "category": [1]}}] * 2
    source = data.read(datasets.Dataset.from_list(rows, features=features))["all"]
    for name, key in (("boxes", "bbox"), ("labels", "category")):
        source[name] = source["objects"].map(lambda cell, k=key: cell[k])
    found = data.boxed({"all": source})["all"]
    assert found["boxes"][:] == [GOOD, GOOD] and found.features["labels"].feature.names == ["mask"]


# Faults


BAD = {
    "over the left edge": (
        [-1.5, 0, 9, 9],
        "1 with a box that reaches out of its image (row 2: [-1.5, 0.0, 9.0, 9.0], read as",
    ),
    "over the right edge": ([35, 0, 6.5, 9], "1 with a box that reaches out of its image"),
    "over the lower edge": ([0, 25, 9, 7], "in an image of 40 x 30 pixels"),
    "wholly outside": ([100, 100, 9, 9], "1 with a box that reaches out of its image"),
    "just outside": ([40, 5, 1, 9], "1 with a box that reaches out of its image"),
    "no width": ([5, 5, 0, 9], "1 with a box of no area (row 2: [5.0, 5.0, 0.0, 9.0]"),
    "no height": ([5, 5, 9, 0], "1 with a box of no area"),
    "negative": ([5, 5, -3, 9], "1 with a box of swapped corners, that is of negative width or height (row 2"),
    "three numbers": ([5, 5, 9], "1 with a box that is not four finite numbers (row 2: [5, 5, 9])"),
    "a string": ([5, 5, 9, "9"], "not four finite numbers (row 2: [5, 5, 9, '9'])"),
    "a truth": ([5, 5, 9, True], "not four finite numbers"),
    "nan": ([5, 5, 9, float("nan")], "not four finite numbers (row 2: [5, 5, 9, nan])"),
    "infinite": ([5, 5, 9, float("inf")], "not four finite numbers"),
    "none": (None, "not four finite numbers (row 2: None)"),
    "a number": (5, "not four finite numbers (row 2: 5)"),
}


@pytest.mark.parametrize(("box", "words"), BAD.values(), ids=BAD.keys())
def test_a_bad_box_is_counted_and_shown(box, words):
    parts = [GOOD, [*GOOD, box], []]
    message = fault(parts)
    assert "1 of 3 rows cannot be used: 1 with a box " in message and words in message
    with pytest.warns(UserWarning, match="^1 of 3 rows are left out: 1 with a box "):
        kept = boxed(parts, drop_bad_rows=True)
    assert stored_images(kept) == [png(0, WIDTH, HEIGHT), png(2, WIDTH, HEIGHT)]


@pytest.mark.parametrize(
    ("box", "words"),
    [
        ([30, 18, 10, 6], "swapped corners"),
        ([30, 6, 10, 18], "swapped corners"),
        ([10, 6, 10, 18], "of no area"),
        ([10, 6, 42, 18], "reaches out"),
    ],
)
def test_bad_corners(box, words):
    message = fault([[[10, 6, 30, 18]], [box]], form="xyxy")
    assert words in message and "read as 'xyxy'" in message


def test_every_kind_is_counted_and_a_row_once():
    parts = [GOOD, [[-9, 0, 9, 9], [1, 1, 0, 1]], [[1, 1, 1, 0]], [[-9, 0, 19, 9]], [[99, 0, 9, 9]]]
    message = fault(parts)
    assert "4 of 5 rows cannot be used: " in message
    assert "2 with a box of no area (rows 2, 3; in row 2: [1.0, 1.0, 0.0, 1.0]" in message
    assert "2 with a box that reaches out of its image (rows 4, 5; in row 4: [-9.0, 0.0, 19.0, 9.0]" in message


def test_files_are_named():
    frames = frame([GOOD, [[-9, 0, 9, 9]]], file=["a.png", "b.png"])
    assert "1 of 2 files cannot be used: 1 with a box that reaches out of its image (b.png: [-9" in error_of(
        DataError, lambda: data.boxed(frames)
    )


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (["cat", "dog"], "1 with other numbers of boxes than of labels (row 2: 1 and 2)"),
        ([], "1 with other numbers of boxes than of labels (row 2: 1 and 0)"),
        (None, "1 with other numbers of boxes than of labels (row 2: 1 and 0)"),
        ("cat", "1 whose boxes or labels are not a list (row 2: 'cat')"),
        ([None], "1 with a box with no label (row 2)"),
        ([" "], "1 with a box with no label (row 2)"),
        ([["cat"]], "1 with a box whose label is a list, a mapping or bytes (row 2)"),
    ],
)
def test_bad_labels(labels, words):
    assert words in fault([GOOD, GOOD], [["cat"], labels])


@pytest.mark.parametrize("boxes", ["[[1, 2, 10, 12]]", 5, {"bbox": GOOD}])
def test_boxes_that_are_no_list(boxes):
    assert "1 whose boxes or labels are not a list (row 2: " in fault([GOOD, boxes], [["cat"], ["cat"]])


def test_a_bad_image_is_counted_as_such():
    frames = frame([GOOD, [[-9, 0, 9, 9]], GOOD], images=[png(0, WIDTH, HEIGHT), b"", b"abc"])
    message = error_of(DataError, lambda: data.boxed(frames))
    assert "2 of 3 rows cannot be used: 1 whose image is empty" in message and "box" not in message


def test_boxes_over_the_edge_by_up_to_a_pixel_are_cut_which_is_told():
    parts = [[[-1, 0, 10, 10], [0, 0, 40.5, 31]], [[5, -0.5, 5, 31]], [[0, 0, 40.001, 30]]]
    told = r"Boxes that reach over the edge of their image by up to 1 pixel, and that are cut there: 3 \(rows 1, 2\)\.$"
    with pytest.warns(UserWarning, match=told):
        found = boxed(parts)
    assert found["boxes"][:] == [[[0, 0, 9, 10], [0, 0, 40, 30]], [[5, 0, 5, 30]], [[0, 0, 40, 30]]]


def test_rounding_is_not_talked_about(recwarn):
    third = [round(number, 6) for number in (1 / 6, 5 / 6, 1 / 3, 1 / 3)]
    box = boxed([[third]], form="cxcywh")["boxes"][0][0]
    assert box == pytest.approx([0, 20, 40 / 3, 10], abs=1e-4) and box[1] + box[3] <= 30 and not recwarn.list


# Units


@pytest.mark.parametrize("form", ["xywh", "xyxy"])
def test_shares_where_pixels_are_expected(form):
    message = fault([[[0.1, 0.2, 0.5, 0.6]], [[0, 0, 1, 1]], []], form=form)
    assert "All 2 boxes lie between 0 and 1, such as [0.1, 0.2, 0.5, 0.6]; expected pixels." in message
    assert "form='cxcywh'" in message and "multiply them" in message


def test_pixels_where_shares_are_expected():
    message = fault([[[20, 15, 5, 6]], GOOD], form="cxcywh")
    assert "All 2 boxes reach beyond 1, such as [20.0, 15.0, 5.0, 6.0]" in message and "'xyxy'" in message


def test_small_boxes_among_others_are_pixels():
    assert boxed([[[0, 0, 1, 1]], GOOD])["boxes"][:] == [[[0, 0, 1, 1]], GOOD]


def test_another_form():
    message = error_of(UnknownNameError, lambda: boxed([GOOD], form="xyhw"))
    assert "no form of boxes 'xyhw'. Did you mean 'xywh'?" in message and "cxcywh" in message


@pytest.mark.parametrize("boxes", [[[], []], [None, []]])
def test_no_boxes_at_all(boxes):
    assert "No image has a box" in fault(boxes, [[], []])


def test_no_boxes_left():
    frames = frame([[[-9, 0, 9, 9]], []])
    with pytest.warns(UserWarning, match="1 of 2 rows"):
        assert "No image has a box" in error_of(DataError, lambda: data.boxed(frames, drop_bad_rows=True))


# Splitting and sampling


def test_images_with_boxes_are_split_at_random_and_the_same_image_stays_in_one_split():
    images = [png(n % 30, WIDTH, HEIGHT) for n in range(40)]
    whole = data.boxed(frame([GOOD] * 40, images=images))
    parts = data.split(whole)
    held = [set(stored_images(part)) for part in parts.values()]
    assert list(parts) == ["train", "validation", "test"] and sum(map(len, held)) == len(set.union(*held)) == 30
    assert sum(map(len, parts.values())) == 40
    drawn = data.sample(parts["train"], 5)
    assert len(drawn) == 5 and drawn.column_names == ["image", "boxes", "labels"]
    assert stored_images(data.split(whole, seed=1)["test"]) != stored_images(parts["test"])
    assert "The data has 2 distinct images; at least 3 are needed" in error_of(
        DataError, lambda: data.split(data.boxed(frame([GOOD] * 2)))
    )
