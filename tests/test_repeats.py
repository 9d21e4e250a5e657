"""Repeats among pictures: copies that were planted are found, and nothing else is."""

import numpy as np
import pandas as pd
import PIL.Image
import PIL.ImageOps
import pytest
from image_files import encoded

from finetune_kit import data
from finetune_kit.data import checking
from finetune_kit.data.repeats import Repeat, repeats
from finetune_kit.tasks.image_classification import ImageClassification
from finetune_kit.tasks.object_detection import ObjectDetection


def scene(seed, side=64):
    """A soft picture of random colours, like no other of another seed."""
    dots = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return PIL.Image.fromarray(dots).resize((side, side), PIL.Image.Resampling.BICUBIC)


def pictured(**splits):
    """Splits of (image, label) pairs."""
    frames = {name: pd.DataFrame(rows, columns=["image", "label"]) for name, rows in splits.items()}
    return data.pictured(frames)


def plain(seeds):
    return [(scene(seed), "ab"[seed % 2]) for seed in seeds]


def boxed(*rows):
    """A split of rows of an image, boxes (x, y, width, height) and labels, behind one of both classes."""
    first = (scene(99), [[0, 0, 9, 9], [20, 20, 9, 9]], ["a", "b"])
    return data.boxed({"train": pd.DataFrame([first, *rows], columns=["image", "boxes", "labels"])})


def variants(image):
    """The same picture, saved, scaled or lightened anew."""
    return {
        "a JPEG": encoded(image, "JPEG", quality=50),
        "half as large": image.resize((32, 32), PIL.Image.Resampling.LANCZOS),
        "of another shape": image.resize((90, 70)),
        "lighter": image.point(lambda shade: min(255, shade + 12)),
    }


def test_pictures_that_are_no_copies_are_none():
    assert repeats(pictured(train=plain(range(60)), test=plain(range(60, 90)))) == []


@pytest.mark.parametrize("kind", variants(scene(0)))
def test_a_copy_made_anew_is_nearly_the_same(kind):
    copy = variants(scene(3))[kind]
    made = pictured(train=plain(range(10)), test=[*plain(range(10, 15)), (copy, "b")])
    assert repeats(made) == [Repeat(("train", 3), ("test", 5), exact=False, contradicts=False)]


def test_the_same_pixels_in_another_file_are_the_same():
    copy = encoded(scene(4), "BMP")
    (found,) = repeats(pictured(train=plain(range(10)), validation=[(copy, "a")]))
    assert found == Repeat(("train", 4), ("validation", 0), exact=True, contradicts=False)
    assert found.kind == "the same" and found.leaks and found.pair == ("train", 4, "validation", 0)


def test_other_pictures_are_no_copies():
    image = scene(1)
    blanks = [PIL.Image.new("RGB", (30, 20), shade) for shade in ("black", "white", "red")]
    others = [PIL.ImageOps.mirror(image), image.rotate(90), PIL.ImageOps.invert(image), *blanks]
    assert repeats(pictured(train=[(one, "a") for one in [image, *others]] + [(scene(2), "b")])) == []


def test_each_copy_stands_behind_the_first_and_the_worst_come_first():
    jpeg = encoded(scene(2), "JPEG", quality=60)
    made = pictured(
        train=[*plain(range(6)), (scene(0), "a"), (scene(1), "a")],
        validation=[(scene(0), "a"), (jpeg, "b")],
        test=[(jpeg, "b"), (scene(5), "b"), (scene(60), "a")],
    )
    assert [(one.kind, *one.pair) for one in repeats(made)] == [
        ("the same, other label", "train", 1, "train", 7),
        ("the same", "train", 0, "validation", 0),
        ("the same", "validation", 1, "test", 0),
        ("the same", "train", 5, "test", 1),
        ("the same", "train", 0, "train", 6),
        ("nearly the same, other label", "train", 2, "validation", 1),
    ]


@pytest.mark.parametrize(
    ("boxes", "labels", "contradicts"),
    [
        ([[10, 10, 20, 20], [40, 40, 10, 10]], ["a", "b"], False),
        ([[40, 40, 10, 10], [10, 10, 20, 20]], ["b", "a"], False),  # in another order
        ([[11, 9, 20, 21], [40, 40, 10, 10]], ["a", "b"], False),  # drawn anew by another hand
        ([[30, 10, 20, 20], [40, 40, 10, 10]], ["a", "b"], True),
        ([[10, 10, 20, 20], [40, 40, 10, 10]], ["a", "a"], True),
        ([[10, 10, 20, 20]], ["a"], True),
        ([], [], True),
    ],
)
def test_other_objects_are_another_label(boxes, labels, contradicts):
    first = (scene(0), [[10, 10, 20, 20], [40, 40, 10, 10]], ["a", "b"])
    made = boxed(first, (scene(0), boxes, labels))
    assert repeats(made) == [Repeat(("train", 1), ("train", 2), exact=True, contradicts=contradicts)]


def test_boxes_of_a_picture_of_another_size_are_compared_in_shares():
    half = scene(0).resize((32, 32), PIL.Image.Resampling.LANCZOS)
    first = (scene(0), [[10, 10, 20, 20]], ["a"])
    for boxes, contradicts in (([[5, 5, 10, 10]], False), ([[10, 10, 20, 20]], True)):
        (found,) = repeats(boxed(first, (half, boxes, ["a"])))
        assert not found.exact and found.contradicts is contradicts


@pytest.mark.parametrize(("make", "name"), [(ImageClassification, "faces"), (ObjectDetection, "harbour")])
def test_embedded_pictures_repeat_nothing(make, name):
    assert repeats(make(name).splits) == []


# --- the report


def test_the_report_counts_by_kind():
    made = pictured(
        train=[*plain(range(6)), (scene(1), "a"), (scene(7, side=40), "b")],
        validation=[(encoded(scene(2), "JPEG", quality=60), "b")],
        test=[(scene(5), "b"), (scene(60), "b")],
    )
    report = data.report(made)
    assert report.rows == {"train": 8, "validation": 1, "test": 2}
    assert report.classes == {"train": {"a": 4, "b": 4}, "validation": {"a": 0, "b": 1}, "test": {"a": 0, "b": 2}}
    assert report.sizes == ((40, 40), (64, 64), (64, 64))
    assert report.duplicates == [("train", 1, "train", 6), ("train", 5, "test", 0)] and report.duplicate_count == 2
    assert report.near_duplicates == [("train", 2, "validation", 0)] and report.near_duplicate_count == 1
    assert report.leaks == [("train", 5, "test", 0), ("train", 2, "validation", 0)] and report.leak_count == 2
    assert report.contradictions == [("train", 1, "train", 6), ("train", 2, "validation", 0)]
    assert report.contradiction_count == 2


def test_the_report_lists_some_and_counts_all(monkeypatch):
    monkeypatch.setattr(checking, "SHOWN", 2)
    report = data.report(pictured(train=[(scene(0), "a")] * 5 + [(scene(1), "b")]))
    assert report.duplicates == [("train", 0, "train", 1), ("train", 0, "train", 2)] and report.duplicate_count == 4


def test_the_report_counts_objects():
    report = data.report(boxed((scene(0), [[1, 1, 5, 5]], ["a"]), (scene(1), [], [])))
    assert report.classes == {"train": {"a": 2, "b": 1}} and report.rows == {"train": 3}
