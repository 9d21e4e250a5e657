"""Cars of the drawn streets: solids of simple outline, turned to any side and seen from a little above."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from ..drawing import Colour, Point, Sheet, mixed, pick, scaled, varied

PAINTS = (
    (200, 36, 40), (40, 84, 160), (232, 232, 230), (176, 180, 184), (44, 46, 52), (104, 108, 114), (240, 190, 50),
    (48, 120, 80), (228, 112, 44), (150, 200, 220), (120, 40, 60), (214, 196, 160), (60, 60, 110), (90, 150, 140),
)  # fmt: skip
GLASS, TYRE, RIM = (62, 80, 98), (30, 30, 33), (176, 178, 182)
LAMP, STOP = (250, 244, 214), (206, 30, 34)
LEAN = 0.2  # how much narrower the roof is than the body

# Outlines in shares of length and height, from the rear's foot over the roof to the front's foot: the rear, the boot,
# the rear window, the roof, the windscreen, the bonnet, the nose and the bumper are the eight edges.
REAR, BOOT, REAR_GLASS, ROOF, WINDSCREEN, BONNET, NOSE, BUMPER = range(8)
Outline = tuple[Point, ...]


@dataclass(frozen=True)
class Body:
    """The shape of a kind of car; length, height and width in metres."""

    length: float
    height: float
    width: float
    outline: Outline
    pillars: tuple[float, ...]  # where along the side windows, from 0 to 1, the posts are
    closed: bool = False  # whether the rear half of the side has no windows


BODIES = {
    "saloon": Body(4.5, 1.45, 1.75, ((-0.5, 0.2), (-0.5, 0.6), (-0.34, 0.66), (-0.2, 0.97), (0.06, 1.0), (0.24, 0.66),
                                     (0.46, 0.57), (0.5, 0.4), (0.5, 0.2)), (0.5,)),
    "hatchback": Body(3.8, 1.5, 1.7, ((-0.5, 0.2), (-0.5, 0.58), (-0.47, 0.66), (-0.36, 0.97), (0.05, 1.0),
                                      (0.25, 0.67), (0.45, 0.57), (0.5, 0.42), (0.5, 0.2)), (0.48,)),
    "estate": Body(4.6, 1.5, 1.75, ((-0.5, 0.2), (-0.5, 0.6), (-0.485, 0.66), (-0.42, 0.96), (0.06, 1.0), (0.24, 0.66),
                                    (0.46, 0.57), (0.5, 0.4), (0.5, 0.2)), (0.36, 0.66)),
    "off-roader": Body(4.4, 1.8, 1.85, ((-0.5, 0.24), (-0.5, 0.6), (-0.49, 0.64), (-0.44, 0.97), (0.1, 1.0),
                                        (0.2, 0.66), (0.46, 0.61), (0.5, 0.48), (0.5, 0.24)), (0.38, 0.68)),
    "van": Body(4.9, 2.1, 1.95, ((-0.5, 0.16), (-0.5, 0.52), (-0.5, 0.56), (-0.48, 0.99), (0.2, 1.0), (0.35, 0.58),
                                 (0.48, 0.46), (0.5, 0.34), (0.5, 0.16)), (0.72,), True),
    "small": Body(3.1, 1.5, 1.6, ((-0.5, 0.2), (-0.5, 0.52), (-0.46, 0.63), (-0.3, 0.96), (0.08, 1.0), (0.31, 0.66),
                                  (0.46, 0.54), (0.5, 0.4), (0.5, 0.2)), (0.52,)),
    "pickup": Body(5.0, 1.75, 1.85, ((-0.5, 0.24), (-0.5, 0.58), (-0.13, 0.6), (-0.09, 0.97), (0.1, 1.0), (0.23, 0.64),
                                     (0.46, 0.58), (0.5, 0.44), (0.5, 0.24)), (0.55,)),
}  # fmt: skip


class Solid:
    """A body turned by `yaw` (0 shows its right side, nose to the right) and seen from `above`, both in radians."""

    def __init__(self, sheet: Sheet, body: Body, paint: Colour, yaw: float, above: float):
        self.sheet, self.body, self.paint = sheet, body, paint
        self.cosine, self.sine = float(np.cos(yaw)), float(np.sin(yaw))
        self.flat, self.steep = float(np.cos(above)), float(np.sin(above))

    def point(self, x: float, y: float, z: float) -> Point:
        """A place in metres (x to the nose, y upwards, z to the right side) as a place on the sheet."""
        depth = z * self.cosine - x * self.sine  # towards the viewer
        return x * self.cosine + z * self.sine, y * self.flat - depth * self.steep

    def corner(self, number: int) -> tuple[float, float]:
        """A corner of the outline in metres."""
        x, y = self.body.outline[number]
        return x * self.body.length, y * self.body.height

    def half(self, y: float) -> float:
        """Half the body's width at the height y, in metres."""
        belt = self.body.outline[5][1] * self.body.height
        rising = max(0.0, (y - belt) / (self.body.height - belt))
        return self.body.width / 2 * (1 - LEAN * rising)

    def faces(self, edge: int) -> bool:
        """Whether the strip over an edge of the outline is seen."""
        (x, y), (ahead, up) = self.corner(edge), self.corner(edge + 1)
        return -(up - y) * -self.sine * self.flat + (ahead - x) * self.steep > 1e-6

    def patch(
        self, edge: int, along: tuple[float, float], across: tuple[float, float], colour: Colour, glow: bool = False
    ) -> None:
        """Fill a part of the strip over an edge: from 0 to 1 along the outline, from -1 to 1 across the car."""
        start, end = np.array(self.corner(edge)), np.array(self.corner(edge + 1))
        places = []
        for t, w in ((along[0], across[0]), (along[0], across[1]), (along[1], across[1]), (along[1], across[0])):
            x, y = start + (end - start) * t
            places.append(self.point(x, y, self.half(y) * w))
        self.sheet.area(places, colour, glow)

    def side(self, points: list[Point], sign: int, colour: Colour) -> None:
        """Fill a polygon of (x, y) in metres on the right (1) or left (-1) side."""
        self.sheet.area([self.point(x, y, sign * self.half(y)) for x, y in points], colour)


