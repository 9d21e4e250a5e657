"""Random choices that are the same on every platform and version of Python."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Draw:
    """Choices from a seed. They stand on Random.random() alone: the other methods of Random may change."""

    def __init__(self, seed: str):
        self.random = Random(seed).random

    def of(self, options: Sequence[T]) -> T:
        """One of the options."""
        return options[int(self.random() * len(options))]

    def between(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self.random() * (high - low + 1))

    def chance(self, share: float) -> bool:
        """True in this share of the cases."""
        return self.random() < share

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The items in random order."""
        left = list(items)
        for last in range(len(left) - 1, 0, -1):
            other = int(self.random() * (last + 1))
            left[last], left[other] = left[other], left[last]
        return left
