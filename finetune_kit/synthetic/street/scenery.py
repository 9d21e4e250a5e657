"""What stands around in the drawn streets and is of no class: houses, road, trees, lamps, signs, benches."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from ..drawing import SIZE, Colour, Point, Sheet, mixed, pick, scaled, varied
from ..weather import Light

WALLS = (
    (214, 196, 168), (196, 130, 100), (170, 92, 76), (230, 222, 204), (176, 186, 190), (206, 180, 120), (150, 170, 160),
    (220, 170, 150), (140, 120, 108), (198, 206, 212), (186, 160, 180),
)  # fmt: skip
ROOFS = ((150, 74, 58), (110, 62, 54), (84, 86, 94), (70, 74, 84), (120, 96, 80))
LEAVES = ((74, 128, 62), (100, 150, 70), (58, 108, 66), (130, 150, 60), (196, 140, 56), (170, 84, 50))
SIGNS = ((196, 40, 40), (40, 90, 170), (244, 206, 60), (60, 140, 80))
WINDOW, LIT = (112, 134, 152), (255, 214, 128)

Place = Callable[[float, float], Point]


def facade(
    sheet: Sheet, rng: np.random.Generator, place: Place, width: float, storeys: int, light: Light, shop: bool
) -> float:
    """Draw a house front of `width` metres on the wall that `place` maps to the sheet; its height."""
    wall, height = varied(rng, pick(rng, WALLS)), storeys * 2.9 + 0.5

    def block(left: float, low: float, right: float, high: float, colour: Colour, glow: bool = False) -> None:
        sheet.area([place(left, low), place(right, low), place(right, high), place(left, high)], colour, glow)

    block(0, 0, width, height, wall)
    block(0, 0, width, 0.4, scaled(wall, 0.72))
    block(0, height - 0.25, width, height, scaled(wall, 0.85))
    frame = pick(rng, ((240, 238, 230), scaled(wall, 0.7), (250, 250, 250)))
    columns = max(int(width / rng.uniform(1.8, 2.6)), 1)
    gap = width / columns
    shutters = varied(rng, pick(rng, SIGNS), 20) if rng.random() < 0.3 else None
    for storey in range(1, storeys):
        for column in range(columns):
            x, y = (column + 0.5) * gap, storey * 2.9 + 0.9
            _window(block, rng, (x - 0.5, y, x + 0.5, y + 1.45), frame, light)
            if shutters:
                block(x - 0.85, y, x - 0.55, y + 1.45, shutters)
                block(x + 0.55, y, x + 0.85, y + 1.45, shutters)
    _ground_floor(block, rng, width, frame, light, shop)
    return height


def _window(
    block: Callable[..., None],
    rng: np.random.Generator,
    box: tuple[float, float, float, float],
    frame: Colour,
    light: Light,
) -> None:
    left, low, right, high = box
    lit = light.dark and rng.random() < 0.45
    block(left - 0.1, low - 0.12, right + 0.1, high + 0.1, frame)
    block(left, low, right, high, varied(rng, LIT if lit else WINDOW, 10), glow=lit)
    middle = (left + right) / 2
    block(middle - 0.04, low, middle + 0.04, high, frame)


def _ground_floor(
    block: Callable[..., None], rng: np.random.Generator, width: float, frame: Colour, light: Light, shop: bool
) -> None:
    """A shop with an awning, or a door and windows."""
    door = float(rng.uniform(0.6, max(width - 1.6, 0.7)))
    if shop:
        _window(block, rng, (0.4, 0.6, width - 0.4, 2.2), frame, light)
        colour, stripes = varied(rng, pick(rng, SIGNS)), rng.random() < 0.5
        edges = np.linspace(0.2, width - 0.2, 9)
        for number, (left, right) in enumerate(itertools.pairwise(edges)):
            shade = (246, 244, 238) if stripes and number % 2 else colour
            block(float(left), 2.15, float(right), 2.75, shade)
        block(door, 0, door + 1.0, 2.15, scaled(colour, 0.55))
        return
    for x in np.arange(1.0, width - 0.6, 2.3):
        if abs(x - door - 0.5) > 1.2:
            _window(block, rng, (float(x) - 0.5, 0.9, float(x) + 0.5, 2.2), frame, light)
    block(door - 0.1, 0, door + 1.1, 2.3, frame)
    block(
        door, 0, door + 1.0, 2.2, varied(rng, pick(rng, ((90, 60, 44), (50, 80, 70), (120, 44, 40), (60, 70, 100))), 10)
    )


def roof(sheet: Sheet, rng: np.random.Generator, left: float, right: float, y: float, scale: float) -> None:
    """Draw a roof on the wall from `left` to `right` that ends at the height y, all in the sheet's pixels."""
    colour, high = varied(rng, pick(rng, ROOFS), 10), float(rng.uniform(1.4, 3.0)) * scale
    kind, eave = pick(rng, ("gable", "pitched", "pitched", "flat")), 0.25 * scale
    if kind == "gable":
        sheet.area([(left - eave, y), (right + eave, y), ((left + right) / 2, y + high * 1.2)], colour)
    elif kind == "pitched":
        inset = min(high * 0.5, (right - left) * 0.2)
        sheet.area([(left - eave, y), (right + eave, y), (right - inset, y + high), (left + inset, y + high)], colour)
    else:
        sheet.block(left - eave, y, right + eave, y + 0.3 * scale, scaled(colour, 0.8))
    if kind != "flat" and rng.random() < 0.6:
        x = float(rng.uniform(left + (right - left) * 0.25, right - (right - left) * 0.3))
        sheet.block(x, y + high * 0.5, x + 0.6 * scale, y + high + 0.7 * scale, scaled(colour, 0.75))


