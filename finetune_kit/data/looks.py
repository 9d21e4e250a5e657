"""Looks: each picture of a data set in a few numbers, which find the bad ones and the copies among them."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import Any

import datasets
import numpy as np
import PIL.Image

from .files import each_stored

HASHED = 8  # rows of a difference hash, and bits of each
MARGIN = 2  # shades of 255 by which a neighbour must be lighter: the noise of a plain ground is to set no bit
SIDE = 16  # pixels a side of the thumbnails that are compared


@dataclass(frozen=True, eq=False)
class Looks:
    """What n pictures look like, a row each.

    sizes: width and height in pixels, (n, 2) int64. brightness: the mean of the grey values, from
    0 for black to 1 for white, and contrast: their standard deviation, 0 for one shade all over;
    (n,) float64. digests: the same for pictures of the same pixels, whatever the file; n bytes
    objects. hashes: those of `difference_hash`, (n,) uint64. thumbnails: (n, 16, 16, 3) uint8.
    """

    sizes: np.ndarray
    brightness: np.ndarray
    contrast: np.ndarray
    digests: list[bytes]
    hashes: np.ndarray
    thumbnails: np.ndarray


def looks(part: datasets.Dataset) -> Looks:
    """Decode and measure the pictures of a split, one at a time."""
    rows = [_look(image) for image in part["image"]]
    sizes, brightness, contrast, digests, hashes, thumbnails = zip(*rows, strict=True) if rows else [()] * 6
    return Looks(
        np.array(sizes, np.int64).reshape(-1, 2),
        np.array(brightness, float),
        np.array(contrast, float),
        list(digests),
        np.array(hashes, np.uint64),
        np.array(thumbnails, np.uint8).reshape(-1, SIDE, SIDE, 3),
    )


def sizes(part: datasets.Dataset) -> np.ndarray:
    """Width and height of each picture of a split in pixels, (n, 2) int64, from the heads of the files alone."""
    found = [PIL.Image.open(io.BytesIO(raw)).size for raw in each_stored(part, "image")]
    return np.array(found, np.int64).reshape(-1, 2)


def difference_hash(image: PIL.Image.Image) -> int:
    """64 bits that stay nearly the same where a picture is saved, scaled or lightened anew.

    The picture becomes 9 x 8 grey dots; a bit says whether a dot's right neighbour is lighter.
    After Neal Krawetz, "Kind of Like That" (The Hacker Factor Blog, 21 January 2013); here
    lighter is by more than 2 of 255 shades.
    """
    grey = np.asarray(_shrunk(image.convert("L"), (HASHED + 1, HASHED)), int)  # (8, 9)
    return int.from_bytes(np.packbits(np.diff(grey) > MARGIN).tobytes(), "big")


def class_ids(part: datasets.Dataset) -> tuple[list[str], list[list[int]]]:
    """The names of the classes, and for each example its class or the classes of its objects, by their numbers."""
    if "labels" in part.column_names:
        return part.features["labels"].feature.names, part["labels"][:]
    return part.features["label"].names, [[number] for number in part["label"][:]]


def class_counts(part: datasets.Dataset) -> dict[str, int]:
    """How many pictures or sounds of each class a split has, or how many objects; 0 too."""
    names, ids = class_ids(part)
    every = np.array([number for row in ids for number in row], int)
    return dict(zip(names, np.bincount(every, minlength=len(names)).tolist(), strict=True))


def _look(image: PIL.Image.Image) -> tuple[Any, ...]:
    colours = image.convert("RGB")
    grey = np.asarray(colours.convert("L"), np.float32) / 255
    digest = hashlib.blake2b(repr(colours.size).encode() + colours.tobytes(), digest_size=16).digest()
    thumbnail = np.asarray(_shrunk(colours, (SIDE, SIDE)))
    return colours.size, grey.mean(), grey.std(), digest, difference_hash(colours), thumbnail


def _shrunk(image: PIL.Image.Image, size: tuple[int, int]) -> PIL.Image.Image:
    return image.resize(size, PIL.Image.Resampling.BOX)  # each dot the mean of what lies below it
