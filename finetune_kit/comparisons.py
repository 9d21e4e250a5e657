"""Comparisons: the same data, order and seeds under several strategies and label counts, beside baselines."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import checkpoints, runs, strategies, tasks
from .errors import ConfigError
from .history import History
from .strategies import Strategy
from .tasks import Task

BASELINE = "baseline"

OnRun = Callable[[int, int, str, History], None]


@dataclass(frozen=True)
class Result:
    """One row: what was trained on how many labels with which seed, and its scores on the test split."""

    method: str
    kind: str
    labels: int
    seed: int
    scores: dict[str, float]
    seconds: float
    trainable_share: float


@dataclass
class Comparison:
    """The results of a comparison, in the order in which they came in."""

    task: Task
    model: str
    results: list[Result] = field(default_factory=list)
    stopped: bool = False

    @property
    def table(self) -> Any:
        """Mean and spread (standard deviation over the seeds) per method and label count, as a pandas DataFrame."""
        import pandas as pd

        metric = self.task.metric.name
        rows = []
        for labels, method in dict.fromkeys((r.labels, r.method) for r in self.results):
            same = [r for r in self.results if (r.labels, r.method) == (labels, method)]
            scores = np.array([r.scores[metric] for r in same])
            rows.append(
                {
                    "labels": labels,
                    "method": method,
                    metric: scores.mean(),
                    "spread": scores.std(ddof=1) if len(scores) > 1 else float("nan"),
                    "seeds": len(same),
                    "seconds": float(np.median([r.seconds for r in same])),
                    "trainable": same[0].trainable_share,
                }
            )
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        return str(self.table.to_string(index=False, float_format=lambda value: f"{value:.3f}"))

    def _repr_html_(self) -> str:
        return str(self.table.to_html(index=False, float_format=lambda value: f"{value:.3f}"))


def compare(
    task: str | Task = "sentiment",
    strategies_: list[str | Strategy] | None = None,
    *,
    model: str | None = None,
    labels: list[int | None] | None = None,
    seeds: int = 3,
    baselines: bool = True,
    on_run: OnRun | None = None,
    stop: threading.Event | None = None,
    **settings: Any,
) -> Comparison:
    """Fine-tune under several strategies with the same labels, seeds and settings; score each on the test split.

    strategies_: short names or strategies, by default scratch and full. labels: counts of
    training labels, None standing for all. A seed fixes the labels drawn, the new weights
    and the order of the data. on_run is called before each run with its number, the number
    of runs, its name and its History. Setting `stop` ends it and keeps the finished runs.
    """
    chosen = [strategies.parse(s) for s in (strategies_ or ["scratch", "full"])]
    counts = labels or [None]
    if not isinstance(seeds, int) or seeds < 1:
        raise ConfigError(f"seeds={seeds!r}: expected how many seeds, 1 or more.")
    stop = stop or threading.Event()
    base = tasks.configure(task, model, **settings)
    task = tasks.resolve(base) if isinstance(task, str) else task
    comparison = Comparison(task, base.model)
    processor = checkpoints.processor(base.model)
    plan = [(count, strategy, seed) for count in counts for strategy in chosen for seed in range(seeds)]
    for count in counts:
        task.sample(count, 0)  # too few examples for a later count is known before the first run
    for number, (count, strategy, seed) in enumerate(plan):
        if baselines and strategy is chosen[0]:
            comparison.results += _baselines(task, processor, count, seed)
        history = History()
        if on_run:
            on_run(number, len(plan), f"{strategy.name}, {count or 'all'} labels, seed {seed}", history)
        config = dataclasses.replace(base, strategy=strategy.name, labels=count, seed=seed)
        run = runs.execute(config, task, history, stop)
        if stop.is_set():
            comparison.stopped = True
            break
        size = count or len(task.splits["train"])
        result = Result(strategy.name, "model", size, seed, run.evaluate(), run.seconds, run.trainable_share)
        comparison.results.append(result)
    return comparison


def _baselines(task: Task, processor: Any, count: int | None, seed: int) -> list[Result]:
    train, test = task.sample(count, seed), task.splits["test"]
    truth = task.truth(test)
    results = []
    for name, baseline in task.baselines(processor).items():
        start = time.perf_counter()
        predictions = baseline(train, test)
        seconds = time.perf_counter() - start
        scores = task.score(predictions, truth)
        results.append(Result(name, BASELINE, len(train), seed, scores, seconds, 0.0))
    return results
