"""Trials: the runs of a comparison one after another, kept ones read from disk, with one progress over all."""

from __future__ import annotations

import dataclasses
import math
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .. import checkpoints, forgetting, runs, strategies
from ..config import RunConfig
from ..errors import ConfigError
from ..history import History
from ..tasks import Task
from . import budgets, storing
from .comparison import Comparison
from .results import BASELINE, Result

SAME = 1000  # the weight of a run whose seconds are set
OnRun = Callable[[int, int, str, History], None]
OnResult = Callable[[Comparison], None]


@dataclass(frozen=True)
class Trial:
    """One run to be. name: of its method in the table. config: its settings, the epochs among them.

    seconds: how long it may train; its epochs follow from them.
    """

    name: str
    config: RunConfig
    examples: int
    seconds: float | None = None

    @property
    def steps(self) -> int:
        """The optimiser steps that it takes, as near as can be told before the data are encoded."""
        return max(1, round((self.config.epochs or 1) * math.ceil(self.examples / self.config.batch_size)))

    @property
    def weight(self) -> int:
        """What it counts for in the progress of the whole: its steps, or where each takes as long the same for all."""
        return SAME if self.seconds else self.steps

    @property
    def title(self) -> str:
        """What a progress bar says of it."""
        return f"{self.name}, {self.config.labels or 'all'} labels, seed {self.config.seed}"


@dataclass
class Series:
    """How a comparison's runs are done: where results are kept, who is told, and what ends it.

    history: moves over the steps of all runs that are still to be done, and so knows the time left.
    on_run is called before each of them with its number, how many there are, its name and its own
    History; on_result with the comparison so far, when it has grown. cache, fresh: see `storing.Store`.
    """

    history: History = field(default_factory=History)
    stop: threading.Event = field(default_factory=threading.Event)
    on_run: OnRun | None = None
    on_result: OnResult | None = None
    cache: str | Path | None = None
    fresh: bool = False

    def carry_out(self, trials: Sequence[Trial], comparison: Comparison) -> None:
        """Add the result of every trial to the comparison; those kept on disk first, for they cost nothing."""
        task, store = comparison.task, storing.Store(self.cache, self.fresh)
        comparison.data = storing.data_fingerprints(task)
        weights = {name: storing.weights_fingerprint(name) for name in {t.config.model for t in trials}}

        def made_of(trial: Trial) -> dict[str, Any]:
            config = trial.config
            shared = task, comparison.data, weights[config.model], comparison.split
            found = storing.ingredients(config, strategies.parse(config.strategy), *shared)
            return found if trial.seconds is None else {**found, "seconds": trial.seconds}

        timed = self._timed(trials, task, store, made_of)
        todo = []
        for trial in timed:
            held = made_of(trial)
            found = store.get(storing.key_of(held))
            if found:
                comparison.results.append(dataclasses.replace(found, method=trial.name, labels=trial.examples))
            else:
                todo.append((trial, held))
        self._tell(comparison)
        self._run_all(todo, comparison, store)
        comparison.stopped |= len(timed) < len(trials)
        self.history.enter("stopped" if comparison.stopped else "finished")

    def _timed(
        self, trials: Sequence[Trial], task: Task, store: storing.Store, made_of: Callable[[Trial], dict[str, Any]]
    ) -> list[Trial]:
        """The trials with the epochs that fit into their seconds, alike for all seeds and rates; fewer after a stop.

        What was timed once is kept as results are: a second call gives each run the steps that the first one gave.
        """
        found, known = [], dict[str, float]()
        for trial in trials:
            if trial.seconds is None:
                found.append(trial)
                continue
            alike = dataclasses.replace(trial.config, seed=0, learning_rate=None)  # which a step takes as long with
            held = made_of(dataclasses.replace(trial, config=alike))
            key = storing.key_of(held)
            epochs = known.get(key) or store.get_epochs(key)
            if epochs is None:
                if self.stop.is_set():
                    continue
                self.history.enter(f"timing {trial.name}, {trial.config.labels or 'all'} labels")
                epochs = budgets.epochs_in(trial.seconds, trial.config, task)
                store.put_epochs(key, epochs, held)
            known[key] = epochs
            found.append(dataclasses.replace(trial, config=dataclasses.replace(trial.config, epochs=epochs)))
        return found

    def _run_all(
        self, todo: Sequence[tuple[Trial, dict[str, Any]]], comparison: Comparison, store: storing.Store
    ) -> None:
        """Do these runs, keep and tell each. todo: with what each is made of."""
        self.history.start(sum(trial.weight for trial, _ in todo))
        done = 0
        for number, (trial, made_of) in enumerate(todo):
            task, split = comparison.task, comparison.split
            result = None if self.stop.is_set() else self._run(trial, task, split, number, len(todo), done)
            if result is None:
                comparison.stopped = True
                break
            store.put(storing.key_of(made_of), result, made_of)
            comparison.results.append(result)
            done += trial.weight
            self.history.advance(done)
            self._tell(comparison)

    def _run(self, trial: Trial, task: Task, split: str, number: int, total: int, done: int) -> Result | None:
        """Do one run; None when it was stopped before its end."""
        history = History()
        if self.on_run:
            self.on_run(number, total, trial.title, history)
        self.history.enter(f"run {number + 1} of {total}: {trial.title}")

        def move(history: History) -> None:
            self.history.advance(done + int(trial.weight * min(1, history.step / max(1, history.total_steps))))

        history.subscribe(move)
        run = runs.execute(trial.config, task, history, self.stop)
        return None if self.stop.is_set() else result_of(run, trial, split)

    def _tell(self, comparison: Comparison) -> None:
        if self.on_result:
            self.on_result(comparison)


