"""Bicycles of the drawn streets, parked or ridden, from the side or aslant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..drawing import Colour, Sheet, pick, scaled, varied
from . import people
from .people import Looks

FRAMES = (
    (200, 40, 44), (36, 92, 170), (40, 130, 80), (30, 30, 34), (236, 236, 230), (240, 150, 40), (90, 180, 190),
    (220, 196, 60), (150, 60, 130),
)  # fmt: skip
WHEEL, BASE = 0.34, 0.53  # metres: a wheel's radius, and how far its hub is from the middle
SADDLE, BAR, PEDALS = (-0.24, 0.92), (0.36, 1.04), (-0.06, 0.29)


@dataclass(frozen=True)
class Bicycle:
    """How a bicycle looks. facing: 1 to the right, -1 to the left. slant: its length as seen, 1 from the side."""

    facing: int
    slant: float
    colour: Colour
    low: bool  # a frame to step through
    basket: bool
    rack: bool
    fenders: bool


def bicycle(rng: np.random.Generator, facing: int, slant: float) -> Bicycle:
    """A bicycle of random looks."""
    low, basket, rack, fenders = (bool(rng.random() < share) for share in (0.35, 0.25, 0.4, 0.5))
    return Bicycle(facing, slant, varied(rng, pick(rng, FRAMES)), low, basket, rack, fenders)


def _placed(bike: Bicycle) -> Callable[[float, float], tuple[float, float]]:
    """From places of a bicycle that faces right to places on the sheet."""
    return lambda x, y: (x * bike.facing * bike.slant, y)


def draw_bicycle(sheet: Sheet, bike: Bicycle) -> None:
    """Draw a bicycle that stands at the origin, in metres."""
    at = _placed(bike)
    rear, front = at(-BASE, WHEEL), at(BASE, WHEEL)
    for hub in (rear, front):
        for angle in np.arange(0, np.pi, np.pi / 4):
            x, y = WHEEL * bike.slant * float(np.cos(angle)), WHEEL * float(np.sin(angle))
            sheet.line([(hub[0] - x, hub[1] - y), (hub[0] + x, hub[1] + y)], 0.004, (150, 152, 156), thin=0.25)
        sheet.ring(*hub, WHEEL * bike.slant, WHEEL, 0.05, (34, 34, 38))
        sheet.disc(*hub, 0.04, (90, 92, 96))
    if bike.fenders:
        for hub, start, end in ((rear, 60, 190), (front, 20, 130)):
            arc = np.radians(np.linspace(start, end, 12))
            bow = [(hub[0] + bike.facing * bike.slant * 0.39 * float(np.cos(a)), hub[1] + 0.39 * float(np.sin(a)))
                   for a in arc]  # fmt: skip
            sheet.line(bow, 0.025, scaled(bike.colour, 0.8), thin=0.5)
    _frame(sheet, bike)
    sheet.disc(*at(*PEDALS), 0.09, (60, 60, 64))
    sheet.line([at(PEDALS[0] - 0.03, PEDALS[1] + 0.16), at(PEDALS[0] + 0.03, PEDALS[1] - 0.16)], 0.03, (90, 90, 94))


def _frame(sheet: Sheet, bike: Bicycle) -> None:
    """The tubes, the saddle, the handlebar, and basket and rack where there are any."""
    at, tube = _placed(bike), 0.05
    seat, head, fork = at(-0.19, 0.72), at(0.32, 0.86), at(0.35, 0.68)
    pedals, rear, front = at(*PEDALS), at(-BASE, WHEEL), at(BASE, WHEEL)
    for line in ([rear, seat], [rear, pedals], [at(*SADDLE), pedals], [head, front]):
        sheet.line(line, tube * 0.8, bike.colour)
    upper = [at(-0.11, 0.45), at(0.2, 0.6), fork] if bike.low else [seat, head]
    sheet.line(upper, tube, bike.colour)
    sheet.line([pedals, fork], tube, bike.colour)
    sheet.line([head, at(0.3, 1.0), at(*BAR)], 0.035, (60, 60, 64))
    sheet.line([at(*BAR), at(BAR[0] - 0.1, BAR[1] + 0.02)], 0.045, (30, 30, 32))
    sheet.line([at(SADDLE[0] - 0.12, SADDLE[1] + 0.02), at(SADDLE[0] + 0.1, SADDLE[1] + 0.02)], 0.065, (40, 34, 32))
    if bike.rack:
        sheet.line([at(-0.28, 0.76), at(-0.78, 0.76)], 0.03, (70, 70, 74))
        sheet.line([at(-0.7, 0.76), rear], 0.02, (70, 70, 74), thin=0.5)
    if bike.basket:
        x, y = at(0.55, 0.94)
        half = 0.15 * max(bike.slant, 0.7)
        sheet.area([(x - half, y + 0.1), (x + half, y + 0.1), (x + half * 0.8, y - 0.13), (x - half * 0.8, y - 0.13)],
                   (150, 112, 66))  # fmt: skip


def draw_rider(sheet: Sheet, rng: np.random.Generator, bike: Bicycle, who: Looks) -> None:
    """Draw who rides the bicycle that stands at the origin, in metres; the bicycle itself is another sheet."""
    at = _placed(bike)
    lean = float(rng.uniform(0.12, 0.34))
    hip, shoulder = (SADDLE[0] + 0.02, SADDLE[1] + 0.1), (SADDLE[0] + lean, 1.45)
    turn = float(rng.uniform(0, 2 * np.pi))
    for nearer in (False, True):
        shade, angle = (1.0, turn) if nearer else (0.75, turn + np.pi)
        foot = (PEDALS[0] + 0.16 * float(np.cos(angle)), PEDALS[1] + 0.06 + 0.16 * float(np.sin(angle)))
        leg = [hip, _joint(hip, foot, 0.44), foot]
        bare = who.dress in ("shorts", "skirt")
        sheet.line([at(*p) for p in leg], 0.12, scaled(who.skin if bare else who.legs, shade))
        if bare:
            sheet.line([at(*p) for p in leg[:2]], 0.16, scaled(who.legs, shade))
        sheet.line([at(*foot), at(foot[0] + 0.12, foot[1] - 0.02)], 0.08, scaled(who.shoes, shade))
        if not nearer:
            _trunk(sheet, bike, who, hip, shoulder)
    arm = [shoulder, (shoulder[0] + 0.2, 1.2), (BAR[0] - 0.06, BAR[1] + 0.04)]
    sheet.line([at(*p) for p in arm], 0.1, scaled(who.top, 0.86))
    sheet.disc(*at(*arm[2]), 0.05, who.skin)


def _trunk(sheet: Sheet, bike: Bicycle, who: Looks, hip: tuple[float, float], shoulder: tuple[float, float]) -> None:
    """Trunk and head, above the farther leg and below the nearer one."""
    at, half = _placed(bike), 0.13 * who.broad
    sheet.line([at(shoulder[0] + 0.01, shoulder[1]), at(shoulder[0] + 0.05, shoulder[1] + 0.12)], 0.12, who.skin)
    sheet.area([at(hip[0] - half, hip[1] - 0.08), at(hip[0] + half, hip[1] - 0.06),
                at(shoulder[0] + half * 0.85, shoulder[1] - 0.05), at(shoulder[0] + half * 0.3, shoulder[1] + 0.05),
                at(shoulder[0] - half, shoulder[1] - 0.02)], who.top)  # fmt: skip
    x, y = at(shoulder[0] + 0.07, shoulder[1] + 0.2)
    people.draw_head(sheet, who, x, y, 1.75)


def _joint(start: tuple[float, float], end: tuple[float, float], length: float) -> tuple[float, float]:
    """The knee between two parts of a leg, each of this length, bent forwards."""
    along = np.subtract(end, start)
    apart = float(np.hypot(*along))
    out = np.sqrt(max(length**2 - (apart / 2) ** 2, 0.0)) / apart
    x, y = np.add(start, end) / 2 + out * np.array([-along[1], along[0]])
    return float(x), float(y)