def tree(sheet: Sheet, rng: np.random.Generator) -> None:
    """Draw a tree that stands at the origin, in metres: a round, an upright or a pointed one."""
    trunk, leaf = varied(rng, (96, 72, 52), 10), varied(rng, pick(rng, LEAVES), 10)
    kind, high = pick(rng, ("round", "round", "upright", "pointed")), float(rng.uniform(0.85, 1.2))
    if kind == "pointed":
        leaf = varied(rng, pick(rng, LEAVES[:3]), 10)
    sheet.line([(0, 0.05), (0, 2.4 * high)], 0.28, trunk)
    if kind == "pointed":
        for number, shade in enumerate((0.8, 0.92, 1.06)):
            low, wide = (0.9 + number * 1.1) * high, 1.35 - 0.3 * number
            sheet.area([(-wide, low), (wide, low), (0, low + 1.9 * high)], scaled(leaf, shade))
        return
    wide, tall = (1.5, 1.3) if kind == "round" else (0.9, 1.8)
    middle = 2.2 * high + tall * 0.7
    for shade, shift, count in ((0.78, -0.15, 9), (0.95, 0.05, 7), (1.12, 0.25, 4)):
        for _ in range(count):
            angle, far = float(rng.uniform(0, 2 * np.pi)), float(rng.uniform(0.1, 0.6))
            x, y = wide * far * np.cos(angle) - shift * 0.5, middle + tall * far * np.sin(angle) + shift
            sheet.disc(float(x), float(y), wide * 0.46, scaled(leaf, shade), tall * 0.42)


def lamp(sheet: Sheet, rng: np.random.Generator, lit: bool) -> None:
    """Draw a street lamp of 4.2 metres."""
    iron, side = (66, 70, 76), pick(rng, (-1, 1))
    sheet.line([(0, 0), (0, 4.0)], 0.12, iron)
    sheet.block(-0.14, 0, 0.14, 0.5, iron)
    sheet.line([(0, 4.0), (side * 0.3, 4.2), (side * 0.75, 4.15)], 0.08, iron)
    x = side * 0.75
    sheet.area([(x - 0.3, 4.02), (x + 0.3, 4.02), (x + 0.18, 4.24), (x - 0.18, 4.24)], (255, 232, 160) if lit else
               (214, 214, 204), glow=lit)  # fmt: skip


def sign(sheet: Sheet, rng: np.random.Generator) -> None:
    """Draw a traffic sign: round, three-cornered or square."""
    sheet.line([(0, 0), (0, 2.5)], 0.08, (130, 134, 138))
    colour, kind = pick(rng, SIGNS), pick(rng, ("round", "triangle", "square"))
    if kind == "round":
        sheet.disc(0, 2.5, 0.4, colour)
        sheet.disc(0, 2.5, 0.27, (246, 246, 244))
    elif kind == "triangle":
        sheet.area([(-0.45, 2.15), (0.45, 2.15), (0, 2.95)], (200, 40, 40))
        sheet.area([(-0.26, 2.26), (0.26, 2.26), (0, 2.7)], (248, 246, 240))
    else:
        sheet.block(-0.36, 2.1, 0.36, 2.82, colour)
        sheet.block(-0.14, 2.24, 0.14, 2.68, (246, 246, 244))


