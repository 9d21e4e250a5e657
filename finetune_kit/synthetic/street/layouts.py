"""Where things stand in the drawn streets: a street seen across, houses behind it, or along, into the distance.

All follow one rule of perspective: a metre at the row y of the ground is (y - horizon) / height pixels long, where
`height` is the viewer's in metres.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..drawing import SIZE, Colour, Point, Sheet, mixed, pick, scaled, varied, whole
from ..weather import Light
from . import scenery

FOCAL = 150.0  # pixels: a thing at z metres is drawn at FOCAL / z pixels a metre
CLOSEST = 0.8  # metres from the viewer at which walls and pavements begin
SHOPS = 8.0  # metres from the viewer from which on there are shops in a row of houses
NEAREST = 125.0  # the lowest row on which a thing stands


@dataclass(frozen=True)
class Spot:
    """A place on the ground: pixels in the picture, pixels a metre, and a heading in radians, 0 to the right."""

    x: float
    y: float
    scale: float
    yaw: float = 0.0


class Layout:
    """A viewer's place: what lies behind everything, and spots for each kind of thing."""

    def __init__(self, rng: np.random.Generator, height: tuple[float, float]):
        self.rng = rng
        self.horizon, self.height = float(rng.uniform(36, 50)), float(rng.uniform(*height))

    def scale(self, y: float) -> float:
        """Pixels a metre for what stands on the row y."""
        return (y - self.horizon) / self.height

    def row(self, scale: float) -> float:
        """The row of the ground on which a metre has so many pixels."""
        return self.horizon + scale * self.height

    def above(self, scale: float) -> float:
        """From how far above, in radians, the viewer looks at what is drawn with this scale."""
        return float(np.arctan(self.height * scale / FOCAL))


