"""Vessels of the drawn harbours: ferries, cargo ships, trawlers and tugs; sailing boats under sail or at rest."""

from __future__ import annotations

import numpy as np

from ..drawing import Colour, Point, Sheet, pick, scaled, varied
from .profile import GLASS, Profile

HULLS = (
    (36, 60, 110), (160, 40, 44), (30, 34, 42), (240, 240, 236), (40, 110, 90), (214, 110, 44), (84, 110, 140),
    (110, 40, 60),
)  # fmt: skip
BOXES = (
    (190, 60, 50), (50, 100, 160), (60, 140, 90), (230, 160, 50), (150, 152, 156), (120, 70, 110), (210, 200, 186),
    (60, 150, 170),
)  # fmt: skip
WHITE, RUST = (240, 240, 236), (150, 52, 44)
SAILS = (
    (248, 246, 238),
    (248, 246, 238),
    (240, 232, 208),
    (178, 84, 52),
    (226, 70, 60),
    (70, 110, 190),
    (244, 190, 60),
)
LENGTHS = {"ferry": 34.0, "cargo": 52.0, "trawler": 18.0, "tug": 15.0}  # metres


def ship(sheet: Sheet, rng: np.random.Generator, kind: str, lit: bool) -> None:
    """Draw a ship of one of LENGTHS, its middle over the origin on the water line, in metres."""
    hull, colour = Profile(sheet, pick(rng, (1, -1))), varied(rng, pick(rng, HULLS), 10)
    {"ferry": _ferry, "cargo": _cargo, "trawler": _trawler, "tug": _tug}[kind](hull, rng, colour, lit)


def _funnel(hull: Profile, rng: np.random.Generator, x: float, low: float, size: float) -> None:
    colour, band = varied(rng, pick(rng, HULLS), 10), pick(rng, ((244, 240, 230), (236, 190, 60), (30, 30, 34)))
    hull.area(
        [(x - size, low), (x + size, low), (x + size * 0.7, low + size * 2.4), (x - size, low + size * 2.4)], colour
    )
    hull.block(x - size, low + size * 1.0, x + size * 0.85, low + size * 1.55, band)
    hull.block(x - size, low + size * 2.1, x + size * 0.72, low + size * 2.45, (34, 34, 38))


def _ferry(hull: Profile, rng: np.random.Generator, colour: Colour, lit: bool) -> None:
    hull.area([(-16.5, -0.3), (15, -0.3), (18.5, 5.2), (17, 5.0), (-17, 4.4)], colour)
    hull.area([(-16.5, -0.3), (15, -0.3), (15.6, 0.6), (-16.6, 0.6)], RUST)
    hull.area([(-16.9, 3.4), (17.2, 3.6), (17.8, 4.3), (-17, 4.1)], WHITE)
    decks, aft = int(rng.integers(1, 4)), float(rng.uniform(-16, -10))
    for deck in range(decks):
        low, front = 4.4 + deck * 2.4, 14.5 - deck * 1.6
        hull.area(
            [(aft + deck, low), (front, low), (front - 0.9, low + 2.4), (aft + deck, low + 2.4)],
            scaled(WHITE, 1 - 0.05 * deck),
        )
        hull.windows(aft + deck + 1, front - 1.2, low + 0.9, 1.5, lit)
    top = 4.4 + decks * 2.4
    front = 14.0 - decks * 1.6
    hull.area([(front - 6, top), (front, top), (front - 0.7, top + 2.3), (front - 6, top + 2.3)], WHITE)
    hull.windows(front - 5.4, front - 0.2, top + 1.0, 1.2, lit)
    hull.line([(front - 4, top + 2.3), (front - 4, top + 6)], 0.25, (200, 200, 196))
    _funnel(hull, rng, float(rng.uniform(-6, 0)), top, float(rng.uniform(1.3, 1.9)))
    for x in np.arange(aft + 3, front - 7, 4.5):
        hull.block(float(x), top + 0.1, float(x) + 2.6, top + 1.0, (232, 110, 44))  # lifeboats