def car(sheet: Sheet, rng: np.random.Generator, yaw: float, above: float, lit: bool = False) -> None:
    """Draw a car of random make that stands at the origin, in metres; `lit` switches its lamps on."""
    kind = pick(rng, ("saloon", "hatchback", "hatchback", "estate", "off-roader", "van", "small", "pickup"))
    solid = Solid(sheet, BODIES[kind], varied(rng, pick(rng, PAINTS)), yaw, above)
    taxi = kind in ("saloon", "estate") and rng.random() < 0.15
    sign = 1 if solid.cosine >= 0 else -1
    for side in (-sign, sign):
        _wheels(solid, side)
    strips = sorted((edge for edge in range(8) if solid.faces(edge)), key=lambda edge: _depth(solid, edge))
    for edge in strips:
        _strip(solid, edge, lit)
    if abs(solid.cosine) > 0.05:
        _flank(solid, sign, rng.random() < 0.3)
    if taxi:
        x, y = solid.point(-0.06 * solid.body.length, solid.body.height, 0)
        sheet.block(x - 0.25, y, x + 0.25, y + 0.2, (250, 214, 70), glow=True)


def _depth(solid: Solid, edge: int) -> float:
    (x, _), (ahead, _) = solid.corner(edge), solid.corner(edge + 1)
    return -(x + ahead) / 2 * solid.sine


def _strip(solid: Solid, edge: int, lit: bool) -> None:
    """One strip across the car, with its window or lamps."""
    shade = {ROOF: 1.12, BONNET: 1.08, BOOT: 1.06, REAR: 0.84, BUMPER: 0.84, NOSE: 0.94}.get(edge, 0.95)
    solid.patch(edge, (0, 1), (-1, 1), scaled(solid.paint, shade))
    if edge in (REAR_GLASS, WINDSCREEN) and not (solid.body.closed and edge == REAR_GLASS):
        solid.patch(edge, (0.08, 0.92), (-0.88, 0.88), GLASS)
        solid.patch(
            edge, (0.3, 0.6) if edge == WINDSCREEN else (0.4, 0.7), (-0.88, 0.2), mixed(GLASS, (200, 220, 235), 0.35)
        )
    if edge == REAR_GLASS and solid.body.closed:
        for side in (-1, 1):
            solid.patch(edge, (0.35, 0.85), (min(side * 0.1, side * 0.8), max(side * 0.1, side * 0.8)), GLASS)
    if edge in (REAR, BUMPER):
        solid.patch(edge, (0, 0.22) if edge == REAR else (0.78, 1), (-1, 1), (50, 50, 54))
        solid.patch(edge, (0.38, 0.58) if edge == REAR else (0.5, 0.72), (-0.3, 0.3), (238, 238, 224))
    if edge == BUMPER:
        solid.patch(edge, (0.04, 0.42), (-0.5, 0.5), (46, 46, 50))
    for side in (-1, 1):
        across = (0.55, 0.95) if side > 0 else (-0.95, -0.55)
        if edge == NOSE:
            solid.patch(edge, (0.2, 0.95), across, LAMP, glow=lit)
        if edge == REAR:
            solid.patch(edge, (0.62, 0.92), across, STOP, glow=lit)