def traffic_light(sheet: Sheet, rng: np.random.Generator) -> None:
    """Draw a traffic light with one of its three lamps on."""
    sheet.line([(0, 0), (0, 2.3)], 0.1, (70, 72, 76))
    sheet.block(-0.24, 2.1, 0.24, 3.3, (40, 42, 44))
    on = int(rng.integers(3))
    for number, colour in enumerate(((232, 50, 44), (244, 190, 60), (80, 200, 110))):
        sheet.disc(0, 3.08 - 0.38 * number, 0.15, colour if number == on else scaled(colour, 0.3), glow=number == on)


def bench(sheet: Sheet, rng: np.random.Generator) -> None:
    """Draw a bench of 1.7 metres."""
    wood = varied(rng, (150, 104, 62), 14)
    for x in (-0.7, 0.7):
        sheet.line([(x, 0), (x, 0.85)], 0.07, (60, 62, 66))
    for y in (0.45, 0.66, 0.84):
        sheet.block(-0.85, y - 0.06, 0.85, y + 0.06, wood)


def bin_(sheet: Sheet, rng: np.random.Generator) -> None:
    """Draw a waste bin or a post box."""
    colour = varied(rng, pick(rng, ((60, 96, 72), (90, 94, 98), (200, 44, 40), (236, 196, 50))), 10)
    sheet.area([(-0.26, 0), (0.26, 0), (0.32, 0.95), (-0.32, 0.95)], colour)
    sheet.block(-0.35, 0.95, 0.35, 1.08, scaled(colour, 0.75))
    sheet.block(-0.18, 0.68, 0.18, 0.76, scaled(colour, 0.5))


def planter(sheet: Sheet, rng: np.random.Generator) -> None:
    """Draw a bush in a tub."""
    leaf = varied(rng, pick(rng, LEAVES[:4]), 10)
    sheet.area([(-0.4, 0), (0.4, 0), (0.5, 0.5), (-0.5, 0.5)], varied(rng, (150, 100, 80), 14))
    for _ in range(8):
        sheet.disc(float(rng.uniform(-0.38, 0.38)), float(rng.uniform(0.6, 1.05)), 0.24, varied(rng, leaf, 10))


def bollards(sheet: Sheet, rng: np.random.Generator) -> None:
    """Draw a row of three posts, or of traffic cones."""
    cones = rng.random() < 0.35
    for x in (-0.9, 0.0, 0.9):
        if cones:
            sheet.area([(x - 0.2, 0), (x + 0.2, 0), (x + 0.04, 0.7), (x - 0.04, 0.7)], (236, 110, 40))
            sheet.area([(x - 0.13, 0.27), (x + 0.13, 0.27), (x + 0.09, 0.44), (x - 0.09, 0.44)], (246, 246, 240))
        else:
            sheet.block(x - 0.09, 0, x + 0.09, 0.9, (74, 76, 80))
            sheet.block(x - 0.09, 0.7, x + 0.09, 0.78, (220, 220, 214))


def hedge(sheet: Sheet, rng: np.random.Generator, y: float, high: float, fenced: bool) -> None:
    """Draw a park behind the street: bushes and tree tops, from the row y upwards, in pixels."""
    leaf = varied(rng, pick(rng, LEAVES[:4]), 8)
    for shade, low, spread in ((0.7, 0.75, 0.4), (0.85, 0.45, 0.3), (1.0, 0.12, 0.2)):
        for x in np.arange(-4, SIZE + 6, high * 0.22):
            size = high * float(rng.uniform(0.14, 0.24))
            up = high * (low + float(rng.uniform(-0.1, spread)) * 0.5)
            sheet.disc(float(x), y + up, size, varied(rng, scaled(leaf, shade), 6))
            sheet.block(float(x) - size, y, float(x) + size, y + up, scaled(leaf, shade))
    if fenced:
        iron = (70, 74, 78)
        for x in np.arange(-2, SIZE + 4, 4):
            sheet.line([(float(x), y), (float(x), y + 10)], 0.9, iron)
        sheet.line([(-2, y + 9), (SIZE + 2, y + 9)], 0.9, iron)


def ground(rng: np.random.Generator, wet: bool) -> tuple[Colour, Colour]:
    """Colours of a road and of a pavement."""
    road = varied(rng, pick(rng, ((104, 106, 112), (120, 118, 116), (90, 94, 102))), 8)
    pavement = varied(rng, pick(rng, ((186, 182, 174), (170, 172, 174), (196, 180, 160), (178, 160, 148))), 8)
    return (mixed(road, (60, 66, 78), 0.35), mixed(pavement, (110, 116, 128), 0.3)) if wet else (road, pavement)
