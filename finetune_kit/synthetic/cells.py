"""Drawn microscopy: one stained cell among red cells, of four kinds after the white cells of a blood smear.

For learning only: nothing here comes from a patient, and nothing that learns from it may be used in medicine.
The kinds differ in the shape of the nucleus, the share it fills and the grain of the plasma. Stain, light, focus and
neighbours vary so much that colour alone tells little.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from .drawing import Colour, Point, mixed, pick, scaled, varied
from .glyphs import check_request, clouds

Disc = tuple[float, float, float]  # x, y and radius

NAMES: tuple[str, ...] = ("neutrophil", "lymphocyte", "monocyte", "eosinophil")
FIELD = 64.0  # the side of a picture in the units that everything is drawn in
FINE = 2  # how much finer is drawn than shown

# Radius of the cell, least and greatest, and colour of its plasma.
RADII = {"neutrophil": (13, 17), "lymphocyte": (11, 15), "monocyte": (15, 19.5), "eosinophil": (13, 17)}
PLASMA: dict[str, tuple[Colour, ...]] = {
    "neutrophil": ((224, 190, 196), (216, 186, 206), (230, 190, 170)),
    "lymphocyte": ((150, 172, 214), (176, 176, 212), (190, 170, 204)),
    "monocyte": ((178, 180, 206), (196, 182, 204), (176, 186, 200)),
    "eosinophil": ((230, 190, 186), (222, 180, 190), (226, 190, 170)),
}
NUCLEI: tuple[Colour, ...] = ((98, 56, 140), (112, 60, 128), (84, 62, 146), (120, 72, 138))
GRANULES: tuple[Colour, ...] = ((214, 104, 76), (206, 96, 96), (222, 130, 84), (196, 104, 110))
RED_CELLS: tuple[Colour, ...] = ((222, 160, 150), (214, 150, 156), (226, 172, 140), (206, 156, 150))


@dataclass
class Slide:
    """What is drawn on: paint, float32 (n, n, 3), and the coordinates of its pixels, float32 (n, n), 0 to FIELD."""

    paint: np.ndarray
    x: np.ndarray
    y: np.ndarray
    rng: np.random.Generator
    sharp: float  # pixels a unit

    def grain(self, finest: int) -> np.ndarray:
        """Clouds of grain down to 1 / `finest` of the slide, float32 (n, n, 1)."""
        return clouds(self.rng, 1, len(self.paint), 1, finest)[0]

    def around(self, x: float, y: float, reach: float) -> Slide:
        """The part of the slide within `reach` of a place; what is drawn on it is drawn on the slide."""
        low, high = (np.clip(np.array([y, x]) + side, 0, FIELD) * self.sharp for side in (-reach, reach))
        rows, columns = (slice(int(low[i]), int(np.ceil(high[i]))) for i in (0, 1))
        part = rows, columns
        return Slide(self.paint[part], self.x[part], self.y[part], self.rng, self.sharp)

    def inside(self, depth: np.ndarray) -> np.ndarray:
        """How much of each pixel lies where `depth` (n, n), in units, is above 0; float32 (n, n, 1)."""
        return np.clip(depth * self.sharp + 0.5, 0, 1)[..., None].astype(np.float32)

    def fill(self, cover: np.ndarray, colour: Colour | np.ndarray) -> None:
        """Lay a colour over where `cover` (n, n, 1) says."""
        self.paint += (np.asarray(colour, dtype=np.float32) - self.paint) * cover

    def blob(self, x: float, y: float, radius: float, rough: float) -> np.ndarray:
        """How deep each pixel lies in an uneven disc, in units; negative outside."""
        dx, dy = self.x - x, self.y - y
        angle, edge = np.arctan2(dy, dx), np.ones_like(self.x)
        for waves in (2, 3, 4, 5):
            edge += rough / waves * float(self.rng.normal()) * np.cos(waves * angle + float(self.rng.uniform(0, 6.3)))
        return np.asarray(radius * edge - np.hypot(dx, dy))

    def chain(self, points: list[Disc]) -> np.ndarray:
        """How deep each pixel lies in the union of discs (x, y, radius), in units; negative outside."""
        depth = np.full_like(self.x, -FIELD)
        for x, y, radius in points:
            np.maximum(depth, radius - np.hypot(self.x - x, self.y - y), out=depth)
        return depth


def _placed(discs: list[Disc], x: float, y: float, size: float, turn: float) -> list[Disc]:
    """Discs given around the middle of a cell of radius 1, put to their place on the slide."""
    cosine, sine = float(np.cos(turn)), float(np.sin(turn))
    return [(x + (a * cosine - b * sine) * size, y + (a * sine + b * cosine) * size, r * size) for a, b, r in discs]


def _strand(start: Point, end: Point, radius: float) -> list[Disc]:
    """Discs along the way between two points."""
    ways = np.linspace(0, 1, 7).tolist()
    return [(start[0] + (end[0] - start[0]) * t, start[1] + (end[1] - start[1]) * t, radius) for t in ways]


def _lobes(rng: np.random.Generator, count: int) -> list[Disc]:
    """Lobes along a bow, held together by thin strands."""
    span = {2: 2.2, 3: 3.0, 4: 3.9, 5: 4.6}[count] * float(rng.uniform(0.9, 1.1))
    far, size = (0.46, 0.37) if count == 2 else (0.5, 0.4 - 0.035 * count)
    middles, discs = list[Point](), list[Disc]()
    for number in range(count):
        angle = -span / 2 + span * number / (count - 1) + float(rng.normal(0, 0.1))
        out, radius = far * float(rng.uniform(0.85, 1.15)), size * float(rng.uniform(0.88, 1.12))
        x, y = out * float(np.cos(angle)), out * float(np.sin(angle))
        slant, half = angle + float(rng.normal(1.57, 0.5)), float(rng.uniform(0.05, 0.14))
        shift = half * float(np.cos(slant)), half * float(np.sin(slant))
        discs += _strand((x - shift[0], y - shift[1]), (x + shift[0], y + shift[1]), radius)
        middles.append((x, y))
    for start, end in itertools.pairwise(middles):
        discs += _strand(start, end, float(rng.uniform(0.06, 0.11)))
    return discs


def _kidney(rng: np.random.Generator) -> list[Disc]:
    """A thick bow: a bean to a horseshoe."""
    span, bow, thick = float(rng.uniform(2.2, 3.9)), float(rng.uniform(0.36, 0.44)), float(rng.uniform(0.3, 0.37))
    ways = np.linspace(-1, 1, 15).tolist()
    return [
        (bow * float(np.cos(way * span / 2)) - 0.12, bow * float(np.sin(way * span / 2)) * 1.1, thick + 0.04 * abs(way))
        for way in ways
    ]


def _round(rng: np.random.Generator) -> list[Disc]:
    """One disc that nearly fills the cell, a little dented or out of the middle."""
    size, off = float(rng.uniform(0.76, 0.88)), float(rng.uniform(0, 0.08))
    return [(off, 0, size), (off - 0.05, float(rng.uniform(-0.06, 0.06)), size * 0.97)]


def _nucleus(rng: np.random.Generator, kind: str) -> list[Disc]:
    if kind == "neutrophil":
        return _lobes(rng, int(rng.integers(3, 6)))
    if kind == "eosinophil":
        return _lobes(rng, 2)
    return _kidney(rng) if kind == "monocyte" else _round(rng)


def _cell(slide: Slide, kind: str, x: float, y: float, zoom: float, stain: Colour) -> None:
    """Draw a cell of the kind around (x, y). stain: the colour of nuclei on this slide."""
    rng = slide.rng
    radius = float(rng.uniform(*RADII[kind])) * zoom
    body = slide.blob(x, y, radius, 0.07 if kind == "monocyte" else 0.035)
    cover, plasma = slide.inside(body), varied(rng, pick(rng, PLASMA[kind]), 10)
    slide.fill(cover, np.array(plasma) + slide.grain(32) * float(rng.uniform(2, 6)))
    slide.fill(cover * slide.inside(0.9 - body) * 0.45, scaled(plasma, 0.78))  # the rim
    discs = _placed(_nucleus(rng, kind), x, y, radius, float(rng.uniform(0, 2 * np.pi)))
    depth = slide.chain(discs) + slide.grain(16)[..., 0] * 0.35
    nucleus = slide.inside(np.minimum(depth, body - 0.4))
    if kind == "eosinophil":
        _granules(slide, x, y, radius, 0.95, varied(rng, pick(rng, GRANULES), 8), (0.075, 0.105), 130)
    elif kind == "neutrophil":
        _granules(slide, x, y, radius, 0.4, scaled(plasma, 0.82), (0.03, 0.05), 60)
    colour = mixed(stain, plasma, {"lymphocyte": 0.0, "monocyte": 0.2}.get(kind, 0.05))
    lumps = slide.grain(32) * (14 if kind == "monocyte" else 9)
    slide.fill(nucleus * 0.94, np.array(varied(rng, colour, 6)) + lumps)
    slide.fill(nucleus * slide.inside(0.8 - depth) * 0.35, scaled(colour, 0.72))
    if kind == "monocyte":
        for _ in range(int(rng.integers(0, 5))):  # vacuoles
            angle, out = float(rng.uniform(0, 6.3)), radius * float(rng.uniform(0.55, 0.85))
            hole = slide.blob(
                x + out * np.cos(angle), y + out * np.sin(angle), radius * float(rng.uniform(0.06, 0.1)), 0.05
            )
            slide.fill(slide.inside(hole) * (1 - nucleus) * 0.6, (236, 236, 240))


def _granules(
    slide: Slide,
    x: float,
    y: float,
    radius: float,
    strength: float,
    colour: Colour,
    sizes: tuple[float, float],
    count: int,
) -> None:
    """Strew granules over a cell's plasma; `sizes` in shares of its radius."""
    rng = slide.rng
    for _ in range(count):
        angle, out = float(rng.uniform(0, 6.3)), radius * 0.9 * float(np.sqrt(rng.random()))
        size = radius * float(rng.uniform(*sizes))
        a, b = x + out * float(np.cos(angle)), y + out * float(np.sin(angle))
        near = slide.around(a, b, size + 1)
        near.fill(near.inside(near.chain([(a, b, size)])) * strength, varied(rng, colour, 9))


