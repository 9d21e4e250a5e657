"""Learning-rate range test: how the loss answers to a rate that rises from too low to too high."""

from __future__ import annotations

import dataclasses
import math
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import runs, strategies, tasks, training
from ..config import RunConfig
from ..errors import ConfigError
from ..history import History
from ..strategies import Strategy
from ..tasks import Task
from .trials import check_taken

FEWEST = 20  # steps: with fewer the curve is noise
SMOOTHING = 0.9  # of the running mean of the loss, as Smith's followers take it
DIVERGED = 4.0  # times the lowest smoothed loss: nothing better comes after it
SAFE = 10.0  # the rate at the lowest loss is divided by it


@dataclass(frozen=True)
class LearningRates:
    """The outcome of a range test; the model that was trained for it is thrown away.

    rates, losses, smoothed: (steps,) float64, the rate of each step, the training loss there and its running
    mean. suggested: a rate to begin with, or None where the loss never fell. diverged: whether it
    was ended because the loss had left its lowest value far behind.
    """

    model: str
    strategy: str
    rates: np.ndarray
    losses: np.ndarray
    smoothed: np.ndarray
    suggested: float | None
    diverged: bool

    def __repr__(self) -> str:
        low = int(np.nanargmin(self.smoothed))
        seen = (
            f"{self.model}, strategy {self.strategy}: {len(self.rates)} steps from {self.rates[0]:.1g} to "
            f"{self.rates[-1]:.1g}; the loss was lowest, {self.smoothed[low]:.3f}, at {self.rates[low]:.1g}"
            f"{' and then rose beyond measure' if self.diverged else ''}.\n"
        )
        if self.suggested is None:
            return seen + "It never fell: there is no rate to suggest. Try a wider range (low=, high=) or other data."
        return seen + f"Suggested learning rate: {self.suggested:.1g}."


def lr_range(
    task: str | Task = "sentiment",
    model: str | None = None,
    strategy: str | Strategy = "full",
    *,
    low: float = 1e-6,
    high: float = 0.3,
    steps: int = 100,
    history: History | None = None,
    stop: threading.Event | None = None,
    **settings: Any,
) -> LearningRates:
    """Train for some steps while the learning rate rises exponentially from `low` to `high`; look at the loss.

    Smith 2017, "Cyclical learning rates for training neural networks" (arXiv 1506.01186), section 3.3.
    It ends early where the loss diverges. The suggestion is a tenth of the rate at which the smoothed loss was
    lowest: there the loss still falls, and it is far from the rates that undo it. It is a place to begin a
    sweep at, no more: it has seen neither the validation split nor the end of a training. settings: those of RunConfig,
    such as labels, batch_size and seed. Raises ConfigError for a range or a number of steps that makes no curve.
    """
    _check(low, high, steps)
    check_taken(settings, {"learning_rate": "low= and high=", "epochs": "steps="})
    config = tasks.configure(task, model, strategy=strategies.parse(strategy).name, learning_rate=high, **settings)
    history, stop, ended = history or History(), stop or threading.Event(), threading.Event()
    job = runs.prepare(config, None if isinstance(task, str) else task, history)
    rates = np.geomspace(low, high, steps)
    history.subscribe(lambda h: ended.set() if stop.is_set() or _diverged(_losses(h)) else None)
    with training.temporary_folder() as folder:
        trainer = _trainer(job, rates, history, ended, folder)
        training.fit(trainer, ended)
    losses = _losses(history)
    diverged = _diverged(losses)
    history.enter("stopped" if stop.is_set() else "finished")
    if len(losses) < FEWEST:
        raise ConfigError(
            f"The range test ended after {len(losses)} steps, at a rate of {rates[max(0, len(losses) - 1)]:.1g}; "
            f"expected {FEWEST} or more. Begin lower, with low={low / 100:.0g}, or let it run."
        )
    smooth = smoothed(losses)
    found = suggestion(rates[: len(losses)], smooth)
    return LearningRates(config.model, config.strategy, rates[: len(losses)], losses, smooth, found, diverged)


def _check(low: float, high: float, steps: int) -> None:
    for name, value in (("low", low), ("high", high)):
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value <= 1:
            raise ConfigError(f"{name}={value!r}: expected a learning rate above 0, up to 1.")
    if low * 10 > high:
        raise ConfigError(
            f"low={low:g}, high={high:g}: expected high to be ten times low at least, such as 1e-6 and 0.3."
        )
    if not isinstance(steps, int) or steps < FEWEST:
        raise ConfigError(f"steps={steps!r}: expected a whole number of steps, {FEWEST} or more.")


def _trainer(job: Any, rates: np.ndarray, history: History, ended: threading.Event, folder: str) -> Any:
    """A Trainer whose learning rate follows `rates`, and which measures nothing on the way."""
    import torch

    steps = len(rates)
    passes = steps / math.ceil(len(job.train) / job.config.batch_size)
    config: RunConfig = dataclasses.replace(job.config, epochs=passes, learning_rate=float(rates[-1]))
    plan = training.plan_for(config, job.task, len(job.train))
    plan = dataclasses.replace(
        plan, steps=steps, warmup_steps=0, evaluate_every=steps + 1, best_by=None, measures=False
    )  # fmt: skip
    one = job.validation.select(range(1))  # a Trainer that is stopped measures once more
    made = training.trainer(
        job.model, job.processor, job.task, plan, job.train, one, history, ended, folder, job.strategy
    )
    made.args.logging_steps = 1
    made.create_optimizer()
    whole = 1.0 if made.restarts else float(rates[-1])  # the rate that the groups of the optimiser are set for
    made.lr_scheduler = torch.optim.lr_scheduler.LambdaLR(
        made.optimizer, lambda step: float(rates[min(step, steps - 1)]) / whole
    )
    return made


def _losses(history: History) -> np.ndarray:
    return np.array(history.series("train_loss")[1], float)


def smoothed(losses: np.ndarray) -> np.ndarray:
    """The running mean of a loss, corrected for its start (as Adam corrects its means): (steps,) float64."""
    mean, found = 0.0, []
    for number, loss in enumerate(losses, 1):
        mean = SMOOTHING * mean + (1 - SMOOTHING) * loss
        found.append(mean / (1 - SMOOTHING**number))
    return np.array(found)


def _diverged(losses: np.ndarray) -> bool:
    """Whether the loss has left its lowest value far behind, or is no number any more."""
    if not losses.size or len(losses) < FEWEST:
        return bool(losses.size) and not np.isfinite(losses[-1])
    if not np.isfinite(losses[-1]):
        return True
    smooth = smoothed(losses[np.isfinite(losses)])
    return bool(smooth[-1] > DIVERGED * smooth.min())


def suggestion(rates: np.ndarray, smooth: np.ndarray) -> float | None:
    """A tenth of the rate at the lowest smoothed loss; None where it never fell below 95 % of its start."""
    known = np.isfinite(smooth)
    if not known.any() or smooth[known].min() > 0.95 * smooth[0]:
        return None
    return float(rates[np.nanargmin(np.where(known, smooth, np.nan))] / SAFE)
