"""What else is found in the drawn harbours: cranes, buoys and gulls."""

from __future__ import annotations

import numpy as np

from ..drawing import Colour, Sheet, pick, scaled, varied
from .profile import Profile
from .vessels import BOXES

STEELS = ((208, 60, 44), (236, 176, 40), (46, 96, 168), (230, 120, 40), (90, 140, 150), (60, 130, 90), (190, 192, 196))
RED, GREEN, YELLOW, WHITE, BLACK = (206, 40, 44), (40, 140, 84), (244, 200, 50), (242, 242, 238), (34, 34, 38)
BILL, WING = (240, 176, 50), (136, 146, 160)


def crane(sheet: Sheet, rng: np.random.Generator) -> None:
    """Draw a crane of some 30 metres that stands at the origin: a gantry, a jib crane or a tower crane, in metres."""
    view, colour = Profile(sheet, pick(rng, (1, -1))), varied(rng, pick(rng, STEELS), 12)
    pick(rng, (_gantry, _gantry, _jib, _tower))(view, rng, colour)


def _lattice(view: Profile, foot: tuple[float, float], tip: tuple[float, float], wide: float, colour: Colour) -> None:
    """A girder of two beams and the struts between them."""
    start, end = np.array(foot), np.array(tip)
    across = np.array([-(end - start)[1], (end - start)[0]]) / np.hypot(*(end - start)) * wide / 2
    count = max(int(np.hypot(*(end - start)) / (wide * 1.6)), 2)
    stops = [start + (end - start) * t for t in np.linspace(0, 1, count + 1)]
    struts = [stop + across * (1 if number % 2 else -1) for number, stop in enumerate(stops)]
    view.line([(float(x), float(y)) for x, y in struts], 0.16, scaled(colour, 0.85), thin=0.45)
    for beam in (across, -across):
        view.line([(float(x), float(y)) for x, y in (start + beam, end + beam)], 0.4, colour)


def _hook(view: Profile, rng: np.random.Generator, x: float, high: float) -> None:
    """A load on its rope, or the empty hook."""
    low = high - float(rng.uniform(5, 13))
    view.line([(x, high), (x, low)], 0.12, (70, 70, 74), thin=0.45)
    if rng.random() < 0.6:
        view.block(x - 2.4, low - 2.2, x + 2.4, low, varied(rng, pick(rng, BOXES), 10))
    else:
        view.block(x - 0.5, low - 0.9, x + 0.5, low, (60, 60, 64))


def _gantry(view: Profile, rng: np.random.Generator, colour: Colour) -> None:
    boom, apex = float(rng.uniform(20.5, 23)), float(rng.uniform(29, 32))
    raised = rng.random() < 0.2
    tip = (17.5, boom + 11.0) if raised else (24.0, boom)
    for x in (-5.5, 5.5):
        view.line([(x, 0.6), (x * 0.85, boom)], 1.2, colour)
        view.block(x - 1.6, 0, x + 1.6, 1.1, (60, 62, 66))
    view.line([(-5.2, 8.0), (5.2, 8.0)], 1.0, scaled(colour, 0.92))
    view.line([(-5.0, 8.4), (4.7, boom - 1)], 0.5, scaled(colour, 0.85))
    view.line([(4.7, boom), (2.5, apex), (-4.7, boom)], 0.7, colour)
    view.line([(2.5, apex), (tip[0] * 0.92, tip[1] + 0.3)], 0.3, scaled(colour, 0.8), thin=0.5)
    view.line([(2.5, apex), (-11, boom + 0.5)], 0.3, scaled(colour, 0.8), thin=0.5)
    view.line([(-12, boom), (5, boom)], 1.5, colour)
    view.line([(5, boom), tip], 1.3, colour)
    view.block(-10, boom + 0.4, -4.2, boom + 3.2, scaled(colour, 0.75))
    place = 7.0 if raised else float(rng.uniform(8, 20))
    view.block(place - 1.3, boom - 2.9, place + 1.3, boom - 0.5, WHITE)
    view.block(place + 0.2, boom - 2.4, place + 1.1, boom - 1.4, (60, 84, 110))
    _hook(view, rng, -1.0 if raised else place - 2.5, boom - 0.6)


