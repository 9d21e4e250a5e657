"""Sweeps: one strategy at several learning rates, batch sizes or lengths, chosen by the validation split."""

from __future__ import annotations

import dataclasses
import itertools
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import strategies as rooms
from .. import tasks
from ..errors import ConfigError, DataError
from ..history import History
from ..strategies import Strategy
from ..tasks import Task
from .budgets import Budget, with_epochs
from .comparison import Comparison
from .results import Result
from .trials import OnResult, OnRun, Series, Trial, check_taken, numbered

SWEPT = ("learning_rate", "batch_size", "epochs", "max_length", "strategy")
MEASURED = "validation"


@dataclass(repr=False)
class Sweep(Comparison):
    """The results of a sweep, all of them on the validation split: the test split is not looked at.

    grid: the values that were tried, by setting. cache: where finished runs are kept.
    """

    split: str = MEASURED
    grid: dict[str, list[Any]] = field(default_factory=dict)
    cache: str | Path | None = None

    @property
    def table(self) -> Any:
        """Mean and spread per point of the grid, as a pandas DataFrame: a column a setting, best first."""
        import pandas as pd

        table = super().table
        if table.empty:
            return table
        points = [self.cell(row.method, row.labels)[0] for row in table.itertuples()]
        shown = pd.DataFrame([{name: _setting(point, name) for name in self.grid} for point in points])
        table = pd.concat([shown, table.drop(columns=["method"])], axis=1)
        return table.sort_values(
            self.task.metric.name, ascending=not self.task.metric.higher_is_better, kind="stable", ignore_index=True
        )

    def evaluate(self, history: History | None = None, stop: threading.Event | None = None) -> Comparison:
        """Train the best configuration again, with every seed, and measure it on the test split: once, at the end.

        The runs are kept on disk like any others, so that a second call reads them. history, stop: as in `compare`.
        Raises DataError where nothing was trained yet.
        """
        best = self.best
        chosen = Comparison(self.task, self.model)
        seeds = sorted({r.seed for r in self.results})
        examples = best.labels or len(self.task.splits["train"])
        trials = [Trial(best.strategy, dataclasses.replace(best, seed=seed), examples) for seed in seeds]
        Series(history or History(), stop or threading.Event(), cache=self.cache).carry_out(trials, chosen)
        return chosen

    def said(self) -> list[str]:
        """What was chosen, whether others may be as good, and whether the best lies at an end of the grid."""
        ranked = list(self.table.itertuples(index=False))
        if not ranked:
            return self._stopped()
        first = self.best
        methods = {r.method: r for r in self.results}
        best = next(m for m, r in methods.items() if all(_setting(r, n) == getattr(first, n) for n in self.grid))
        lines = [f"Best on the validation split: {best}."]
        verdicts = {m: self._against(m, best) for m in methods if m != best}
        equal = [m for m, verdict in verdicts.items() if verdict == "within the noise"]
        if "unknown" in verdicts.values():
            lines.append("Whether others are as good one seed cannot tell: seeds=3 shows it.")
        if equal:
            shown = "; ".join(equal[:3]) + ("; ..." if len(equal) > 3 else "")
            lines.append(f"{len(equal)} of the {len(methods) - 1} others are within the noise of it: {shown}.")
        for name, values in self.grid.items():
            if all(isinstance(v, (int, float)) for v in values) and len(values) > 2:
                ends = {min(values): "smallest", max(values): "largest"}
                value = getattr(first, name)
                if value in ends:
                    lines.append(f"Its {name} is the {ends[value]} that was tried: one beyond it may be better.")
        lines.append("A best of several flatters itself: evaluate() measures it on the test split.")
        return [*lines, *self.notes(), *self._stopped()]

    def _against(self, method: str, best: str) -> str:
        """The verdict on a point against the best one; unknown where a stopped sweep has other seeds of it."""
        try:
            return self.verdict(self.difference(method, best, self.counts[0]))
        except DataError:
            return "unknown"

    def _shown_table(self) -> Any:
        """The table with its settings as they are written: a learning rate of 1e-4 is not 0.000."""
        table = self.table
        for name in self.grid if len(table) else ():
            table[name] = table[name].map(lambda value: f"{value:g}" if isinstance(value, float) else str(value))
        return table