def result_of(run: Any, trial: Trial, split: str) -> Result:
    """The row of a finished run; of the splits that did not choose its weights only `split` is measured."""
    scores = run.after if split == "validation" else run.evaluate(split)
    task = run.task
    qualities = task.quality(task.decide(run.outputs(split)), task.truth(task.splits[split]))
    old = forgetting.before_and_after(run.history, task.chooses)
    return Result(
        trial.name, "model", trial.examples, trial.config.seed, scores, run.seconds, run.trainable_share, run.after,
        np.asarray(qualities, float), run.config.to_dict(), run.history.total_steps, trial.seconds, *old,
    )  # fmt: skip


def baseline_results(task: Task, model: str, counts: Iterable[int | None], seeds: Iterable[int]) -> list[Result]:
    """The task's simple methods on the same labels; they take no time worth keeping."""
    processor = checkpoints.processor(model)
    test, results = task.splits["test"], []
    truth = task.truth(test)
    for seed in seeds:
        for count in counts:
            train = task.sample(count, seed)
            for name, baseline in task.baselines(processor).items():
                start = time.perf_counter()
                predictions = baseline(train, test)
                seconds = time.perf_counter() - start
                scores, qualities = task.score(predictions, truth), task.quality(predictions, truth)
                found = np.asarray(qualities, float)
                results.append(
                    Result(name, BASELINE, len(train), seed, scores, seconds, 0.0, qualities=found)
                )  # fmt: skip
    return results


def numbered(seeds: int | Sequence[int]) -> list[int]:
    """The seeds: so many from 0 on, or those named. Raises ConfigError."""
    found = list(range(seeds)) if isinstance(seeds, int) and not isinstance(seeds, bool) else seeds
    if not isinstance(found, (list, tuple, range)) or not found or len(set(found)) < len(found):
        raise ConfigError(f"seeds={seeds!r}: expected how many seeds, 1 or more, or a list of different ones.")
    return list(found)


def check_taken(given: dict[str, Any], taken: dict[str, str]) -> None:
    """Raise ConfigError for a setting that a comparison sets itself; taken: what to write in its place."""
    for name, instead in taken.items():
        if name in given:
            raise ConfigError(f"{name}={given[name]!r}: a comparison sets it for each run; expected {instead}.")