def _jib(view: Profile, rng: np.random.Generator, colour: Colour) -> None:
    for x in (-4, 4):
        view.line([(x, 0.4), (x * 0.55, 8.5)], 1.1, scaled(colour, 0.9))
        view.block(x - 1.3, 0, x + 1.3, 0.9, (60, 62, 66))
    view.line([(-3, 5.0), (3, 5.0)], 0.7, scaled(colour, 0.9))
    view.line([(-2.6, 8.6), (2.6, 8.6)], 1.3, (70, 72, 76))
    view.area([(-5, 9.2), (3.2, 9.2), (3.2, 13.4), (-4.4, 13.4)], colour)
    view.block(1.4, 10.2, 3.8, 13.0, (226, 232, 236))
    view.block(2.2, 10.8, 3.6, 12.4, (60, 84, 110))
    view.block(-6.6, 9.2, -4.6, 12.0, (64, 66, 70))
    reach, high = float(rng.uniform(13, 19)), float(rng.uniform(24, 30))
    view.line([(-3.4, 13.2), (-1.2, 20), (1.2, 13.2)], 0.6, colour)
    _lattice(view, (1.6, 13.0), (reach, high), 1.5, colour)
    view.line([(-1.2, 20), (reach * 0.95, high)], 0.16, (70, 70, 74), thin=0.5)
    _hook(view, rng, reach, high)


def _tower(view: Profile, rng: np.random.Generator, colour: Colour) -> None:
    high = float(rng.uniform(22, 26))
    view.block(-2.6, 0, 2.6, 1.0, (120, 120, 122))
    _lattice(view, (0, 1.0), (0, high), 1.9, colour)
    _lattice(view, (0.5, high + 0.6), (21, high + 0.6), 1.2, colour)
    _lattice(view, (-8.5, high + 0.6), (-0.5, high + 0.6), 1.2, colour)
    view.line([(0, high), (0, high + 5.5)], 0.7, colour)
    view.line([(0, high + 5.5), (15, high + 1.2)], 0.16, (70, 70, 74), thin=0.5)
    view.line([(0, high + 5.5), (-7, high + 1.2)], 0.16, (70, 70, 74), thin=0.5)
    view.block(-8.6, high - 1.6, -5.6, high + 0.8, (110, 110, 112))
    view.block(0.7, high - 2.2, 2.7, high + 0.0, (232, 236, 238))
    view.block(1.5, high - 1.7, 2.6, high - 0.6, (60, 84, 110))
    _hook(view, rng, float(rng.uniform(9, 19)), high)


def buoy(sheet: Sheet, rng: np.random.Generator, lit: bool) -> None:
    """Draw a buoy of some 3.5 metres that floats at the origin: a pillar, a can, a cone or a ball, in metres."""
    view = Profile(sheet, 1, float(rng.normal(0, 0.09)))
    painted = pick(rng, ((RED,), (GREEN,), (RED, WHITE, RED), (YELLOW,), (BLACK, YELLOW), (YELLOW, BLACK, YELLOW),
                       (GREEN, WHITE, GREEN), (BLACK, RED, BLACK)))  # fmt: skip
    bands = [varied(rng, band, 8) for band in painted]
    kind = pick(rng, ("pillar", "pillar", "can", "cone", "ball"))
    if kind == "ball":
        view.sheet.disc(*view.at(0, 0.75), 1.2, bands[0])
        view.area([(-1.17, 0.6), (1.17, 0.6), (1.17, 1.0), (-1.17, 1.0)], bands[-1] if len(bands) > 1 else WHITE)
        view.sheet.disc(*view.at(-0.4, 1.35), 0.28, scaled(bands[0], 1.35))
        view.line([(0, 1.9), (0, 2.5)], 0.18, (70, 70, 74))
        return
    narrow, top = {"pillar": (0.32, 2.9), "can": (0.85, 2.1), "cone": (0.1, 2.6)}[kind]
    low, wide = (0.65, 0.75) if kind == "pillar" else (0.5, 1.05)
    view.area([(-1.3, -0.2), (1.3, -0.2), (1.3, 0.35), (1.0, 0.75), (-1.0, 0.75), (-1.3, 0.35)], bands[0])
    edges = np.linspace(low, top, len(bands) + 1)
    halves = wide + (narrow - wide) * (edges - low) / (top - low)
    for number, colour in enumerate(bands):
        (y, high), (left, right) = edges[number : number + 2], halves[number : number + 2]
        view.area([(-left, y), (left, y), (right, high), (-right, high)], colour)
        view.area([(left * 0.35, y), (left, y), (right, high), (right * 0.35, high)], scaled(colour, 0.8))
    _topmark(view, pick(rng, ("lamp", "lamp", "cones", "cross", "can")), top, bands[0], lit)


def _topmark(view: Profile, kind: str, top: float, colour: Colour, lit: bool) -> None:
    view.line([(0, top - 0.1), (0, top + 0.5)], 0.14, (60, 60, 64))
    if kind == "lamp":
        view.block(-0.28, top + 0.1, 0.28, top + 0.65, (255, 236, 150) if lit else (222, 226, 228), glow=lit)
        view.block(-0.38, top + 0.6, 0.38, top + 0.78, (60, 60, 64))
    elif kind == "cones":
        for y in (top + 0.2, top + 0.85):
            view.area([(-0.4, y), (0.4, y), (0, y + 0.6)], BLACK)
    elif kind == "cross":
        for side in (-1, 1):
            view.line([(-0.4 * side, top + 0.35), (0.4 * side, top + 1.1)], 0.2, YELLOW)
    else:
        view.block(-0.4, top + 0.3, 0.4, top + 1.0, colour)


