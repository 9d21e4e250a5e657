"""Flat drawings laid one over the other, and the boxes of what stays visible of each.

A thing is drawn on a sheet of its own, finer than the picture and in its own units, then reduced to a cutout: colours
and how much of each pixel they cover. Laid from back to front, cutouts hide one another, and the covers say how much.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from PIL import Image, ImageDraw

from ..errors import ConfigError

SIZE = 128  # pixels a side of a scene
FINE = 4  # how much finer a sheet is than the picture
EDGE = 0.3  # the visible cover from which on a pixel counts into a thing's box
HIDDEN = 0.7  # a thing of which more than this share is hidden, or outside the picture, has no box
SMALLEST = 3  # pixels: what shows less of itself in width or height has no box either
CLUTTER = ""  # the name of a thing that is of no class

Point = tuple[float, float]
Colour = tuple[float, float, float]  # red, green, blue, 0 to 255
T = TypeVar("T")


@dataclass(frozen=True)
class Cutout:
    """A drawn thing: paint, float32 (h, w, 3); cover, float32 (h, w), 0 to 1; left and top in pixels of the picture."""

    name: str
    paint: np.ndarray
    cover: np.ndarray
    left: int
    top: int


class Sheet:
    """A transparent sheet for one thing, drawn in the thing's own units, x to the right and y upwards.

    x, y: where the thing's origin stands in the picture, in pixels. scale: pixels a unit. reach: the least and the
    greatest x and the least and the greatest y that are drawn at, in units. tint: what each colour is multiplied by.
    """

    def __init__(self, x: float, y: float, scale: float, reach: tuple[float, float, float, float], tint: Colour):
        self.scale, self.tint = scale, tint
        self.left, self.top = int(np.floor(x + reach[0] * scale)) - 1, int(np.floor(y - reach[3] * scale)) - 1
        right, bottom = int(np.ceil(x + reach[1] * scale)) + 1, int(np.ceil(y - reach[2] * scale)) + 1
        self.origin = ((x - self.left) * FINE, (y - self.top) * FINE)
        self.image = Image.new("RGBA", ((right - self.left) * FINE, (bottom - self.top) * FINE))
        self.pen = ImageDraw.Draw(self.image)

    def at(self, x: float, y: float) -> Point:
        """A place of the thing, in pixels of the sheet."""
        return self.origin[0] + x * self.scale * FINE, self.origin[1] - y * self.scale * FINE

    def _ink(self, colour: Colour, glow: bool = False) -> tuple[int, int, int, int]:
        lit = colour if glow else tuple(c * t for c, t in zip(colour, self.tint, strict=True))
        red, green, blue = (round(min(max(c, 0), 255)) for c in lit)
        return red, green, blue, 255

    def area(self, points: Sequence[Point], colour: Colour, glow: bool = False) -> None:
        """Fill the polygon through the points; one that glows keeps its colour in the dark."""
        self.pen.polygon([self.at(*point) for point in points], fill=self._ink(colour, glow))

    def block(self, left: float, low: float, right: float, high: float, colour: Colour, glow: bool = False) -> None:
        """Fill an upright rectangle."""
        self.area([(left, low), (right, low), (right, high), (left, high)], colour, glow)

    def disc(
        self, x: float, y: float, wide: float, colour: Colour, high: float | None = None, glow: bool = False
    ) -> None:
        """Fill a circle of radius `wide`, or an ellipse `wide` and `high`."""
        tall = wide if high is None else high
        corners = [self.at(x - wide, y + tall), self.at(x + wide, y - tall)]
        self.pen.ellipse([*corners[0], *corners[1]], fill=self._ink(colour, glow))

    def line(self, points: Sequence[Point], width: float, colour: Colour, thin: float = 0.8) -> None:
        """Draw a line with round ends and joints, at least `thin` pixels of the picture wide."""
        fine = max(width * self.scale, thin) * FINE
        places, ink = [self.at(*point) for point in points], self._ink(colour)
        self.pen.line(places, fill=ink, width=max(round(fine), 1))
        for x, y in places:
            self.pen.ellipse([x - fine / 2, y - fine / 2, x + fine / 2, y + fine / 2], fill=ink)

    def ring(self, x: float, y: float, wide: float, high: float, width: float, colour: Colour) -> None:
        """Draw an ellipse's outline, at least 0.8 pixels of the picture wide."""
        turns = np.linspace(0, 2 * np.pi, 40)
        self.line([(x + wide * float(np.cos(t)), y + high * float(np.sin(t))) for t in turns], width, colour)

    def cutout(self, name: str = CLUTTER, shade: float = 0.12) -> Cutout:
        """The drawn thing in the picture's pixels, lighter at its top and darker at its foot by the share `shade`."""
        box = self.image.getbbox()
        if box is None:
            raise ConfigError("Nothing was drawn on the sheet; expected at least one pixel of ink.")
        left, top, right, bottom = box[0] // FINE, box[1] // FINE, -(-box[2] // FINE), -(-box[3] // FINE)
        inked = self.image.crop((left * FINE, top * FINE, right * FINE, bottom * FINE))
        small = np.asarray(inked.reduce(FINE), dtype=np.float32)  # colours are weighed by their cover
        light = np.linspace(1 + shade / 2, 1 - shade / 2, len(small), dtype=np.float32)[:, None, None]
        paint = np.minimum(small[..., :3] * light, 255)
        return Cutout(name, paint, small[..., 3] / 255, self.left + left, self.top + top)