def _red_cells(slide: Slide, x: float, y: float, gap: float, colour: Colour, zoom: float) -> None:
    """Red cells around the cell at (x, y), from `gap` outwards: discs, paler in the middle."""
    rng = slide.rng
    size, pallor = float(rng.uniform(7.5, 9.5)) * zoom, float(rng.uniform(0.1, 0.65))
    for _ in range(int(rng.integers(1, 15))):
        a, b = (float(v) for v in rng.uniform(-8, FIELD + 8, 2))
        if np.hypot(a - x, b - y) < gap + size * 0.75:
            continue
        near = slide.around(a, b, size * 1.6)
        depth = near.blob(a, b, size * float(rng.uniform(0.85, 1.12)), 0.06)
        cover = near.inside(depth) * 0.88
        near.fill(cover, varied(rng, colour, 7))
        near.fill(cover * near.inside(0.7 - depth) * 0.3, scaled(colour, 0.82))
        hollow = np.clip(depth / size * 1.6 - 0.45, 0, 1)[..., None]
        near.fill(hollow * pallor, (244, 232, 226))


def _debris(slide: Slide, stain: Colour) -> None:
    """Platelets and specks of stain."""
    rng = slide.rng
    for _ in range(int(rng.integers(0, 6))):
        a, b = (float(v) for v in rng.uniform(0, FIELD, 2))
        near = slide.around(a, b, 5)
        depth = near.blob(a, b, float(rng.uniform(0.6, 2.4)), 0.2)
        colour = mixed(stain, (200, 170, 200), float(rng.uniform(0, 0.6)))
        near.fill(near.inside(depth) * float(rng.uniform(0.3, 0.8)), colour)


