"""Things of the drawn harbours seen from the side: to the right or to the left, upright or leaning."""

from __future__ import annotations

import numpy as np

from ..drawing import Colour, Point, Sheet

GLASS = (58, 78, 100)


class Profile:
    """A sheet on which x runs to the front of a thing, wherever that is. heel: how far it leans a unit of height."""

    def __init__(self, sheet: Sheet, facing: int, heel: float = 0.0):
        self.sheet, self.facing, self.heel = sheet, facing, heel

    def at(self, x: float, y: float) -> Point:
        """A place of the thing on the sheet."""
        return x * self.facing + y * self.heel, y

    def area(self, points: list[Point], colour: Colour, glow: bool = False) -> None:
        """Fill the polygon through the points."""
        self.sheet.area([self.at(*point) for point in points], colour, glow)

    def block(self, left: float, low: float, right: float, high: float, colour: Colour, glow: bool = False) -> None:
        """Fill an upright rectangle."""
        self.area([(left, low), (right, low), (right, high), (left, high)], colour, glow)

    def line(self, points: list[Point], width: float, colour: Colour, thin: float = 0.8) -> None:
        """Draw a line, at least `thin` pixels wide."""
        self.sheet.line([self.at(*point) for point in points], width, colour, thin)

    def windows(self, left: float, right: float, y: float, step: float, lit: bool) -> None:
        """A row of windows 0.9 metres high, of which some are lit."""
        for number, x in enumerate(np.arange(left, right - step * 0.5, step)):
            glow = lit and number % 3 != 1
            self.block(float(x), y, float(x) + step * 0.6, y + 0.9, (255, 222, 140) if glow else GLASS, glow)
