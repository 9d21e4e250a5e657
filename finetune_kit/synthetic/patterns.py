"""Coloured pictures drawn by formulas, each formula a class: fractals, contours and waves.

Kataoka et al. 2020, "Pre-training without Natural Images" (arXiv 2101.08515), pretrain on fractals of iterated
function systems and name radial contours as another family. A picture is one formula under a random turn, size,
place and colouring, its parameters jittered a little, on a soft coloured ground.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from .glyphs import BLOCK, check_request, clouds, random_colours, soft_ground

FAMILIES = ("fractal", "contour", "wave")
A_FAMILY = 48  # formulas a family
NAMES: tuple[str, ...] = tuple(f"{family} {number}" for family in FAMILIES for number in range(A_FAMILY))
MAPS = 3  # affine maps a fractal
POINTS, STEPS, SETTLING = 64, 40, 8  # points that play the chaos game side by side, their steps, those not drawn
UNITS = 6  # waves a layer


def _play(rng: np.random.Generator, maps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The chaos game for maps (n, MAPS, 2, 3): places, float32 (n, points, 2), and the last map used, (n, points)."""
    count = len(maps)
    area = np.abs(np.linalg.det(maps[..., :2])) + 0.05
    limits = np.cumsum(area / area.sum(axis=1, keepdims=True), axis=1)[:, :-1]  # (n, MAPS - 1)
    place = np.zeros((count, POINTS, 2), dtype=np.float32)
    places, used = [], []
    for step in range(STEPS):
        chosen = (rng.random((count, POINTS, 1), dtype=np.float32) > limits[:, None]).sum(axis=2)
        chosen_maps = maps[np.arange(count)[:, None], chosen]  # (n, POINTS, 2, 3)
        place = (chosen_maps[..., :2] * place[..., None, :]).sum(axis=-1) + chosen_maps[..., 2]
        if step >= SETTLING:
            places.append(place)
            used.append(chosen)
    return np.concatenate(places, axis=1), np.concatenate(used, axis=1)


def _centred(places: np.ndarray) -> np.ndarray:
    """Points (n, points, 2) moved and scaled to mean 0 and an overall deviation of 0.5."""
    places = places - places.mean(axis=1, keepdims=True)
    return places * (0.5 / (places.std(axis=(1, 2), keepdims=True) + 1e-6))