def _seen(slide: Slide, size: int) -> np.ndarray:
    """The slide as a camera sees it: stain, light, focus and noise; uint8 (size, size, 3)."""
    rng, paint = slide.rng, slide.paint
    grey = paint.mean(axis=2, keepdims=True)
    paint = grey + (paint - grey) * float(rng.uniform(0.55, 1.25))
    paint = paint * rng.uniform(0.9, 1.07, 3) * float(rng.uniform(0.82, 1.04))
    slope = rng.normal(0, 0.1, 2)
    light = 1 + slope[0] * (slide.x / FIELD - 0.5) + slope[1] * (slide.y / FIELD - 0.5)
    away = ((slide.x / FIELD - 0.5) ** 2 + (slide.y / FIELD - 0.5) ** 2) * float(rng.uniform(0, 0.45))
    paint = np.clip(paint * (light - away)[..., None], 0, 255).astype(np.uint8)
    blur = float(rng.uniform(0.0, 1.1)) if rng.random() < 0.8 else float(rng.uniform(1.1, 1.6))
    image = Image.fromarray(paint).filter(ImageFilter.GaussianBlur(blur * slide.sharp))
    small = np.asarray(image.resize((size, size), Image.Resampling.BOX), dtype=np.float32)
    noise = rng.standard_normal(small.shape, dtype=np.float32) * float(rng.uniform(0.5, 5))
    return np.clip(small + noise, 0, 255).astype(np.uint8)


