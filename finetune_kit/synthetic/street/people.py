"""People of the drawn streets: walking, standing, seen from the side, from the front and from behind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..drawing import Colour, Sheet, mixed, pick, scaled, varied

SKINS = ((247, 214, 188), (233, 190, 156), (205, 152, 112), (164, 112, 78), (118, 76, 52), (84, 54, 40))
HAIRS = ((40, 30, 26), (62, 40, 28), (104, 66, 38), (160, 110, 60), (216, 178, 104), (150, 146, 142), (168, 74, 40))
CLOTHES = (
    (196, 52, 52), (40, 88, 160), (232, 176, 52), (48, 130, 84), (240, 238, 232), (48, 50, 58), (130, 74, 140),
    (232, 124, 60), (90, 168, 200), (216, 120, 150), (120, 92, 70), (150, 160, 170), (24, 60, 90), (150, 190, 80),
)  # fmt: skip
TROUSERS = ((44, 60, 96), (60, 84, 130), (40, 40, 46), (96, 84, 70), (150, 140, 120), (84, 90, 98), (70, 50, 44))
SHOES = ((30, 28, 28), (90, 58, 38), (232, 230, 226), (170, 40, 44))

HEAD = 0.078  # the radius of a head, in body heights
SHOULDER, HIP, KNEE = 0.80, 0.50, 0.26  # how high they are, in body heights


@dataclass(frozen=True)
class Looks:
    """What a person wears and has. facing: 1 to the right, -1 to the left, 0 towards the viewer, 2 away."""

    facing: int
    skin: Colour
    hair: Colour
    top: Colour
    legs: Colour
    shoes: Colour
    dress: str  # 'trousers', 'shorts', 'skirt', 'coat'
    style: str  # 'short', 'long', 'bun', 'hat', 'hood', 'bald'
    broad: float  # how broad, 1 is usual

    @property
    def sideways(self) -> bool:
        """Whether the person is seen from the side."""
        return self.facing in (1, -1)


def looks(rng: np.random.Generator, facing: int) -> Looks:
    """A person of random looks."""
    return Looks(
        facing,
        varied(rng, pick(rng, SKINS), 8),
        varied(rng, pick(rng, HAIRS), 10),
        varied(rng, pick(rng, CLOTHES)),
        varied(rng, pick(rng, TROUSERS if rng.random() < 0.75 else CLOTHES), 12),
        pick(rng, SHOES),
        pick(rng, ("trousers", "trousers", "trousers", "shorts", "skirt", "coat")),
        pick(rng, ("short", "short", "long", "long", "bun", "hat", "hood", "bald")),
        float(rng.uniform(0.88, 1.22)),
    )


def person(sheet: Sheet, rng: np.random.Generator, who: Looks, rain: bool = False) -> None:
    """Draw a person with the feet at the origin, body heights as the unit, with what is carried: bag or umbrella."""
    walking = rng.random() < (0.75 if who.sideways else 0.45)
    stride = float(rng.uniform(0.2, 0.5)) if walking else 0.04
    bag = pick(rng, ("", "", "backpack", "handbag", "case")) if who.facing != 0 else pick(rng, ("", "handbag"))
    umbrella = rng.random() < (0.5 if rain else 0.04)
    colour = varied(rng, pick(rng, CLOTHES))
    if bag == "backpack" and who.facing != 2:
        _backpack(sheet, who, colour)
    _arm(sheet, who, -stride, near=False)
    _legs(sheet, who, stride)
    _body(sheet, who)
    draw_head(sheet, who, 0.0, 1.0 - HEAD - 0.01)
    if bag == "backpack" and who.facing == 2:
        _backpack(sheet, who, colour)
    if umbrella:
        _umbrella(sheet, who, varied(rng, pick(rng, CLOTHES)))
    else:
        hand = _arm(sheet, who, stride, near=True)
        _carried(sheet, who, bag, hand, colour)


def _legs(sheet: Sheet, who: Looks, stride: float) -> None:
    """Two legs: the farther one darker and behind, the nearer one before; from the front side by side."""
    for nearer in (False, True):
        turn = stride if nearer else -stride
        shade = 1.0 if nearer else 0.78
        if who.sideways:
            hip, direction = 0.0, who.facing
            knee = (hip + direction * np.sin(turn) * 0.24, KNEE)
            bend = -0.25 if turn < 0 else 0.1  # the leg that is behind is bent
            foot = (knee[0] + direction * np.sin(turn + bend) * 0.24, 0.025 + 0.05 * (turn < -0.15))
            toes = (foot[0] + direction * 0.065, foot[1] - 0.005)
        else:
            hip = (0.052 if nearer else -0.052) * who.broad
            knee, foot = (hip * 1.1, KNEE), (hip * 1.15, 0.025 + 0.6 * max(-turn, 0) * 0.12)
            toes, shade = (foot[0] + 0.01 * np.sign(hip), foot[1] - 0.008), 1.0 if nearer else 0.93
        bare = who.dress in ("shorts", "skirt")
        line = [(hip, HIP), knee, foot]
        sheet.line(line, 0.075, scaled(who.skin if bare else who.legs, shade))
        if who.dress == "shorts":
            sheet.line(line[:2], 0.1, scaled(who.legs, shade))
        sheet.line([foot, toes], 0.05, scaled(who.shoes, shade))


def _body(sheet: Sheet, who: Looks) -> None:
    """The trunk, and a skirt or a coat below it."""
    wide = (0.085 if who.sideways else 0.125) * who.broad
    waist = wide * 0.82
    hem = {"coat": 0.3, "skirt": 0.34}.get(who.dress, HIP - 0.02)
    if who.dress == "skirt":
        sheet.area([(-waist, HIP + 0.06), (waist, HIP + 0.06), (wide * 1.35, hem), (-wide * 1.35, hem)], who.legs)
        hem = HIP + 0.04
    low = wide * 1.12 if who.dress == "coat" else waist
    sheet.line([(0, SHOULDER), (0, 0.86)], 0.07, scaled(who.skin, 0.9))  # the neck
    sheet.area([(-wide, SHOULDER), (-wide * 0.55, 0.835), (wide * 0.55, 0.835), (wide, SHOULDER), (waist, 0.58),
                (low, hem), (-low, hem), (-waist, 0.58)], who.top)  # fmt: skip
    if who.facing == 0 and who.dress == "coat":
        sheet.line([(0, SHOULDER), (0, hem + 0.02)], 0.012, scaled(who.top, 0.65), thin=0.4)


def _arm(sheet: Sheet, who: Looks, swing: float, near: bool) -> tuple[float, float]:
    """One arm; where its hand is."""
    sleeve = scaled(who.top, 0.9 if near else 0.72)
    if who.sideways:
        elbow = (-who.facing * np.sin(swing) * 0.16, SHOULDER - 0.17)
        hand = (elbow[0] + who.facing * np.sin(0.35 - swing) * 0.15, elbow[1] - 0.14)
        shoulder = (0.0, SHOULDER - 0.01)
    else:
        side = (1 if near else -1) * who.broad
        shoulder, elbow, hand = (side * 0.115, SHOULDER - 0.015), (side * 0.15, 0.65), (side * 0.155, 0.5)
    sheet.line([shoulder, elbow, hand], 0.058, sleeve)
    sheet.disc(*hand, 0.032, who.skin)
    return float(hand[0]), float(hand[1])


def draw_head(sheet: Sheet, who: Looks, x: float, y: float, unit: float = 1.0) -> None:
    """A head at (x, y): face, hair, and what is worn on it. unit: the body's height in the sheet's units."""
    size, ahead = HEAD * unit, who.facing if who.sideways else 0
    if who.style == "long":
        sheet.disc(x - ahead * size * 0.4, y - size * 0.45, size * 1.05, who.hair, size * 1.3)
    if who.style == "bun":
        sheet.disc(x - ahead * size * 1.05, y + size * (0.5 if ahead else 1.15), size * 0.45, who.hair)
    if who.style == "hood":
        sheet.disc(x - ahead * size * 0.2, y - size * 0.06, size * 1.22, scaled(who.top, 0.92))
    sheet.disc(x, y, size * 0.94, who.skin, size)
    if ahead:
        sheet.disc(x + ahead * size * 0.9, y - size * 0.1, size * 0.22, who.skin)  # the nose
    if who.facing == 2 and who.style != "bald":
        sheet.disc(x, y + size * 0.08, size, who.hair if who.style != "hood" else scaled(who.top, 0.92))
    elif who.style not in ("hood", "bald"):
        _fringe(sheet, who, x, y, size, ahead)
    if who.style == "hat":
        colour = mixed(who.top, (60, 50, 50), 0.35)
        sheet.disc(x, y + size * 0.7, size * 0.88, colour, size * 0.75)
        sheet.line([(x - size * 1.3, y + size * 0.5), (x + size * 1.3, y + size * 0.5)], size * 0.35, colour)


def _fringe(sheet: Sheet, who: Looks, x: float, y: float, size: float, ahead: int) -> None:
    """Hair over the skull, and from the side down the back of the head."""
    start, end = {1: (30, 235), -1: (-55, 150), 0: (0, 180)}[ahead]
    arc = np.radians(np.linspace(start, end, 20))
    cap = [
        (x - ahead * size * 0.08 + size * 1.06 * float(np.cos(a)), y + size * (0.08 + float(np.sin(a)))) for a in arc
    ]
    sheet.area([*cap, (x - ahead * size * 0.1, y + size * 0.3)], who.hair)


def _backpack(sheet: Sheet, who: Looks, colour: Colour) -> None:
    x = -who.facing * 0.11 if who.sideways else 0.0
    half = 0.075 if who.sideways else 0.115
    sheet.area([(x - half * 0.8, 0.82), (x + half * 0.8, 0.82), (x + half, 0.76), (x + half, 0.56), (x - half, 0.56),
                (x - half, 0.76)], colour)  # fmt: skip
    sheet.block(x - half * 0.7, 0.58, x + half * 0.7, 0.65, scaled(colour, 0.8))


def _carried(sheet: Sheet, who: Looks, bag: str, hand: tuple[float, float], colour: Colour) -> None:
    """A handbag in the hand, or a case on wheels that is drawn along."""
    x, y = hand
    if bag == "handbag":
        sheet.line([(x, y), (x, y - 0.05)], 0.015, scaled(colour, 0.7))
        sheet.area([(x - 0.06, y - 0.05), (x + 0.06, y - 0.05), (x + 0.075, y - 0.17), (x - 0.075, y - 0.17)], colour)
    if bag == "case":
        foot = x - (who.facing if who.sideways else 1) * 0.16
        sheet.line([(x, y), (foot, 0.34)], 0.014, (70, 70, 74))
        sheet.block(foot - 0.085, 0.04, foot + 0.085, 0.34, colour)
        sheet.block(foot - 0.085, 0.17, foot + 0.085, 0.2, scaled(colour, 0.75))
        for side in (-0.06, 0.06):
            sheet.disc(foot + side, 0.025, 0.025, (30, 30, 30))


def _umbrella(sheet: Sheet, who: Looks, colour: Colour) -> None:
    """An open umbrella over the head, held with the nearer arm."""
    ahead = who.facing if who.sideways else 1
    hand = (ahead * 0.11, 0.66)
    top = (ahead * 0.06, 1.2)
    sheet.line([hand, top], 0.016, (60, 56, 54))
    sheet.line([(0.0 if who.sideways else 0.115, SHOULDER - 0.02), (ahead * 0.08, 0.62), hand], 0.058,
               scaled(who.top, 0.9))  # fmt: skip
    sheet.disc(*hand, 0.032, who.skin)
    arc = np.radians(np.linspace(0, 180, 24))
    dome = [(top[0] + 0.36 * float(np.cos(a)), 1.02 + 0.2 * float(np.sin(a))) for a in arc]
    sheet.area(dome, colour)
    for low, high, shade in ((60, 120, 1.14), (120, 180, 0.84)):
        part = np.radians(np.linspace(low, high, 10))
        edge = [(top[0] + 0.36 * float(np.cos(a)), 1.02 + 0.2 * float(np.sin(a))) for a in part]
        sheet.area([(top[0], 1.22), *edge], scaled(colour, shade))
