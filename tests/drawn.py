"""What the tests of the drawn data sets share: the stored splits, and the script that writes them."""

import importlib.util
import io
import re
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from finetune_kit import catalog

ROOT = Path(__file__).parent.parent
SPLITS = ("train", "validation", "test")


@cache
def script():
    """benchmarks/image_datasets.py as a module."""
    path = ROOT / "benchmarks" / "image_datasets.py"
    spec = importlib.util.spec_from_file_location("image_datasets", path)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def folder(name):
    return catalog.data_folder() / "datasets" / name


@cache
def frames(name):
    return {split: pd.read_parquet(folder(name) / f"{split}.parquet") for split in SPLITS}


@cache
def pictures(name, split):
    """Every picture of a split, uint8 (n, h, w, 3)."""
    return np.stack([decoded(cell) for cell in frames(name)[split]["image"]])


def decoded(cell):
    return np.asarray(Image.open(io.BytesIO(cell["bytes"])).convert("RGB"))


def card_rows(name):
    """The rows of the card's tables as lists of cells, thousands without their comma."""
    lines = (folder(name) / "README.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines if line.startswith("|")]
    return [[re.sub(r"(?<=\d),(?=\d{3})", "", cell) for cell in row] for row in rows]


def assert_first_pictures_are_those_of_the_script(name, split, count=3):
    """The drawings agree but for what JPEG and another version of Pillow change."""
    made, stored = script().rows(name, split, count), frames(name)[split]
    for row, (_, other) in zip(made, stored.iloc[:count].iterrows(), strict=True):
        difference = np.abs(decoded(row["image"]).astype(int) - decoded(other["image"]))
        assert difference.mean() < 2
        if "label" in row:
            assert row["label"] == other["label"]
        else:
            assert row["labels"] == list(other["labels"])
            assert np.allclose(np.array(row["boxes"]), np.stack(other["boxes"]), atol=1)


def assert_no_picture_twice(name):
    seen = [picture.tobytes() for split in SPLITS for picture in pictures(name, split)]
    assert len(set(seen)) == len(seen)


def assert_boxes_lie_in_the_pictures(name, names):
    for frame in frames(name).values():
        for boxes, labels in zip(frame["boxes"], frame["labels"], strict=True):
            x, y, width, height = np.stack(boxes).T
            assert 1 <= len(labels) == len(boxes) <= 8 and set(labels) <= set(names)
            assert min(x.min(), y.min()) >= 0 and max((x + width).max(), (y + height).max()) <= 128
            assert min(width.min(), height.min()) >= 3


def assert_card_counts(name, names):
    """The card's row of each split: its scenes, its objects, and those of each class in the order of `names`."""
    rows = {
        row[0].strip("`"): [int(cell) for cell in row[1:]] for row in card_rows(name) if row[0].strip("`") in SPLITS
    }
    for split, frame in frames(name).items():
        found = [label for labels in frame["labels"] for label in labels]
        assert rows[split] == [len(frame), len(found), *(found.count(n) for n in names)], split


def assert_tight(box, before, after):
    """What changed strongly lies in the box, and something changed in its outermost rows and columns."""
    change = np.abs(after - before).max(axis=2)
    x, y, width, height = (int(v) for v in box)
    inside = np.zeros(change.shape, dtype=bool)
    inside[y : y + height, x : x + width] = True
    assert change[~inside].max(initial=0) <= 80  # a pixel that is covered by less than 30 % changes by no more
    part = change[y : y + height, x : x + width]
    assert min(part[0].max(), part[-1].max(), part[:, 0].max(), part[:, -1].max()) > 20