def gull(sheet: Sheet, rng: np.random.Generator, pose: str) -> None:
    """Draw a gull at the origin, half a wing's span as the unit. pose: 'flying', 'gliding', 'standing', 'floating'."""
    view = Profile(sheet, pick(rng, (1, -1)), 0.0)
    wing, white = varied(rng, WING, 14), varied(rng, WHITE, 5)
    if pose == "gliding":
        _gliding(view, rng, wing, white)
    elif pose == "flying":
        _flying(view, rng, wing, white)
    else:
        _sitting(view, wing, white, legs=pose == "standing")


def _gliding(view: Profile, rng: np.random.Generator, wing: Colour, white: Colour) -> None:
    """Towards the viewer, the wings spread like an M."""
    lift, tilt = float(rng.uniform(0.12, 0.4)), float(rng.normal(0, 0.12))
    for side in (-1, 1):
        elbow, tip = (side * 0.45, lift + side * tilt * 0.45), (side * 1.0, lift * 0.25 + side * tilt)
        view.area([(0, 0.13), elbow, (elbow[0], elbow[1] - 0.2), (0, -0.08)], wing)
        view.area([elbow, tip, (elbow[0], elbow[1] - 0.2)], scaled(wing, 0.94))
        back = (tip[0] - side * 0.22, tip[1] + (elbow[1] - tip[1]) * 0.38)
        view.area([back, tip, (back[0], back[1] - 0.09)], BLACK)
    view.sheet.disc(0, 0.0, 0.15, white, 0.17)
    view.sheet.disc(0, 0.1, 0.1, white)
    view.area([(-0.035, 0.08), (0.035, 0.08), (0, -0.02)], BILL)


def _flying(view: Profile, rng: np.random.Generator, wing: Colour, white: Colour) -> None:
    """From the side, both wings up or down."""
    up = 1 if rng.random() < 0.65 else -1
    sweep = float(rng.uniform(-0.25, 0.1))
    far = [(0.12, 0.04), (0.3 + sweep, 0.5 * up), (0.12 + sweep, 0.82 * up), (-0.08, 0.04)]
    view.area(far, scaled(wing, 0.8))
    view.area([(-0.42, 0.02), (-0.72, 0.1), (-0.7, -0.06)], white)  # the tail
    view.sheet.disc(*view.at(-0.06, 0), 0.42, white, 0.14)
    view.sheet.disc(*view.at(0.36, 0.06), 0.12, white)
    view.area([(0.45, 0.09), (0.62, 0.02), (0.45, 0.01)], BILL)
    view.sheet.disc(*view.at(0.39, 0.09), 0.024, BLACK)
    near = [
        (0.16, 0.06),
        (0.02 + sweep, 0.52 * up),
        (-0.36 + sweep, 0.98 * up),
        (-0.24 + sweep, 0.5 * up),
        (-0.24, 0.02),
    ]
    view.area(near, wing)
    view.area([(-0.16 + sweep, 0.75 * up), (-0.36 + sweep, 0.98 * up), (-0.31 + sweep, 0.72 * up)], BLACK)


def _sitting(view: Profile, wing: Colour, white: Colour, legs: bool) -> None:
    """On its feet, the origin between them, or on the water."""
    base = 0.28 if legs else 0.08
    for x in (-0.04, 0.08) if legs else ():
        view.line([(x, 0), (x, base)], 0.03, BILL)
        view.line([(x - 0.02, 0.0), (x + 0.08, 0.0)], 0.03, BILL)
    view.area([(-0.35, base + 0.1), (-0.78, base + 0.16), (-0.35, base + 0.3)], BLACK)  # the wings' tips
    view.sheet.disc(*view.at(0, base + 0.2), 0.42, white, 0.21)
    view.area([(0.12, base + 0.3), (0.4, base + 0.28), (0.42, base + 0.6), (0.2, base + 0.6)], white)
    view.sheet.disc(*view.at(0.3, base + 0.62), 0.14, white)
    view.area([(0.4, base + 0.66), (0.62, base + 0.57), (0.4, base + 0.54)], BILL)
    view.sheet.disc(*view.at(0.34, base + 0.66), 0.03, BLACK)
    view.area(
        [(0.16, base + 0.36), (-0.2, base + 0.38), (-0.6, base + 0.2), (-0.3, base + 0.1), (0.1, base + 0.14)], wing
    )