def sweep(
    task: str | Task = "sentiment",
    model: str | None = None,
    strategy: str | Strategy | Sequence[str | Strategy] = "full",
    *,
    labels: int | None = None,
    seeds: int | Sequence[int] = 1,
    steps: int | None = None,
    seconds: float | None = None,
    on_run: OnRun | None = None,
    on_result: OnResult | None = None,
    history: History | None = None,
    stop: threading.Event | None = None,
    cache: str | Path | None = None,
    fresh: bool = False,
    **settings: Any,
) -> Sweep:
    """Fine-tune at every combination of the settings that are lists, and compare on the validation split.

    learning_rate, batch_size, epochs, max_length and strategy may be lists; other settings are those of
    RunConfig. Every run passes over the data equally often, whatever its batch size; with `steps` or `seconds`
    it gets that many instead, as in `compare`. `best` has the settings with the best validation score and
    `evaluate()` measures them on the test split, which a sweep does not touch. The other arguments are those
    of `compare`. Raises ConfigError for a sweep of one point, for a list where none is expected, and for two
    budgets at once.
    """
    check_taken(settings, {"seed": "seeds=, how many or which"})
    drawn = numbered(seeds)
    grid = {name: _values(name, settings.pop(name)) for name in list(settings) if _is_list(name, settings[name])}
    if isinstance(strategy, (str, Strategy)):
        first = rooms.parse(strategy).name
    else:
        grid["strategy"] = _values("strategy", [rooms.parse(one).name for one in strategy])
        first = grid["strategy"][0]
    points = [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
    if len(points) < 2:
        raise ConfigError(
            "A sweep of one point compares nothing; expected two values or more, such as "
            "learning_rate=[1e-4, 3e-4, 1e-3], batch_size=[8, 32]. One run is ftk.fine_tune."
        )
    base = tasks.configure(task, model, strategy=first, labels=labels, **settings)
    budget = Budget(steps, seconds)
    configs = [dataclasses.replace(base, **point) for point in points]  # a bad value is known before the first run
    task = tasks.resolve(base) if isinstance(task, str) else task
    task.sample(labels, drawn[0])
    patience = max(rooms.parse(config.strategy).patience for config in configs)
    passes, examples = with_epochs(base, task, labels, patience=patience)
    if budget == Budget():
        configs = [dataclasses.replace(config, epochs=config.epochs or passes.epochs) for config in configs]
    else:
        configs = [with_epochs(config, task, labels, budget)[0] for config in configs]
    trials = [
        Trial(named(point), dataclasses.replace(config, seed=seed), examples, budget.seconds)
        for seed in drawn
        for point, config in zip(points, configs, strict=True)
    ]
    found = Sweep(task, base.model, grid=grid, cache=cache)
    series = Series(history or History(), stop or threading.Event(), on_run, on_result, cache, fresh)
    series.carry_out(trials, found)
    order = {(t.config.seed, t.name): place for place, t in enumerate(trials)}
    found.results.sort(key=lambda r: order[r.seed, r.method])
    return found


def named(point: dict[str, Any]) -> str:
    """A point of the grid in words."""
    return ", ".join(
        f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}" for name, value in point.items()
    )


def _setting(result: Result, name: str) -> Any:
    from ..config import RunConfig

    return getattr(RunConfig.from_dict(result.config), name)


def _is_list(name: str, value: Any) -> bool:
    """Whether a setting is one of the lists of the grid. Raises ConfigError for a list where none is expected."""
    several = hasattr(value, "__iter__") and not isinstance(value, (str, dict))
    if several and name not in SWEPT and name != "data":  # which may be two aligned files
        raise ConfigError(f"{name}={value!r}: expected one value; lists may be {', '.join(SWEPT)}.")
    return several and name in SWEPT


def _values(name: str, values: Any) -> list[Any]:
    """The values of one setting, as Python's own numbers. Raises ConfigError for none and for one that comes twice."""
    found = [value.item() if hasattr(value, "item") else value for value in values]
    if not found or len(set(found)) < len(found):
        raise ConfigError(f"{name}={found!r}: expected a list of different values.")
    return found