def bounds(cutouts: Sequence[Cutout]) -> np.ndarray:
    """The box (x, y, width, height), float32 (4,), around cutouts, in and out of the picture."""
    corners = np.array([(c.left, c.top, c.left + c.cover.shape[1], c.top + c.cover.shape[0]) for c in cutouts])
    low, high = corners[:, :2].min(axis=0), corners[:, 2:].max(axis=0)
    return np.concatenate([low, high - low]).astype(np.float32)


def whole(tint: Colour) -> Sheet:
    """A sheet over the whole picture in its own pixels: (0, 0) is its upper left corner and y is negative below it."""
    return Sheet(0, 0, 1, (0, SIZE, -SIZE, 0), tint)


def hazed(cutout: Cutout, haze: Colour, share: float) -> Cutout:
    """The cutout with `share` of its colour replaced by the haze of the air."""
    return replace(cutout, paint=cutout.paint * (1 - share) + np.array(haze, dtype=np.float32) * share)


def shadow(x: float, y: float, wide: float, high: float, strength: float) -> Cutout:
    """A soft dark ellipse on the ground around (x, y), its radii in pixels."""
    left, top = int(x - wide * 1.5), int(y - high * 1.5)
    across = (np.arange(int(wide * 3) + 2) + 0.5 + left - x) / wide
    down = (np.arange(int(high * 3) + 2) + 0.5 + top - y) / max(high, 0.5)
    cover = strength * np.clip(1.3 - (across[None] ** 2 + down[:, None] ** 2), 0, 1)
    return Cutout(CLUTTER, np.zeros((*cover.shape, 3), dtype=np.float32), cover.astype(np.float32), left, top)


def mirrored(cutout: Cutout, foot: float, strength: float, waves: float = 0.0) -> Cutout:
    """What wet ground or water below the line y = `foot` shows of a thing; `waves` pixels to and fro."""
    above = round(foot) - cutout.top  # rows of the thing above its foot
    paint, cover = cutout.paint[:above][::-1], cutout.cover[:above][::-1]
    fading = strength * np.linspace(1, 0.25, max(len(cover), 1), dtype=np.float32)[: len(cover), None]
    shifts = np.rint(waves * np.sin(np.arange(len(cover)) * 1.9)).astype(int)
    paint, cover = (np.stack([np.roll(r, s, 0) for r, s in zip(p, shifts, strict=True)]) if len(p) else p
                    for p in (paint, cover))  # fmt: skip
    return Cutout(CLUTTER, paint, cover * fading, cutout.left, cutout.top + above)


