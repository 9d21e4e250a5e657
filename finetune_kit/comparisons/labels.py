"""Label curves: the score over the number of labels, and how many labels pretraining saves at equal accuracy."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ConfigError, DataError
from ..history import History
from ..strategies import Strategy
from ..tasks import Task
from . import statistics
from .budgets import Budget
from .comparison import Comparison
from .methods import side_by_side
from .statistics import Interval
from .trials import OnResult, OnRun, Series

LABELS = (8, 32, 128, 512)


@dataclass(repr=False)
class LabelCurve(Comparison):
    """A comparison at several numbers of labels."""

    def saved(self, strategy: str = "full", against: str = "scratch", at: float | None = None) -> Saved:
        """How many times as many labels `against` needs for the same score as `strategy`, with its 95 % interval.

        at: the score; by default the best one that both reach. Between two numbers of labels a score is
        read off the line through the means over their logarithms; the number of labels for a score is
        the first at which the line comes up to it. The interval is over the seeds, whole curves at a time
        and, where the metric is a mean over examples, over the test examples (`statistics.resampled`).
        Raises UnknownNameError for a method, DataError where fewer than two numbers of labels have both,
        and where neither reaches `at`.
        """
        return saved(self, strategy, against, at)

    def said(self) -> list[str]:
        """What pretraining saves, and where that is unknown the differences; a sentence each."""
        both = [n for n in self.counts if self.cell("full", n) and self.cell("scratch", n)]
        return [repr(self.saved()), *self.notes(), *self._stopped()] if len(both) > 1 else super().said()


@dataclass(frozen=True)
class Saved:
    """What pretraining saves: `against` needs `times` as many labels as `strategy` for the score `at`.

    times: the number and its interval; an end of it that lies outside of what was measured is infinite,
    or 0. labels: how many each needs, strategy first; bounded: whether the first of these is only a
    bound, because its score is reached with the fewest labels that were tried.
    """

    strategy: str
    against: str
    metric: str
    at: float
    labels: tuple[float, float]
    times: Interval
    bounded: bool

    def __repr__(self) -> str:
        few, many = (f"{n:,.0f}" if np.isfinite(n) else "more than were tried" for n in self.labels)
        low, high = self.times.low, self.times.high
        ends = f"95 % interval {_times(low)} to {_times(high)}" if self.times.known else "one seed: no interval"
        about = "at least " if self.bounded else ""
        return (
            f"{self.metric} {self.at:.3f} takes {self.strategy} {'at most ' if self.bounded else ''}{few} labels and "
            f"{self.against} {many}: {about}{_times(self.times.value)} times as many ({ends}, over {self.times.basis})."
        )


def _times(number: float) -> str:
    return "beyond what was tried" if np.isinf(number) else f"{number:.1f}"


def label_curve(
    task: str | Task = "sentiment",
    labels: Sequence[int | None] = LABELS,
    strategies: Sequence[str | Strategy] | None = None,
    *,
    model: str | None = None,
    seeds: int | Sequence[int] = 3,
    steps: int | None = None,
    seconds: float | None = None,
    baselines: bool = True,
    on_run: OnRun | None = None,
    on_result: OnResult | None = None,
    history: History | None = None,
    stop: threading.Event | None = None,
    cache: str | Path | None = None,
    fresh: bool = False,
    **settings: Any,
) -> LabelCurve:
    """Fine-tune on more and more labels under several strategies; of one seed, fewer labels are a part of more.

    labels: two or more numbers of training labels, None standing for all. The other arguments are those
    of `compare`. Raises ConfigError for a single number of labels.
    """
    if not hasattr(labels, "__iter__") or len(list(labels)) < 2:
        raise ConfigError(
            f"labels={labels!r}: a curve takes two or more, such as labels=[8, 32, 128]; or use compare()."
        )
    series = Series(history or History(), stop or threading.Event(), on_run, on_result, cache, fresh)
    budget = Budget(steps, seconds)
    return side_by_side(LabelCurve, task, strategies, model, labels, seeds, budget, baselines, series, settings)


def saved(curve: Comparison, strategy: str, against: str, at: float | None = None) -> Saved:
    """See `LabelCurve.saved`."""
    counts = [n for n in curve.counts if curve.cell(strategy, n) and curve.cell(against, n)]
    if len(counts) < 2:
        curve.difference(strategy, against, counts[0] if counts else 0)  # an unknown name is told as such
        raise DataError(f"{strategy} and {against} were both run on {counts} labels; expected two numbers or more.")
    seeds, examples = curve.paired([(name, n) for name in (strategy, against) for n in counts])
    sign, known = (1 if curve.task.metric.higher_is_better else -1), len(counts)

    def needed(means: np.ndarray, goal: float | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The score that is compared, and the logarithms of the labels that each needs: all (n,)."""
        turned = sign * means
        curves = turned[:, :known], turned[:, known:]  # (n, counts) each
        goals = np.minimum(*(one.max(axis=1) for one in curves)) if goal is None else np.full(len(means), sign * goal)
        few, many = (np.array([_reached(row, y, counts) for row, y in zip(one, goals, strict=True)]) for one in curves)
        return sign * goals, few, many

    found, few, many = (float(one[0]) for one in needed(seeds.mean(axis=0, keepdims=True), at))
    if np.isinf(few) and np.isinf(many):
        raise DataError(f"Neither {strategy} nor {against} reaches {at}; expected a score that one of them reaches.")

    def times(means: np.ndarray) -> np.ndarray:
        _, few, many = needed(means, at)
        with np.errstate(invalid="ignore"):
            return np.where(np.isinf(few) & np.isinf(many), 1.0, np.exp(many - few))

    interval = statistics.interval(times, seeds, examples)
    labels = (float(np.exp(few)), float(np.exp(many)))
    bounded = bool(np.isclose(few, np.log(counts[0])))
    return Saved(strategy, against, curve.task.metric.name, found, labels, interval, bounded)


def _reached(scores: np.ndarray, goal: float, counts: list[int]) -> float:
    """The logarithm of the number of labels at which a curve first comes up to a score; infinite if it never does."""
    logs = np.log(counts)
    above = np.flatnonzero(scores >= goal - 1e-12)
    if not above.size:
        return float("inf")
    place = int(above[0])
    if place == 0:
        return float(logs[0])
    low, high = scores[place - 1], scores[place]
    return float(logs[place - 1] + (goal - low) / (high - low) * (logs[place] - logs[place - 1]))
