"""Methods side by side: the same data, order, seeds and budget under several strategies and label counts."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from .. import forgetting, tasks
from .. import strategies as rooms
from ..config import RunConfig
from ..errors import ConfigError
from ..history import History
from ..strategies import Strategy
from ..tasks import Task
from .budgets import Budget, with_epochs
from .comparison import Comparison
from .trials import OnResult, OnRun, Series, Trial, baseline_results, check_taken, numbered

C = TypeVar("C", bound=Comparison)
TAKEN = {"seed": "seeds=, how many or which", "strategy": "strategies=, a list"}


def compare(
    task: str | Task = "sentiment",
    strategies: Sequence[str | Strategy] | None = None,
    *,
    model: str | None = None,
    labels: Sequence[int | None] | None = None,
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
) -> Comparison:
    """Fine-tune under several strategies with the same labels, seeds and settings; score each on the test split.

    strategies: short names or strategies, by default scratch and full. labels: counts of
    training labels, None standing for all. seeds: how many, or which; a seed fixes the labels drawn, the
    new weights and the order of the data. steps: optimiser steps of every run; by default `epochs`, or
    what suits the size of the data and the most patient of the strategies, alike for all. seconds: the same seconds
    of training for every run in place of the same steps: a few steps of each method are timed first, so that
    its learning rate ends its fall as the seconds do. Evaluations on the way are part of them, as far as
    they take a quarter; looking back at an old task is not. baselines: the task's simple methods too. settings:
    those of RunConfig, such as epochs. With forgetting=True the table and `plots.new_and_old` show beside each
    score what the method has left of the task that the checkpoint was pretrained for; what starts from random
    weights has none.

    A finished run is kept on disk under the hash of its settings, data and weights, in `cache` (by
    default in the folder that FINETUNE_KIT_CACHE names, or the platform's cache folder): a second call
    runs only what is missing. fresh: run everything again. Setting `stop` ends it and keeps the
    finished runs. on_run is called before each run with its number, the number of runs still to be
    done, its name and its History; on_result with the Comparison so far whenever it has grown; history
    follows the whole, with the time left. Raises a FinetuneKitError for bad input, before the first run.
    """
    series = Series(history or History(), stop or threading.Event(), on_run, on_result, cache, fresh)
    budget = Budget(steps, seconds)
    return side_by_side(Comparison, task, strategies, model, labels, seeds, budget, baselines, series, settings)


def side_by_side(
    kind: type[C],
    task: str | Task,
    strategies: Sequence[str | Strategy] | None,
    model: str | None,
    labels: Sequence[int | None] | None,
    seeds: int | Sequence[int],
    budget: Budget,
    baselines: bool,
    series: Series,
    settings: dict[str, Any],
) -> C:
    """Every strategy on every number of labels with every seed, as a comparison of this kind."""
    check_taken(settings, TAKEN)
    parsed = [rooms.parse(one) for one in _listed("strategies", strategies or ["scratch", "full"])]
    patience = max(one.patience for one in parsed)
    counts, drawn = _listed("labels", labels or [None]), numbered(seeds)
    base = tasks.configure(task, model, **settings)
    _check_old_task(base, parsed)
    task = tasks.resolve(base) if isinstance(task, str) else task
    every = len(task.splits["train"])
    if None in counts and every in counts:
        raise ConfigError(f"labels holds {every} and None, which are the same here: all training examples.")
    for count in counts:
        task.sample(count, drawn[0])  # too few examples for a later count is known before the first run
    trials = []
    for seed in drawn:  # outermost, so that a comparison that is stopped holds pairs
        for count in counts:
            config, examples = with_epochs(base, task, count, budget, patience)
            for one in parsed:
                looks_back = config.forgetting if one.pretrained else False
                chosen = dataclasses.replace(config, strategy=one.name, seed=seed, forgetting=looks_back)
                trials.append(Trial(one.name, chosen, examples, budget.seconds))
    comparison = kind(task, base.model)
    if baselines:
        comparison.results += baseline_results(task, base.model, counts, drawn)
    series.carry_out(trials, comparison)
    order = {(t.config.seed, t.examples, t.name): place for place, t in enumerate(trials)}
    comparison.results.sort(key=lambda r: order.get((r.seed, r.labels, r.method), -1))
    return comparison


def _check_old_task(base: RunConfig, parsed: list[Strategy]) -> None:
    """Raise ConfigError where the old task is asked for and no strategy has one, or it is not known."""
    if not base.forgetting:
        return
    if not any(one.pretrained for one in parsed):
        raise ConfigError(
            f"forgetting={base.forgetting!r}: {', '.join(one.name for one in parsed)} starts from random weights, "
            "which have nothing to forget; expected a strategy that starts from the checkpoint too, such as 'full'."
        )
    forgetting.stage_of(base.model)


def _listed(name: str, values: Any) -> list[Any]:
    """A list of different values. Raises ConfigError for a single value and for one that is there twice."""
    if isinstance(values, (str, int)) or not hasattr(values, "__iter__"):
        raise ConfigError(f"{name}={values!r}: expected a list, such as {name}=[{values!r}].")
    found = list(values)
    twice = next((value for value in found if found.count(value) > 1), None)
    if twice is not None:
        raise ConfigError(f"{name} holds {twice!r} more than once; expected each once. seeds= repeats runs.")
    return found