def _cells(places: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The pixel of each point (n, points, 2) of -1 to 1, as an index into all n pictures, and whether it is inside."""
    column, row = (np.floor((places[..., axis] + 1) / 2 * size).astype(np.int64) for axis in (0, 1))
    inside = (column >= 0) & (column < size) & (row >= 0) & (row < size)
    return np.arange(len(places))[:, None] * size * size + row * size + column, inside


@cache
def _fractal_maps() -> np.ndarray:
    """The maps of every fractal class, float32 (A_FAMILY, MAPS, 2, 3): contractions whose points fill enough pixels."""
    rng = np.random.default_rng(2101)
    count = 12 * A_FAMILY
    left, right = (np.linalg.qr(rng.standard_normal((count, MAPS, 2, 2)))[0] for _ in range(2))
    stretch = rng.uniform(0.25, 0.85, (count, MAPS, 2, 1))
    maps = np.concatenate([left @ (stretch * right), rng.uniform(-1, 1, (count, MAPS, 2, 1))], axis=-1)
    maps = maps.astype(np.float32)
    cells, inside = _cells(_centred(_play(rng, maps)[0]), 32)
    filled = np.bincount(cells[inside], minlength=count * 1024).reshape(count, 1024) > 0
    # Fine structure over much of the picture: neither a few clumps nor an even cloud.
    return maps[np.argsort(-filled.mean(axis=1), kind="stable")[:A_FAMILY]]


def _turned(
    rng: np.random.Generator, u: np.ndarray, v: np.ndarray, low: float, high: float
) -> tuple[np.ndarray, np.ndarray]:
    """The plane's points (n or 1, ...) under a random turn, mirroring, size, squeeze and shift for each picture."""
    count, shape = BLOCK, (BLOCK,) + (1,) * (u.ndim - 1)
    angle, size = rng.uniform(0, 2 * np.pi, shape), np.exp(rng.uniform(np.log(low), np.log(high), shape))
    squeeze, mirror = np.exp(rng.uniform(-0.3, 0.3, shape)), rng.integers(0, 2, shape) * 2 - 1
    shift = rng.uniform(-0.3, 0.3, (2, count) + (1,) * (u.ndim - 1))
    u = u - shift[0]
    v = v - shift[1]
    turned = np.cos(angle) * u + np.sin(angle) * v, -np.sin(angle) * u + np.cos(angle) * v
    return (turned[0] * size * squeeze * mirror).astype(np.float32), (turned[1] * size / squeeze).astype(np.float32)


def _plane(size: int) -> tuple[np.ndarray, np.ndarray]:
    line = ((np.arange(size) + 0.5) / size * 2 - 1).astype(np.float32)
    return np.broadcast_to(line[None, None, :], (1, size, size)), np.broadcast_to(line[None, :, None], (1, size, size))


def _fractals(rng: np.random.Generator, formulas: np.ndarray, size: int) -> np.ndarray:
    """Points of the chaos game, coloured by the map that brought them there."""
    jitter = rng.uniform(0.9, 1.1, (BLOCK, MAPS, 2, 3)).astype(np.float32)
    places, used = _play(rng, _fractal_maps()[formulas] * jitter)
    places = _centred(places)
    u, v = _turned(rng, places[..., 0], places[..., 1], 0.6, 1.2)
    cells, inside = _cells(np.stack([u, v], axis=-1), size)
    ground, colour = random_colours(rng, BLOCK)
    palette = colour[:, None] + rng.normal(0, 50, (BLOCK, MAPS, 3))  # (block, MAPS, 3)
    shades = palette[np.arange(BLOCK)[:, None], used][inside]
    hits = cells[inside]
    total = np.bincount(hits, minlength=BLOCK * size * size).reshape(BLOCK, size, size, 1)
    sums = [np.bincount(hits, weights=shades[:, channel], minlength=BLOCK * size * size) for channel in range(3)]
    mean = np.stack(sums, axis=-1).reshape(BLOCK, size, size, 3) / np.maximum(total, 1)
    ink = 1 - np.exp(-total * rng.uniform(0.4, 1.5, (BLOCK, 1, 1, 1)))
    return soft_ground(rng, ground, size) * (1 - ink) + mean * ink


@cache
def _contour_waves() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A contour class's corner counts (classes, 2), their depths (classes, 2) and its number of rings (classes,)."""
    rng = np.random.default_rng(2102)
    corners = np.stack([np.arange(A_FAMILY) % 8 + 2, rng.integers(2, 14, A_FAMILY)], axis=1)
    depths = np.stack([rng.uniform(0.1, 0.45, A_FAMILY), rng.uniform(0, 0.25, A_FAMILY)], axis=1)
    return corners, depths.astype(np.float32), np.arange(A_FAMILY) // 8 % 6 + 1


def _contours(rng: np.random.Generator, formulas: np.ndarray, size: int) -> np.ndarray:
    """Closed curves around a middle, one inside the other, filled in turn with two colours."""
    corners, depths, rings = (table[formulas] for table in _contour_waves())
    u, v = _turned(rng, *_plane(size), 1.1, 2.2)
    angle, radius = np.arctan2(v, u), np.hypot(u, v)
    depths = depths * rng.uniform(0.8, 1.2, (BLOCK, 2)).astype(np.float32)
    edge = 1 + sum(depths[:, i, None, None] * np.cos(corners[:, i, None, None] * angle) for i in range(2))
    depth = (1 - radius / edge) * rings[:, None, None]  # 0 on the outermost curve, growing inwards, below 0 outside
    sharp = (size / 4 / rings)[:, None, None]
    inside = np.clip(depth * sharp + 0.5, 0, 1)[..., None]
    band = np.clip(np.sin(np.pi * depth) * sharp + 0.5, 0, 1)[..., None]
    ground, first = random_colours(rng, BLOCK)
    second = np.where(rng.random((BLOCK, 1)) < 0.5, ground, rng.uniform(0, 255, (BLOCK, 3)))
    shade = clouds(rng, BLOCK, size, 3) * rng.uniform(0, 30, (BLOCK, 1, 1, 1))
    body = first[:, None, None] * band + second[:, None, None] * (1 - band) + shade
    return soft_ground(rng, ground, size) * (1 - inside) + body * inside


@cache
def _wave_weights() -> tuple[np.ndarray, np.ndarray]:
    """Two layers of weights a wave class: (classes, 2, UNITS) in radians a unit of length, (classes, UNITS, UNITS)."""
    rng = np.random.default_rng(2103)
    pace = np.exp(rng.uniform(np.log(1.5), np.log(9), (A_FAMILY, 1, 1)))
    first = rng.standard_normal((A_FAMILY, 2, UNITS)) * pace
    return first.astype(np.float32), rng.normal(0, 1.2, (A_FAMILY, UNITS, UNITS)).astype(np.float32)


def _waves(rng: np.random.Generator, formulas: np.ndarray, size: int) -> np.ndarray:
    """Sines of sums of sines of the place, mixed into three colours."""
    first, second = (table[formulas] for table in _wave_weights())
    u, v = _turned(rng, *_plane(size), 0.7, 1.4)
    place = np.stack([u, v], axis=-1).reshape(BLOCK, size * size, 2)
    phase = rng.uniform(0, 2 * np.pi, (BLOCK, 1, UNITS)).astype(np.float32) * 0.2
    layer = np.sin(np.sin(place @ first + phase) @ second)  # (block, pixels, UNITS)
    ground, other = random_colours(rng, BLOCK)
    mix = rng.normal(0, 0.35, (BLOCK, UNITS, 3)) * (other - ground)[:, None] + rng.normal(0, 15, (BLOCK, UNITS, 3))
    picture = (layer @ mix.astype(np.float32)).reshape(BLOCK, size, size, 3)
    return picture + (ground + other)[:, None, None] / 2


PAINTERS: dict[str, Callable[[np.random.Generator, np.ndarray, int], np.ndarray]] = {
    "fractal": _fractals,
    "contour": _contours,
    "wave": _waves,
}


def _block(rng: np.random.Generator, family: str, size: int) -> tuple[np.ndarray, np.ndarray]:
    formulas = rng.integers(0, A_FAMILY, BLOCK)
    picture = PAINTERS[family](rng, formulas, size)
    picture += rng.standard_normal(picture.shape, dtype=np.float32) * rng.uniform(0, 10, (BLOCK, 1, 1, 1))
    return np.clip(picture, 0, 255).astype(np.uint8), formulas + FAMILIES.index(family) * A_FAMILY


def draw(count: int, seed: int, size: int = 32) -> tuple[np.ndarray, np.ndarray]:
    """Draw `count` pictures of formulas; picture i of a seed is the same whatever the count.

    Returns images, uint8 (count, size, size, 3), and class ids, int64 (count,), indices into NAMES.
    Raises ConfigError for a count below 1 or a size below 8.
    """
    check_request(count, size)
    images = np.empty((count, size, size, 3), dtype=np.uint8)
    labels = np.empty(count, dtype=np.int64)
    for number, family in enumerate(FAMILIES):  # the families take turns: picture i is of family i modulo their number
        mine = np.arange(number, count, len(FAMILIES))
        for start in range(0, len(mine), BLOCK):
            rng = np.random.default_rng([seed, number, start])
            places = mine[start : start + BLOCK]
            drawn, ids = _block(rng, family, size)
            images[places], labels[places] = drawn[: len(places)], ids[: len(places)]
    return images, labels