def _cargo(hull: Profile, rng: np.random.Generator, colour: Colour, lit: bool) -> None:
    hull.area(
        [(-24.5, -0.4), (24, -0.4), (24.5, 1.4), (27.5, 7.2), (23, 6.8), (21.5, 5.2), (-25, 5.2), (-26, 5.2)], colour
    )
    hull.area([(-24.6, -0.4), (24, -0.4), (24.5, 1.2), (-25, 1.2)], RUST)
    full = rng.random() < 0.75
    for column in range(10 if full else 0):
        x = -15.5 + column * 3.7
        for row in range(int(rng.integers(1, 4))):
            shade = varied(rng, pick(rng, BOXES), 10)
            hull.block(x, 5.3 + row * 2.3, x + 3.5, 5.3 + row * 2.3 + 2.15, shade)
            hull.block(x, 5.3 + row * 2.3, x + 0.25, 5.3 + row * 2.3 + 2.15, scaled(shade, 0.75))
    for x in () if full else (-14.0, -5.5, 3.0, 11.5):
        hull.block(x, 5.2, x + 7, 6.6, scaled(RUST, 1.1))  # hatches
    hull.block(-24, 5.2, -17, 13.5, WHITE)
    for deck in range(3):
        hull.windows(-23.4, -17.4, 6.4 + deck * 2.2, 1.4, lit)
    hull.block(-24.5, 13.2, -16.2, 15.6, scaled(WHITE, 0.97))
    hull.windows(-23.9, -16.6, 14.1, 1.3, lit)
    _funnel(hull, rng, -22.5, 15.6, 1.3)
    hull.line([(-18.5, 15.6), (-18.5, 19.5)], 0.3, (210, 210, 206))
    hull.line([(24.5, 6.8), (24.5, 10.5)], 0.3, (210, 210, 206))


def _trawler(hull: Profile, rng: np.random.Generator, colour: Colour, lit: bool) -> None:
    hull.area([(-8.2, -0.3), (7, -0.3), (9.4, 4.4), (5, 3.2), (0, 2.4), (-5, 2.3), (-9, 2.9)], colour)
    hull.area([(-8.3, -0.3), (7, -0.3), (7.3, 0.4), (-8.4, 0.4)], RUST)
    hull.line([(-9, 2.8), (-5, 2.2), (0, 2.3), (5, 3.1), (9.3, 4.3)], 0.3, (240, 236, 226))
    house = float(rng.uniform(-1, 2.5))
    hull.area([(house - 3.4, 2.4), (house + 1.4, 2.4), (house + 1.0, 5.8), (house - 3.4, 5.8)], WHITE)
    hull.block(house - 3.8, 5.6, house + 1.4, 6.1, varied(rng, pick(rng, HULLS), 10))
    hull.windows(house - 2.9, house + 1.0, 4.2, 1.3, lit)
    hull.line([(house - 4.4, 2.4), (house - 4.4, 10.5)], 0.3, (120, 100, 80))
    hull.line([(house - 4.4, 4.4), (-9.5, 8.2)], 0.25, (120, 100, 80))
    hull.line([(house - 4.4, 10.3), (-9.5, 8.2)], 0.08, (70, 70, 74), thin=0.4)
    hull.line([(house - 4.4, 10.3), (9, 4.3)], 0.08, (70, 70, 74), thin=0.4)
    hull.area([(-8, 2.7), (-6, 2.5), (-6.3, 4.0), (-7.6, 4.1)], (70, 130, 110))  # a heap of nets


