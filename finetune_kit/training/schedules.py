"""Schedules: a learning rate that rises and falls once in each phase of a training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..strategies import Part


@dataclass(frozen=True)
class Phases:
    """`steps` steps, cut where a share of `restarts` is done; each phase warms up and falls linearly to 0."""

    steps: int
    restarts: tuple[float, ...]
    warmup_share: float

    def pace(self, part: Part) -> Callable[[int], float]:
        """The learning rate of a part when so many steps are done."""
        return lambda done: part.rate(done / self.steps) * self.slope(done)

    def slope(self, done: int) -> float:
        """The share of the full rate, 0 to 1, when so many steps are done."""
        shares = [0.0, *self.restarts]
        current = max(share for share in shares if done / self.steps >= share)
        later = [share for share in shares if share > current]
        begin, end = self._first(current), self._first(later[0]) if later else self.steps
        length = max(1, end - begin)
        warm = round(self.warmup_share * length)
        done -= begin
        return done / warm if done < warm else max(0.0, (length - done) / max(1, length - warm))

    def _first(self, share: float) -> int:
        """The first step at which a share of them is done."""
        return next(step for step in range(self.steps + 1) if step / self.steps >= share)
