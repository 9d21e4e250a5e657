"""Budgets: how long every run of a comparison trains, in steps or in seconds, and how many steps the seconds make."""

from __future__ import annotations

import dataclasses
import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from .. import runs, training
from ..config import RunConfig, require_number
from ..errors import ConfigError
from ..history import History
from ..tasks import Task
from .results import Result

MOST_NAMED = 9  # methods whose steps are told one by one: as many as there are strategies
FEWEST = 10  # steps that a budget in seconds must hold: fewer are no training


@dataclass(frozen=True)
class Budget:
    """So many optimiser steps, or so many seconds of training; with neither of them the epochs of the settings.

    Raises ConfigError for both and for a number that is no budget.
    """

    steps: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.steps is not None and self.seconds is not None:
            raise _both("seconds", self.seconds, "steps", self.steps)
        if self.steps is not None:
            require_number("steps", self.steps, int, 1, "a whole number of optimiser steps, 1 or more")
        if self.seconds is not None:
            expected = "seconds of training for each run, a number above 0"
            require_number("seconds", self.seconds, (int, float), 1e-3, expected)  # type: ignore[arg-type]
            object.__setattr__(self, "seconds", float(self.seconds))  # 20 and 20.0 are one budget

    def epochs(self, config: RunConfig, examples: int, patience: float) -> float | None:
        """The passes over so many examples; None where the budget is in seconds, for then each method has its own.

        patience: how many times the usual epochs, where neither the budget nor the configuration says how many. Raises
        ConfigError where both do.
        """
        for name, value in (("steps", self.steps), ("seconds", self.seconds)):
            if value is not None and config.epochs is not None:
                raise _both(name, value, "epochs", config.epochs)
        if self.seconds is not None:
            return None
        if self.steps is not None:
            return self.steps / math.ceil(examples / config.batch_size)
        return config.epochs or patience * training.default_epochs(examples, config.batch_size)


def _both(name: str, value: float, other: str, its: float) -> ConfigError:
    return ConfigError(f"{name}={value:g} and {other}={its:g}: expected one of them, for both say how long to train.")


def with_epochs(
    base: RunConfig, task: Task, count: int | None, budget: Budget | None = None, patience: float = 1.0
) -> tuple[RunConfig, int]:
    """A configuration for so many labels with its epochs set as the budget says; and the number of examples.

    See `Budget.epochs`.
    """
    examples = count or len(task.splits["train"])
    epochs = (budget or Budget()).epochs(base, examples, patience)
    return dataclasses.replace(base, labels=count, epochs=epochs), examples


def epochs_in(seconds: float, config: RunConfig, task: Task) -> float:
    """The epochs that fit into so many seconds of training, read off a few steps of a model that is thrown away.

    Its evaluations are part of the seconds, as far as they take a quarter of them. Raises ConfigError where too few
    steps fit.
    """
    job = runs.prepare(config, task, History())
    with training.temporary_folder() as folder:
        timing = training.timed(job.trainer(History(), threading.Event(), folder))
    steps = timing.steps_in(seconds, training.EVALUATIONS)
    if steps < FEWEST:
        least = FEWEST * timing.step / (1 - training.MEASURING)
        raise ConfigError(
            f"seconds={seconds:g}: {config.strategy!r} with {config.labels or 'all'} labels takes {timing.step:.2g} s "
            f"a step, so that {steps} fit; expected {least:.2g} or more, for {FEWEST} steps."
        )
    return steps / math.ceil(len(job.train) / config.batch_size)


def in_words(results: Sequence[Result]) -> str:
    """What every run might spend: steps, the same for all methods or told as a range; or seconds, and their steps."""
    trained = [r for r in results if r.steps]
    said = []
    for seconds in dict.fromkeys(r.allowed for r in trained):
        same = [r for r in trained if r.allowed == seconds]
        counts = sorted({r.labels for r in same})
        if seconds is None:
            said += [f"{_steps([r for r in same if r.labels == n])} with {n:,} labels" for n in counts]
        else:
            each = [f"with {n:,} labels {_of_each([r for r in same if r.labels == n])}" for n in counts]
            said.append(f"{seconds:g} s of training, measured {_measured(same)} ({'; '.join(each)})")
    return "; ".join(said)


def _measured(results: list[Result]) -> str:
    """What the runs took in truth, evaluations included, such as '14.8 to 15.3 s'."""
    few, many = (f"{found:,.1f}" for found in (min(r.seconds for r in results), max(r.seconds for r in results)))
    return f"{few} s" if few == many else f"{few} to {many} s"


def _of_each(results: list[Result]) -> str:
    """The steps of each method; of many their range, for the points of a grid are too many to tell."""
    methods = list(dict.fromkeys(r.method for r in results))
    if len(methods) > MOST_NAMED:
        return f"each {_steps(results)}"
    return ", ".join(f"{name} {_steps([r for r in results if r.method == name])}" for name in methods)


def _steps(results: list[Result]) -> str:
    """The steps of some runs, such as '4 steps' or '2 to 8 steps'."""
    few, many = min(r.steps for r in results), max(r.steps for r in results)
    return f"{few:,} to {many:,} steps" if few < many else f"{few:,} step{'s' * (few != 1)}"