class Across(Layout):
    """A road from left to right, a pavement with houses or a park beyond it and another pavement before it."""

    def __init__(self, rng: np.random.Generator):
        super().__init__(rng, (2.7, 3.5))
        wall = float(rng.uniform(7.4, 9.0))  # pixels a metre at the houses
        self.wall, self.far = self.row(wall), self.row(wall * 1.2)
        self.near = min(self.row(wall * float(rng.uniform(1.95, 2.25))), 108.0)
        self.zebra = float(rng.uniform(20, 108)) if rng.random() < 0.35 else None

    def background(self, light: Light) -> Sheet:
        """Houses or a park, and the ground."""
        rng, sheet = self.rng, whole(light.tint)
        if rng.random() < 0.25:
            scenery.hedge(sheet, rng, -self.wall, float(rng.uniform(22, 40)), bool(rng.random() < 0.5))
        else:
            self._houses(sheet, light)
        road, pavement = scenery.ground(rng, light.wet)
        sheet.block(0, -SIZE, SIZE, -self.wall, pavement)
        self._slabs(sheet, pavement)
        sheet.block(0, -self.near, SIZE, -self.far, road)
        for y in (self.far, self.near):
            sheet.block(0, -y - 1.2, SIZE, -y + 0.6, scaled(pavement, 1.12 if y == self.far else 0.8))
        self._markings(sheet, mixed(road, (240, 240, 236), 0.75))
        if rng.random() < 0.3:  # a lawn in front
            y = float(rng.uniform(max(self.near + 10, 116), SIZE))
            sheet.block(0, -SIZE, SIZE, -y, varied(rng, (112, 150, 84), 12))
        return sheet

    def _houses(self, sheet: Sheet, light: Light) -> None:
        rng, scale, x = self.rng, self.scale(self.wall), -float(self.rng.uniform(0, 20))
        while x < SIZE:
            width = float(rng.uniform(4.5, 8.0))
            start = x

            def place(a: float, b: float, start: float = start) -> Point:
                return start + a * scale, -self.wall + b * scale

            high = scenery.facade(sheet, rng, place, width, int(rng.integers(1, 4)), light, bool(rng.random() < 0.5))
            scenery.roof(sheet, rng, x, x + width * scale, -self.wall + high * scale, scale)
            x += (width + (float(rng.uniform(1, 4)) if rng.random() < 0.2 else 0.0)) * scale

    def _slabs(self, sheet: Sheet, pavement: Colour) -> None:
        colour = scaled(pavement, 0.93)
        for metres in np.arange(-16, 17, 1.6).tolist():
            start, end = self.scale(self.wall), self.scale(SIZE)
            sheet.line([(64 + metres * start, -self.wall), (64 + metres * end, -SIZE)], 0.6, colour, thin=0.4)
        for y in np.geomspace(self.near + 3, SIZE, 4):
            sheet.line([(0, -float(y)), (SIZE, -float(y))], 0.6, colour, thin=0.4)

    def _markings(self, sheet: Sheet, paint: Colour) -> None:
        middle = (self.far + self.near) / 2 - 1.5
        for x in range(-10, SIZE, 26):
            if self.zebra is None or abs(x + 7 - self.zebra) > 34:
                sheet.area([(x, -middle), (x + 14, -middle), (x + 14, -middle - 1.3), (x, -middle - 1.3)], paint)
        if self.zebra is not None:
            rows = np.linspace(self.far + 1.5, self.near - 1, 13)
            for top, bottom in zip(rows[::2], rows[1::2], strict=False):
                ends = [64 + (self.zebra - 64) * self.scale(y) / self.scale(self.near) for y in (top, bottom)]
                halves = [1.6 * self.scale(y) for y in (top, bottom)]
                sheet.area([(ends[0] - halves[0], -top), (ends[0] + halves[0], -top), (ends[1] + halves[1], -bottom),
                            (ends[1] - halves[1], -bottom)], paint)  # fmt: skip

    def _spot(self, low: float, high: float, margin: float, yaw: float) -> Spot:
        y = float(self.rng.uniform(low, high))
        return Spot(float(self.rng.uniform(margin, SIZE - margin)), y, self.scale(y), yaw)

    def car(self) -> Spot:
        """A lane, where one drives on the right, or a turn off it."""
        near, turn = self.rng.random() < 0.55, 0.0
        if self.rng.random() < 0.25:
            turn = float(self.rng.uniform(-0.7, 0.7))
        third = (self.near - self.far) / 3
        band = (self.far + 2 * third, self.near - 4) if near else (self.far + 3, self.far + third)
        return self._spot(*band, 6, (0.0 if near else np.pi) + turn)

    def person(self) -> Spot:
        """One of the pavements, or the crossing."""
        chance = self.rng.random()
        if chance < 0.2 and self.zebra is not None:
            spot = self._spot(self.far, self.near, 8, 0.0)
            return Spot(self.zebra + float(self.rng.normal(0, 5)), spot.y, spot.scale, 0.0)
        band = (self.wall + 1.5, self.far) if chance < 0.4 else (self.near + 2, NEAREST)
        return self._spot(*band, 4, 0.0)

    def bicycle(self) -> Spot:
        """The edge of the road or a pavement."""
        band = pick(self.rng, ((self.wall + 2, self.far), (self.near - 7, self.near), (self.near + 3, NEAREST)))
        return self._spot(*band, 8, 0.0)

    def clutter(self, kind: str) -> Spot:
        """A kerb, or before the houses."""
        far, near = (self.wall + 1, self.far), (self.near + 1, self.near + 6)
        return self._spot(*(far if self.rng.random() < (0.75 if kind == "tree" else 0.6) else near), 2, 0.0)


