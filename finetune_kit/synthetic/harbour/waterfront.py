"""The place of the drawn harbours: water, hills or a town beyond it, quays, sheds, a lighthouse, wind turbines."""

from __future__ import annotations

import itertools

import numpy as np

from ..drawing import SIZE, Colour, Cutout, Sheet, hazed, lay, mirrored, mixed, pick, scaled, varied, whole
from ..weather import Light
from .profile import GLASS
from .vessels import BOXES

WATERS = ((62, 112, 142), (70, 130, 140), (52, 92, 130), (92, 132, 140))
STONES = ((158, 152, 142), (140, 140, 142), (170, 158, 138))
HILLS = ((96, 124, 96), (110, 130, 110), (120, 124, 130), (88, 110, 110))
SHEDS = ((190, 96, 76), (120, 140, 156), (206, 196, 176), (110, 150, 130), (176, 160, 140), (96, 110, 130))
ROPE, IRON = (150, 120, 80), (52, 54, 58)


class Waterfront:
    """A viewer's place above the water; a metre at the row y is (y - horizon) / height pixels long."""

    def __init__(self, rng: np.random.Generator, light: Light):
        self.rng, self.light = rng, light
        self.horizon, self.height = float(rng.uniform(46, 64)), float(rng.uniform(7.0, 10.0))
        self.water = varied(rng, pick(rng, WATERS), 8)
        # The far quay, if there is one: its row, and from where to where it goes.
        self.quay = self.horizon + float(rng.uniform(8, 14)) if rng.random() < 0.72 else None
        left, right = pick(
            rng, ((-20.0, SIZE + 20.0), (-20.0, rng.uniform(64, 100)), (rng.uniform(28, 64), SIZE + 20.0))
        )
        self.span = float(left), float(right)
        self.near = float(rng.uniform(108, 118)) if rng.random() < 0.4 else None  # the row where a near quay begins

    def scale(self, y: float) -> float:
        """Pixels a metre for what floats or stands on the row y."""
        return (y - self.horizon) / self.height

    def paint(self, picture: np.ndarray) -> None:
        """Paint everything that lies behind the objects over a sky, in place."""
        beyond = hazed(self._beyond().cutout(shade=0), self.light.low, min(self.light.haze * 1.6, 0.8))
        lay(picture, [beyond])
        self._sea(picture)
        lay(picture, [mirrored(beyond, self.horizon, 0.25, 0.7)])
        if self.quay is not None:
            quay = hazed(self._far_quay().cutout(shade=0), self.light.low, self.light.haze * 0.5)
            lay(picture, [mirrored(quay, self.quay + 3, 0.3, 1.0), quay])

    def _sea(self, picture: np.ndarray) -> None:
        """Water, lighter towards the horizon, with waves that grow towards the viewer."""
        rng, top = self.rng, int(self.horizon)
        near = np.array(self.water) * np.array(self.light.tint)
        far = np.array(mixed((float(near[0]), float(near[1]), float(near[2])), self.light.low, 0.55))
        down = np.linspace(0, 1, SIZE - top)[:, None, None] ** 0.6
        picture[top:] = far * (1 - down) + near * down
        bright = np.array(self.light.low) * 0.6 + 90
        for _ in range(int(rng.integers(90, 220))):
            y = self.horizon + 1 + float(rng.random() ** 1.4) * (SIZE - self.horizon - 2)
            scale, x = self.scale(y), float(rng.uniform(0, SIZE))
            half, row = 0.5 + scale * float(rng.uniform(0.3, 1.3)), int(y)
            columns = np.arange(max(int(x - half), 0), min(int(x + half) + 1, SIZE))
            shade = bright if rng.random() < 0.55 else near * 0.62
            strength = float(rng.uniform(0.08, 0.3)) * np.clip(1 - np.abs(columns - x) / (half + 1), 0, 1)
            picture[row, columns] += (shade - picture[row, columns]) * strength[:, None]

    def _beyond(self) -> Sheet:
        """Hills, a town or a wood at the horizon; sometimes a lighthouse or wind turbines."""
        rng, sheet, low = self.rng, whole(self.light.tint), -self.horizon
        sheet.block(0, low - 1, SIZE, low + 0.6, scaled(self.water, 0.9))
        kind = pick(rng, ("hills", "hills", "town", "wood", "sea"))
        if kind in ("hills", "wood"):
            self._hills(sheet, low)
        if kind == "wood":
            for x in np.arange(-3, SIZE + 4, 2.5):
                sheet.disc(float(x), low + 1.5, float(rng.uniform(1.5, 3)), varied(rng, (76, 108, 80), 8))
        if kind == "town":
            self._town(sheet, low)
        for _ in range(int(rng.integers(1, 5)) if rng.random() < 0.25 else 0):
            self._turbine(sheet, float(rng.uniform(4, SIZE - 4)), low)
        if rng.random() < 0.3:
            self._lighthouse(sheet, float(rng.uniform(8, SIZE - 8)), low)
        return sheet

    def _hills(self, sheet: Sheet, low: float) -> None:
        rng, line = self.rng, np.linspace(0, SIZE, 33)
        for layer in range(int(rng.integers(1, 3))):
            waves = sum(np.sin(line / rng.uniform(8, 40) + rng.uniform(0, 6.3)) for _ in range(3))
            high = np.maximum(float(rng.uniform(5, 11)) * (1 - 0.35 * layer) + waves * 2.4, 0.6)
            colour = mixed(varied(rng, pick(rng, HILLS), 8), self.light.low, 0.35 - 0.3 * layer)
            ridge = [(float(x), low + float(y)) for x, y in zip(line, high, strict=True)]
            sheet.area([(0, low), *ridge, (SIZE, low)], colour)

    def _town(self, sheet: Sheet, low: float) -> None:
        rng, x = self.rng, -2.0
        while x < SIZE:
            wide, high = float(rng.uniform(4, 9)), float(rng.uniform(4, 12))
            wall = varied(rng, pick(rng, ((206, 190, 170), (190, 140, 116), (220, 214, 200), (160, 164, 172))), 10)
            sheet.block(x, low, x + wide, low + high, wall)
            if rng.random() < 0.6:
                roof = varied(rng, (150, 84, 66), 14)
                sheet.area(
                    [(x - 0.4, low + high), (x + wide + 0.4, low + high), (x + wide / 2, low + high + wide * 0.4)], roof
                )
            for a in np.arange(x + 1, x + wide - 1, 1.9):
                for b in np.arange(low + 1.4, low + high - 1, 2.2):
                    lit = self.light.dark and rng.random() < 0.5
                    sheet.block(
                        float(a), float(b), float(a) + 0.8, float(b) + 1.1, (255, 214, 130) if lit else GLASS, lit
                    )
            x += wide + (float(rng.uniform(0, 5)) if rng.random() < 0.3 else 0.0)
        if rng.random() < 0.5:
            x = float(rng.uniform(10, SIZE - 10))
            sheet.block(x - 1.5, low, x + 1.5, low + 15, (186, 176, 160))
            sheet.area([(x - 1.9, low + 15), (x + 1.9, low + 15), (x, low + 22)], (90, 110, 106))

    def _turbine(self, sheet: Sheet, x: float, low: float) -> None:
        high, turn = float(self.rng.uniform(14, 22)), float(self.rng.uniform(0, 2))
        sheet.line([(x, low), (x, low + high)], 0.9, (232, 234, 236))
        for blade in range(3):
            angle = turn + blade * 2 * np.pi / 3
            tip = x + 7 * float(np.cos(angle)), low + high + 7 * float(np.sin(angle))
            sheet.line([(x, low + high), tip], 0.8, (238, 240, 242), thin=0.6)

    def _lighthouse(self, sheet: Sheet, x: float, low: float) -> None:
        high, band = float(self.rng.uniform(14, 20)), pick(self.rng, ((196, 50, 48), (40, 60, 100), (240, 238, 232)))
        sheet.area([(x - 9, low - 0.5), (x + 9, low - 0.5), (x + 5, low + 2.2), (x - 6, low + 2.6)], (112, 106, 100))
        edges = np.linspace(2, high, 6)
        for number, (y, top) in enumerate(itertools.pairwise(edges)):
            left, right = 2.2 - 0.8 * y / high, 2.2 - 0.8 * top / high
            sheet.area([(x - left, low + y), (x + left, low + y), (x + right, low + top), (x - right, low + top)],
                       band if number % 2 else (242, 240, 234))  # fmt: skip
        sheet.block(x - 1.9, low + high, x + 1.9, low + high + 0.6, IRON)
        sheet.block(x - 1.0, low + high + 0.6, x + 1.0, low + high + 2.4, (255, 240, 170), glow=self.light.dark)
        sheet.area([(x - 1.4, low + high + 2.4), (x + 1.4, low + high + 2.4), (x, low + high + 4)], IRON)

    def _far_quay(self) -> Sheet:
        """A quay wall with sheds, containers and lamps."""
        rng, sheet, quay = self.rng, whole(self.light.tint), self.quay or 0.0
        scale, stone = self.scale(quay), varied(rng, pick(rng, STONES), 10)
        left, right = self.span
        x = left + 3
        while x < right - 14:
            kind, wide = pick(rng, ("shed", "boxes", "boxes", "gap")), float(rng.uniform(12, 26))
            wide = min(wide, right - 2 - x)
            if kind == "shed":
                self._shed(sheet, x, -quay, wide, float(rng.uniform(6, 10)) * scale)
            elif kind == "boxes":
                self._stack(sheet, x, -quay, wide, scale)
            x += wide + float(rng.uniform(0, 8))
        sheet.area([(left, -quay - 3), (right, -quay - 3), (right, -quay + 0.8), (left, -quay + 0.8)], stone)
        sheet.block(left, -quay - 0.2, right, -quay + 0.8, scaled(stone, 1.15))
        for x in np.arange(left + 4, right - 2, 9):
            sheet.block(float(x), -quay - 3, float(x) + 1.6, -quay - 0.6, scaled(stone, 0.55))  # fenders
        return sheet

    def _shed(self, sheet: Sheet, x: float, low: float, wide: float, high: float) -> None:
        rng, wall = self.rng, varied(self.rng, pick(self.rng, SHEDS), 12)
        sheet.block(x, low, x + wide, low + high, wall)
        roof, ridges = scaled(wall, 0.72), int(rng.integers(1, 4))
        for number in range(ridges):
            a, b = x + wide * number / ridges, x + wide * (number + 1) / ridges
            sheet.area([(a - 0.3, low + high), (b + 0.3, low + high), ((a + b) / 2, low + high * 1.35)], roof)
        for a in np.arange(x + 1.5, x + wide - 3, 5.5):
            sheet.block(float(a), low, float(a) + 3, low + high * 0.62, scaled(wall, 0.6))

    def _stack(self, sheet: Sheet, x: float, low: float, wide: float, scale: float) -> None:
        """Containers, two to four high."""
        rng, long, tall = self.rng, 6.1 * scale, 2.5 * scale
        for a in np.arange(x, x + wide - long, long * 1.04):
            for row in range(int(rng.integers(1, 5))):
                colour = varied(rng, pick(rng, BOXES), 12)
                sheet.block(float(a), low + row * tall, float(a) + long, low + (row + 0.93) * tall, colour)
                sheet.block(
                    float(a), low + row * tall, float(a) + long * 0.12, low + (row + 0.93) * tall, scaled(colour, 0.8)
                )

    def near_quay(self) -> tuple[Cutout, list[float]]:
        """The quay on which the viewer stands, and at which columns it has bollards."""
        rng, sheet, edge = self.rng, whole(self.light.tint), self.near or float(SIZE)
        stone = varied(rng, pick(rng, STONES), 10)
        sheet.block(0, -SIZE, SIZE, -edge, stone)
        sheet.block(0, -edge - 2.2, SIZE, -edge, scaled(stone, 1.14))
        for metres in np.arange(-9, 10, 2.2):
            ends = [64 + metres * self.scale(y) * 1.2 for y in (edge + 2, SIZE)]
            sheet.line([(ends[0], -edge - 2.2), (ends[1], -SIZE)], 0.6, scaled(stone, 0.86), thin=0.4)
        places = sorted(rng.uniform(8, SIZE - 8, int(rng.integers(1, 4))).tolist())
        for x in places:
            self._bollard(sheet, x, edge + 3.5)
        return sheet.cutout(shade=0), places

    def _bollard(self, sheet: Sheet, x: float, foot: float) -> None:
        sheet.block(x - 2.0, -foot, x + 2.0, -foot + 6.5, IRON)
        sheet.disc(x, -foot + 6.5, 3.0, scaled(IRON, 1.25), 1.5)
        sheet.line([(x - 2.0, -foot + 2.6), (x + 2.0, -foot + 2.2)], 1.3, scaled(ROPE, 1.1))


def foam(x: float, y: float, wide: float, light: Light, rng: np.random.Generator) -> Cutout:
    """White water along the water line of a vessel, `wide` pixels to each side of (x, y)."""
    white: Colour = (236, 240, 242)
    sheet = Sheet(x, y, 1, (-wide - 6, wide + 6, -3, 3), light.tint)
    for _ in range(max(int(wide / 2), 3)):
        a = float(rng.uniform(-wide, wide))
        sheet.line([(a, float(rng.uniform(-1.3, 0.1))), (a + float(rng.uniform(1, 4)), float(rng.uniform(-1.3, 0.1)))],
                   0.5, mixed(white, (90, 130, 150), float(rng.uniform(0, 0.6))), thin=0.5)  # fmt: skip
    return sheet.cutout(shade=0)
