"""What a picture looks like in numbers, against pictures whose numbers are known by hand."""

import numpy as np
import pandas as pd
import PIL.Image
import pytest
from image_files import encoded, noise
from tiny_vision import tiny_pictures, tiny_scenes

from finetune_kit import data
from finetune_kit.data import files
from finetune_kit.data.looks import class_counts, class_ids, difference_hash, looks, sizes


def part(images, labels=None):
    labels = labels or ["a", "b"] * (len(images) // 2) + ["a"] * (len(images) % 2)
    return data.pictured({"train": pd.DataFrame({"image": images, "label": labels})})["train"]


def stripes(shades, height=8, scale=1):
    """Columns of these shades of grey, each some pixels wide and all as high."""
    row = np.repeat(np.array(shades, np.uint8), scale)
    return PIL.Image.fromarray(np.tile(row, (height * scale, 1))).convert("RGB")


def test_sizes_shades_and_digests_are_those_of_the_pixels():
    images = [noise(20, 10), noise(7, 31, seed=1), PIL.Image.new("RGB", (5, 5), "white"), PIL.Image.new("RGB", (5, 5))]
    seen = looks(part(images))
    assert seen.sizes.tolist() == [[20, 10], [7, 31], [5, 5], [5, 5]]
    # ITU-R 601-2, the weights of grey that Pillow documents
    grey = [np.asarray(image, float) @ [0.299, 0.587, 0.114] / 255 for image in images]
    assert seen.brightness == pytest.approx([g.mean() for g in grey], abs=0.004)
    assert seen.contrast == pytest.approx([g.std() for g in grey], abs=0.004)
    assert len(set(seen.digests)) == 4 and seen.thumbnails.shape == (4, 16, 16, 3)


def test_the_digest_is_of_the_pixels_and_not_of_the_file():
    image = noise()
    files = [encoded(image, "PNG", compress_level=9), encoded(image, "BMP"), encoded(image, "PNG", compress_level=0)]
    assert len(set(looks(part(files)).digests)) == 1
    turned = PIL.Image.fromarray(np.asarray(image).reshape(20, 10, 3))  # the same bytes in another shape
    assert len(set(looks(part([image, turned])).digests)) == 2


def test_sizes_are_read_without_decoding(monkeypatch):
    pictures = part([noise(20, 10), noise(7, 31), noise(9, 9)])

    def never(*arguments):
        raise AssertionError("a picture was decoded")

    monkeypatch.setattr(PIL.Image.Image, "convert", never)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", never)
    monkeypatch.setattr(files, "BATCH", 2)
    assert sizes(pictures).tolist() == [[20, 10], [7, 31], [9, 9]]
    assert sizes(pictures.select([2, 0])).tolist() == [[9, 9], [20, 10]]
    assert sizes(pictures.select([])).shape == (0, 2)


def test_an_empty_split_has_empty_looks():
    seen = looks(part([noise(), noise()]).select([]))
    assert seen.sizes.shape == (0, 2) and seen.hashes.shape == (0,) and seen.thumbnails.shape == (0, 16, 16, 3)


def test_a_bit_of_the_hash_is_set_where_the_right_neighbour_is_lighter():
    rising = [10 * i for i in range(9)]
    assert difference_hash(stripes(rising)) == 2**64 - 1
    assert difference_hash(stripes(rising[::-1])) == 0
    assert difference_hash(stripes([100] * 9)) == 0
    peak = stripes([50, 50, 50, 90, 50, 50, 50, 50, 50])
    assert difference_hash(peak) == int("00100000" * 8, 2)
    half = np.asarray(peak).copy()
    half[4:] = 50
    assert difference_hash(PIL.Image.fromarray(half)) == int("00100000" * 4 + "0" * 32, 2)


def test_noise_of_two_shades_sets_no_bit():
    assert difference_hash(stripes([100, 102, 100, 101, 102, 100, 102, 101, 100])) == 0
    assert difference_hash(stripes([100, 103, 100, 100, 100, 100, 100, 100, 100])) == int("10000000" * 8, 2)


def test_the_hash_is_that_of_the_means_of_a_larger_picture():
    shades = np.random.default_rng(0).integers(0, 200, 9)
    assert difference_hash(stripes(shades, scale=7)) == difference_hash(stripes(shades))


def test_classes_are_counted_as_pandas_counts_them():
    frame = tiny_pictures(31)
    made = data.pictured({"train": frame})["train"]
    assert class_counts(made) == frame["label"].value_counts().to_dict()
    assert class_ids(made) == (["disc", "square"], [[int(label == "square")] for label in frame["label"]])
    assert class_counts(made.filter(lambda row: row["label"] == 0)) == {"disc": 16, "square": 0}
    scenes = tiny_scenes()
    boxed = data.boxed({"train": scenes})["train"]
    assert class_counts(boxed) == scenes["labels"].explode().value_counts().to_dict()
    assert [len(ids) for ids in class_ids(boxed)[1]] == scenes["labels"].map(len).tolist()