class Along(Layout):
    """A road into the distance between rows of houses or trees; the viewer stands on it or on a pavement."""

    def __init__(self, rng: np.random.Generator):
        super().__init__(rng, (2.3, 3.4))
        self.road, self.pavement = float(rng.uniform(2.8, 3.8)), float(rng.uniform(2.2, 3.6))  # half a road; metres
        self.viewer = pick(rng, (0.0, 0.0, -1.0, 1.0)) * (self.road + 0.45 * self.pavement)
        self.middle = 64 + float(rng.uniform(-10, 10)) - 12 * float(np.sign(self.viewer))
        self.zebra = float(rng.uniform(8.5, 15)) if rng.random() < 0.5 else None
        self.green = {side: rng.random() < 0.25 for side in (-1, 1)}

    def at(self, x: float, y: float, z: float) -> Point:
        """A place in metres (from the road's middle, above the ground, from the viewer) on a whole sheet."""
        scale = FOCAL / z
        return self.middle + (x - self.viewer) * scale, -(self.horizon + (self.height - y) * scale)

    def background(self, light: Light) -> Sheet:
        """The street's end, the rows of houses, and the ground."""
        rng, sheet, end = self.rng, whole(light.tint), 62.0
        scenery.hedge(sheet, rng, self.at(0, 0, end)[1], float(rng.uniform(5, 12)), False)
        road, pavement = scenery.ground(rng, light.wet)
        sheet.block(0, -SIZE, SIZE, self.at(0, 0, end)[1], pavement)
        for side in (-1, 1):
            if self.green[side]:
                edge, lawn = side * (self.road + self.pavement), varied(rng, (112, 150, 84), 12)
                self._strip(sheet, (edge, side * 60.0), (CLOSEST, end), lawn)
            else:
                self._row(sheet, side, end, light)
        self._strip(sheet, (-self.road, self.road), (CLOSEST, end), road)
        for side in (-1, 1):
            self._strip(sheet, (side * self.road, side * (self.road + 0.22)), (CLOSEST, end), scaled(pavement, 1.1))
        self._markings(sheet, mixed(road, (240, 240, 236), 0.75))
        return sheet

    def _strip(self, sheet: Sheet, x: tuple[float, float], z: tuple[float, float], colour: Colour) -> None:
        sheet.area(
            [self.at(x[0], 0, z[0]), self.at(x[1], 0, z[0]), self.at(x[1], 0, z[1]), self.at(x[0], 0, z[1])], colour
        )

    def _row(self, sheet: Sheet, side: int, end: float, light: Light) -> None:
        """The houses of one side, the farthest first."""
        rng, x, z = self.rng, side * (self.road + self.pavement), end
        while z > CLOSEST:
            width = min(float(rng.uniform(6, 11)), z - CLOSEST)
            z -= width

            def place(a: float, b: float, start: float = z) -> Point:
                return self.at(x, b, start + a)

            shop = z > SHOPS and bool(rng.random() < 0.5)  # a near awning is all stripes
            scenery.facade(sheet, rng, place, width, int(rng.integers(2, 4)), light, shop)

    def _markings(self, sheet: Sheet, paint: Colour) -> None:
        for z in np.arange(4, 50, 5.0):
            self._strip(sheet, (-0.07, 0.07), (float(z), float(z) + 2.4), paint)
        if self.zebra is not None:
            z = FOCAL / self.zebra
            for x in np.arange(-self.road + 0.3, self.road - 0.4, 0.95):
                self._strip(sheet, (float(x), float(x) + 0.5), (z - 1.3, z + 1.3), paint)

    def _spot(self, sides: Callable[[], float], yaw: float, margin: float, largest: float = 24) -> Spot:
        """A spot whose distance from the road's middle `sides` draws, in the picture where ten tries find one."""
        for _ in range(10):
            scale = float(np.exp(self.rng.uniform(np.log(7.5), np.log(min(self.scale(NEAREST), largest)))))
            across = sides()
            x = self.middle + (across - self.viewer) * scale
            if margin <= x <= SIZE - margin:
                break
        turn = float(np.arctan((across - self.viewer) * scale / FOCAL))
        return Spot(min(max(x, margin), SIZE - margin), self.row(scale), scale, yaw + turn)

    def car(self) -> Spot:
        """A lane or a parking place; on the right cars drive away."""
        side = pick(self.rng, (-1, 1))
        place = pick(self.rng, (0.5 * self.road, 0.5 * self.road, self.road - 0.95))
        turn = float(self.rng.normal(0, 0.6)) if self.rng.random() < 0.25 else 0.0
        return self._spot(lambda: side * place, side * np.pi / 2 + turn, 8)

    def person(self) -> Spot:
        """A pavement, or the crossing."""
        if self.zebra is not None and self.rng.random() < 0.3:
            x = float(self.rng.uniform(-self.road, self.road)) - self.viewer
            scale = self.zebra * float(self.rng.uniform(0.95, 1.05))
            return Spot(min(max(self.middle + x * scale, 4), SIZE - 4), self.row(scale), scale)
        return self._spot(lambda: self._beside(0.4, self.pavement - 0.5), 0.0, 4)

    def bicycle(self) -> Spot:
        """The road's edge, or a pavement."""
        return self._spot(lambda: self._beside(-0.9, self.pavement - 0.6), 0.0, 7)

    def clutter(self, kind: str) -> Spot:
        """The kerb; trees on the green."""
        sides = [side for side, green in self.green.items() if green]
        if kind == "tree" and sides:
            side = pick(self.rng, sides)
            return self._spot(lambda: side * (self.road + self.pavement + float(self.rng.uniform(0, 5))), 0.0, 0, 16)
        return self._spot(lambda: self._beside(0.25, 0.5), 0.0, 1, 13 if kind == "tree" else 24)

    def _beside(self, low: float, high: float) -> float:
        return float(pick(self.rng, (-1, 1)) * (self.road + self.rng.uniform(low, high)))