def _common(cutout: Cutout, shape: tuple[int, ...]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Where a cutout lies in a picture of this shape, and which part of the cutout that is."""
    spans = []
    for start, length, limit in zip((cutout.top, cutout.left), cutout.cover.shape, shape, strict=False):
        low, high = min(max(start, 0), limit), max(min(start + length, limit), 0)
        spans.append((slice(low, max(high, low)), slice(low - start, max(high, low) - start)))
    return (spans[0][0], spans[1][0]), (spans[0][1], spans[1][1])


def lay(picture: np.ndarray, cutouts: Sequence[Cutout]) -> None:
    """Lay cutouts over `picture`, float32 (h, w, 3), in place, from back to front."""
    for cutout in cutouts:
        here, part = _common(cutout, picture.shape)
        cover = cutout.cover[part][..., None]
        picture[here] += (cutout.paint[part] - picture[here]) * cover


def visible(cutouts: Sequence[Cutout], size: int = SIZE) -> list[np.ndarray]:
    """What each cutout, laid from back to front, still covers in the end: float32 (size, size) each."""
    left_free = np.ones((size, size), dtype=np.float32)  # what nothing nearer covers
    shown = []
    for cutout in reversed(cutouts):
        here, part = _common(cutout, left_free.shape)
        mine = np.zeros_like(left_free)
        mine[here] = cutout.cover[part] * left_free[here]
        left_free -= mine
        shown.append(mine)
    return shown[::-1]


def boxes_of(cutouts: Sequence[Cutout], names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Boxes, float32 (n, 4), and ids, int64 (n,), indices into `names`, of the cutouts of a class that can be seen.

    A box is x, y, width and height in pixels and goes around what is visible, as COCO's boxes do (Lin et al. 2014).
    """
    boxes, labels = [], []
    for cutout, shown in zip(cutouts, visible(cutouts), strict=True):
        if cutout.name == CLUTTER or shown.sum() < (1 - HIDDEN) * cutout.cover.sum():
            continue
        box = extent(shown)
        if min(box[2:]) >= SMALLEST:
            boxes.append(box)
            labels.append(names.index(cutout.name))
    return np.array(boxes, dtype=np.float32).reshape(-1, 4), np.array(labels, dtype=np.int64)


def extent(cover: np.ndarray) -> tuple[int, int, int, int]:
    """The box (x, y, width, height) around the pixels that are covered by EDGE or more; zeros where there are none."""
    rows, columns = (np.flatnonzero((cover >= EDGE).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return 0, 0, 0, 0
    return int(columns[0]), int(rows[0]), int(columns[-1] - columns[0]) + 1, int(rows[-1] - rows[0]) + 1


def pick(rng: np.random.Generator, options: Sequence[T]) -> T:
    """One of the options by chance."""
    return options[int(rng.integers(len(options)))]


def varied(rng: np.random.Generator, colour: Colour, by: float = 18.0) -> Colour:
    """A colour a little lighter or darker, and of a little other hue."""
    light, hue = rng.normal(0, by), rng.normal(0, by / 3, 3)
    red, green, blue = (float(min(max(c + light + h, 0), 255)) for c, h in zip(colour, hue, strict=True))
    return red, green, blue


def scaled(colour: Colour, by: float) -> Colour:
    """A colour made lighter (above 1) or darker."""
    red, green, blue = (min(c * by, 255.0) for c in colour)
    return red, green, blue


def mixed(colour: Colour, other: Colour, share: float) -> Colour:
    """A colour with `share` of another one in it."""
    red, green, blue = (c * (1 - share) + o * share for c, o in zip(colour, other, strict=True))
    return red, green, blue
