"""Augmentation: pictures altered at random as training sees them; what is in them, and where, stays known.

Shorten and Khoshgoftaar 2019, "A survey on Image Data Augmentation for Deep Learning".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch

from .errors import ConfigError, unknown_name

Boxes = np.ndarray  # (n, 4) float: x, y, width and height in pixels
SMALLEST = 0.6  # the share of a picture's area that a crop keeps at least
TILT = 12.0  # degrees to either side
SHIFT = 0.3  # by which brightness, contrast and saturation change at most, up or down
HOLE = 0.35  # of a side that a cut-out covers at most
KEPT = 0.3  # the share of a box that must still be in the picture for its object to count


def _draw(low: float, high: float) -> float:
    """A number from `low` to `high` from torch's generator, which the Trainer seeds for each batch."""
    return low + (high - low) * float(torch.rand(()))


def flip(image: Any, boxes: Boxes) -> tuple[Any, Boxes]:
    """The mirror image, every other time."""
    from PIL import ImageOps

    if _draw(0, 1) < 0.5:
        return image, boxes
    mirrored = boxes.copy()
    mirrored[:, 0] = image.width - boxes[:, 0] - boxes[:, 2]
    return ImageOps.mirror(image), mirrored


def crop(image: Any, boxes: Boxes) -> tuple[Any, Boxes]:
    """A part of the picture, from three fifths of its area to all of it, at its own size."""
    share, stretch = math.sqrt(_draw(SMALLEST, 1)), _draw(0.9, 1.1)
    width, height = (
        max(1, min(n, round(n * s))) for n, s in zip(image.size, (share * stretch, share / stretch), strict=True)
    )
    left, top = (round(_draw(0, whole - part)) for whole, part in zip(image.size, (width, height), strict=True))
    moved = boxes - np.array([left, top, 0, 0])
    return image.crop((left, top, left + width, top + height)), moved


def colour(image: Any, boxes: Boxes) -> tuple[Any, Boxes]:
    """Another brightness, contrast and saturation."""
    from PIL import ImageEnhance

    for change in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        image = change(image).enhance(_draw(1 - SHIFT, 1 + SHIFT))
    return image, boxes


def rotate(image: Any, boxes: Boxes) -> tuple[Any, Boxes]:
    """Tilted by a few degrees about the middle; the corners that open are filled with the picture's mean colour.

    A box becomes the upright one around the four tilted corners.
    """
    from PIL import Image, ImageStat

    angle = _draw(-TILT, TILT)
    fill = tuple(round(value) for value in ImageStat.Stat(image).mean)
    tilted = image.rotate(angle, Image.Resampling.BILINEAR, fillcolor=fill)
    middle = np.array(image.size) / 2
    x, y, width, height = boxes.T[:, :, None]
    corners = np.stack([x + width * [0, 1, 0, 1], y + height * [0, 0, 1, 1]], axis=-1) - middle  # (n, 4, 2)
    # Pillow turns counter-clockwise, and its y points down.
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    turned = corners @ np.array([[cosine, -sine], [sine, cosine]]) + middle
    low, high = turned.min(axis=1), turned.max(axis=1)
    return tilted, np.concatenate([low, high - low], axis=1)


def cutout(image: Any, boxes: Boxes) -> tuple[Any, Boxes]:
    """A rectangle of the mean colour over a part of the picture, every other time (DeVries and Taylor 2017)."""
    from PIL import ImageStat

    if _draw(0, 1) < 0.5:
        return image, boxes
    width, height = (max(1, round(side * _draw(0.1, HOLE))) for side in image.size)
    left, top = round(_draw(0, image.width - width)), round(_draw(0, image.height - height))
    covered = image.copy()
    covered.paste(tuple(round(v) for v in ImageStat.Stat(image).mean), (left, top, left + width, top + height))
    return covered, boxes


# In the order in which they are carried out.
WAYS: dict[str, Callable[[Any, Boxes], tuple[Any, Boxes]]] = {
    "flip": flip, "rotate": rotate, "crop": crop, "colour": colour, "cutout": cutout,
}  # fmt: skip


class Augmentation:
    """Some of WAYS one after the other, each drawn anew for each picture from torch's generator.

    ways: names of WAYS, in any order; none leaves pictures as they are. Raises UnknownNameError for another name and
    ConfigError for what is no list of names.
    """

    def __init__(self, ways: Iterable[str] = ()):
        if isinstance(ways, str) or not all(isinstance(way, str) for way in ways):
            raise ConfigError(f"augment={ways!r}: expected a list of {', '.join(WAYS)}, or an empty one.")
        for way in ways:
            if way not in WAYS:
                raise unknown_name("way of augmenting", way, WAYS)
        self.ways = [way for way in WAYS if way in ways]

    def __call__(self, image: Any, boxes: Boxes | None = None) -> tuple[Any, Boxes, np.ndarray]:
        """An altered picture, its boxes, and which of the boxes given these are.

        image: a PIL image of the mode RGB. boxes: (n, 4) float, x, y, width and height in pixels.
        Boxes follow what happens to the picture, are cut at its edges, and are left out where
        less than three tenths of one is still in the picture.
        """
        boxes = np.zeros((0, 4)) if boxes is None else np.asarray(boxes, float).reshape(-1, 4)
        for way in self.ways:
            image, boxes = WAYS[way](image, boxes)
        inside, kept = _inside(boxes, image.size)
        return image, inside[kept], np.flatnonzero(kept)


def _inside(boxes: Boxes, size: tuple[int, int]) -> tuple[Boxes, np.ndarray]:
    """The parts of boxes that lie in a picture of (width, height), and of which boxes enough does."""
    low, high = np.clip(boxes[:, :2], 0, size), np.clip(boxes[:, :2] + boxes[:, 2:], 0, size)
    area = boxes[:, 2:].prod(axis=1)
    return np.concatenate([low, high - low], axis=1), (high - low).prod(axis=1) >= KEPT * np.maximum(area, 1e-9)