def _tug(hull: Profile, rng: np.random.Generator, colour: Colour, lit: bool) -> None:
    hull.area([(-6.8, -0.3), (6, -0.3), (7.8, 3.4), (4, 2.9), (-2, 2.1), (-7.6, 2.1)], colour)
    for x in np.arange(-6.5, 6.6, 1.6):
        hull.sheet.disc(*hull.at(float(x), 1.4 + max(x, 0) * 0.08), 0.55, (26, 26, 28))  # fenders
    hull.area([(-3.0, 2.2), (4.6, 2.6), (4.2, 5.0), (-3.0, 5.0)], varied(rng, (236, 226, 200), 10))
    hull.area([(-0.4, 5.0), (3.8, 5.0), (4.2, 7.6), (-0.4, 7.6)], WHITE)
    hull.windows(0.0, 4.2, 6.2, 1.0, lit)
    hull.windows(-2.4, 4.0, 3.5, 1.6, lit)
    hull.block(-0.8, 7.5, 4.6, 8.0, colour)
    _funnel(hull, rng, -1.9, 5.0, 0.9)
    hull.line([(1.4, 8.0), (1.4, 11)], 0.25, (220, 190, 60))


def sailboat(sheet: Sheet, rng: np.random.Generator) -> None:
    """Draw a sailing boat of some 9 metres, its middle over the origin on the water line, in metres."""
    sailing = rng.random() < 0.78
    hull = Profile(sheet, pick(rng, (1, -1)), float(rng.normal(0, 0.07)) if sailing else 0.0)
    colour, sail = varied(rng, pick(rng, (WHITE, WHITE, *HULLS)), 10), varied(rng, pick(rng, SAILS), 5)
    tall, two_masts = float(rng.uniform(10, 12.5)), rng.random() < 0.2
    masts = [(1.2, tall), (-2.9, tall * 0.68)] if two_masts else [(0.5, tall)]
    for x, top in masts:
        hull.line([(x, 1.0), (x, top)], 0.2, (150, 120, 84))
    (x, top), aft = masts[0], -2.4 if two_masts else -4.2
    if sailing:
        jib = sail if rng.random() < 0.6 else varied(rng, pick(rng, SAILS), 5)
        hull.area([(x + 0.2, top * 0.93), (4.9, 1.7), (x + 0.3, 2.0)], scaled(jib, 0.93))
        hull.area(_mainsail(x - 0.15, aft, top), sail)
        for share in (0.35, 0.6):
            hull.line(
                [(x - 0.2, top * share), (aft + (x - aft) * share * 0.85, top * share)], 0.07, scaled(sail, 0.82), 0.35
            )
        if two_masts:
            hull.area(_mainsail(-3.05, -5.4, masts[1][1]), scaled(sail, 0.96))
    else:
        for mast, top_ in masts:
            hull.line([(mast, 2.1), (mast - 3.6, 2.2)], 0.5, (60, 90, 150))  # the furled sail in its cover
            hull.line([(mast, top_), (4.9, 1.5)], 0.06, (90, 90, 94), thin=0.35)
            hull.line([(mast, top_), (-4.6, 1.3)], 0.06, (90, 90, 94), thin=0.35)
    hull.area([(-4.3, -0.25), (3.3, -0.25), (5.1, 1.6), (0, 1.15), (-4.7, 1.25)], colour)
    hull.area([(-4.4, 0.55), (4.0, 0.55), (4.3, 0.85), (-4.5, 0.85)], scaled(colour, 0.72))
    hull.area([(-2.6, 1.15), (1.6, 1.25), (1.0, 1.9), (-2.3, 1.85)], scaled(WHITE, 0.92))
    hull.area([(-2.1, 1.35), (0.7, 1.4), (0.5, 1.65), (-2.0, 1.62)], GLASS)


def _mainsail(mast: float, aft: float, top: float) -> list[Point]:
    """A sail between a mast and its boom, the free edge a little round."""
    edge = [(aft + (mast - aft) * t - 0.55 * np.sin(np.pi * t), 2.1 + (top - 2.4) * t) for t in np.linspace(0, 1, 9)]
    return [(mast, 1.9), (aft, 2.0), *((float(x), float(y)) for x, y in edge)]