TURNS = [(float(np.cos(t)), float(np.sin(t))) for t in np.linspace(0, 2 * np.pi, 25)[:-1]]


def _circle(x: float, y: float, radius: float) -> list[Point]:
    return [(x + radius * cosine, y + radius * sine) for cosine, sine in TURNS]


def _axles(solid: Solid) -> tuple[float, float, float]:
    """Where the rear and the front axle are along the car, and the radius of a wheel, in metres."""
    return -0.3 * solid.body.length, 0.315 * solid.body.length, 0.3 + 0.05 * (solid.body.height > 1.7)


def _wheels(solid: Solid, sign: int) -> None:
    """The wheels of one side as thick discs, of which the body will hide the upper part."""
    rear, front, radius = _axles(solid)
    half = solid.body.width / 2 * sign
    for x in (rear, front):
        inner, outer = (
            [solid.point(a, b, z) for a, b in _circle(x, radius, radius)] for z in (0.68 * half, 0.97 * half)
        )
        (left, low), (right, high) = inner[0], outer[0]
        aside = [a * (high - low) - b * (right - left) for a, b in inner]  # across the way from disc to disc
        ends = int(np.argmin(aside)), int(np.argmax(aside))
        tread = [inner[ends[0]], inner[ends[1]], outer[ends[1]], outer[ends[0]]]
        for face in (inner, tread, outer):
            solid.sheet.area(face, TYRE)


def _flank(solid: Solid, sign: int, striped: bool) -> None:
    """The side that is seen: body, windows, doors, wheels, lamps."""
    body, length, height = solid.body, solid.body.length, solid.body.height
    solid.side([solid.corner(number) for number in range(9)], sign, solid.paint)
    foot, belt = body.outline[0][1] * height, body.outline[5][1] * height
    solid.side([(-length / 2, foot), (length / 2, foot), (length / 2, foot * 1.45), (-length / 2, foot * 1.45)], sign,
               scaled(solid.paint, 0.6))  # fmt: skip
    solid.side([(-length * 0.49, belt * 0.9), (length * 0.45, belt * 0.84), (length * 0.45, belt * 0.79),
                (-length * 0.49, belt * 0.85)], sign, scaled(solid.paint, 1.2 if not striped else 0.55))  # fmt: skip
    _side_windows(solid, sign)
    for share in (0.245, -0.02, -0.24)[: 2 if length < 4 else 3]:  # the gaps around the doors
        x, gap = share * length, 0.025
        seam = [(x, foot * 1.3), (x + gap, foot * 1.3), (x + gap, belt), (x, belt)]
        solid.side(seam, sign, scaled(solid.paint, 0.75))
    rear, front, radius = _axles(solid)
    for x in (rear, front):
        arch = [(a, b) for a, b in _circle(x, radius + 0.02, radius * 1.2) if b >= foot * 0.95]
        solid.side(arch, sign, (26, 26, 29))
        for size, colour in ((1.0, TYRE), (0.62, RIM), (0.2, (90, 92, 96))):
            z = solid.body.width / 2 * sign
            solid.sheet.area([solid.point(a, b, z) for a, b in _circle(x, radius, radius * size)], colour)
    (x, y), (_, low) = solid.corner(6), solid.corner(7)
    solid.side(
        [(x - 0.16, y - 0.02), (x + 0.02, y - 0.04), (length / 2 - 0.01, low), (x - 0.1, low + 0.03)], sign, LAMP
    )
    x, y = solid.corner(1)
    solid.side([(x, y - 0.05), (x + 0.14, y - 0.05), (x + 0.12, y - 0.25), (x, y - 0.25)], sign, STOP)


def _side_windows(solid: Solid, sign: int) -> None:
    """The windows between belt and roof, parted by posts."""
    low_rear, high_rear, high_front, low_front = (np.array(solid.corner(n)) for n in (2, 3, 4, 5))

    def place(t: float, up: float) -> Point:
        low, high = low_rear + (low_front - low_rear) * t, high_rear + (high_front - high_rear) * t
        x, y = low + (high - low) * up
        return float(x), float(y)

    posts = [0.07, *solid.body.pillars, 0.93]
    for number, (start, end) in enumerate(itertools.pairwise(posts)):
        if solid.body.closed and number == 0:
            continue
        a, b = start + 0.025 * (number > 0), end - 0.025 * (number < len(posts) - 2)
        solid.side([place(a, 0.08), place(b, 0.08), place(b, 0.86), place(a, 0.86)], sign, GLASS)
        middle = (a + b) / 2
        gleam = [
            place(middle - 0.03, 0.08),
            place(middle + 0.05, 0.08),
            place(middle + 0.08, 0.86),
            place(middle, 0.86),
        ]
        solid.side(gleam, sign, mixed(GLASS, (200, 220, 235), 0.4))