def _empty(rng: np.random.Generator, size: int) -> Slide:
    """A slide without anything on it, for a picture of `size` pixels a side."""
    line = ((np.arange(size * FINE) + 0.5) / (size * FINE) * FIELD).astype(np.float32)
    x, y = np.meshgrid(line, line)
    paint = np.zeros((*x.shape, 3), dtype=np.float32) + np.array(varied(rng, (238, 230, 230), 6), dtype=np.float32)
    slide = Slide(paint, x, y, rng, size * FINE / FIELD)
    slide.paint += slide.grain(16) * float(rng.uniform(0, 4))
    return slide


def _picture(rng: np.random.Generator, kind: str, size: int) -> np.ndarray:
    slide, zoom = _empty(rng, size), float(rng.uniform(0.85, 1.15))
    stain, red = varied(rng, pick(rng, NUCLEI), 12), varied(rng, pick(rng, RED_CELLS), 10)
    x, y = float(rng.uniform(26, 38)), float(rng.uniform(26, 38))
    reach, beside = RADII[kind][1] * zoom, float(rng.uniform(0, 2 * np.pi))
    _red_cells(slide, x, y, reach * 0.9, red, zoom)
    if rng.random() < 0.25:  # a part of another white cell
        away = reach + 20 * zoom
        _cell(slide, pick(rng, NAMES), x + away * np.cos(beside), y + away * np.sin(beside), zoom, stain)
    _debris(slide, stain)
    _cell(slide, kind, x, y, zoom, stain)
    return _seen(slide, size)


def draw(count: int, seed: int, size: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """Draw `count` cells, each four in a row of the four kinds; picture i of a seed is the same whatever the count.

    Returns images, uint8 (count, size, size, 3), and class ids, int64 (count,), indices into NAMES.
    Raises ConfigError for a count below 1 or a size below 8.
    """
    check_request(count, size)
    rounds = -(-count // len(NAMES))
    turns = [np.random.default_rng([seed, number, 1]).permutation(len(NAMES)) for number in range(rounds)]
    labels = np.concatenate(turns)[:count].astype(np.int64)
    pictures = [_picture(np.random.default_rng([seed, i]), NAMES[label], size) for i, label in enumerate(labels)]
    return np.stack(pictures), labels
