"""Layer maps: what of a model trains, and what that costs in memory and time, before it trains."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import nn

from . import runs, strategies, tasks, training
from .config import require_number
from .errors import ConfigError
from .history import History
from .layers import LayerGroup, layer_groups
from .strategies import Part, Strategy
from .tasks import Task

MEGABYTE = 1e6
MOMENTS = 2  # that AdamW keeps of each weight that trains


@dataclass(frozen=True)
class LayerMap:
    """What trains under a strategy, by layer group, and what it costs.

    table: a pandas DataFrame of the groups from bottom to top: group, parameters, trainable (how
    many of them train at some time), share (0 to 1), learning_rate (at its height; of the head's
    own phase, where there is one), since (the share of the steps from which on they train).
    memory: megabytes of weights, gradients, optimiser, start (the copy that a pull towards the start
    needs) and activations (of the longest batch that was timed). step: mean seconds of
    a training step. evaluation: seconds of one of the `evaluations` on the validation split.
    Where nothing was timed, activations are left out and seconds are None.
    """

    model: str
    strategy: str
    table: Any
    memory: dict[str, float]
    step: float | None = None
    evaluation: float | None = None
    steps: int = 0
    epochs: float = 0.0
    evaluations: int = 0

    @property
    def trainable_share(self) -> float:
        """The share of the weights that train at some time, 0 to 1."""
        return float(self.table["trainable"].sum() / self.table["parameters"].sum())

    @property
    def epoch_seconds(self) -> float | None:
        """Predicted seconds of an epoch's training steps."""
        return None if self.step is None else self.step * self.steps / self.epochs

    @property
    def seconds(self) -> float | None:
        """Predicted seconds of the whole training, its evaluations included."""
        if self.step is None or self.evaluation is None:
            return None
        return self.step * self.steps + self.evaluation * self.evaluations

    @property
    def summary(self) -> str:
        """Weights, memory and time in a few lines."""
        weights = self.table["parameters"].sum()
        parts = " + ".join(f"{size:,.1f} {name}" for name, size in self.memory.items() if size)
        lines = [
            f"{self.model}, strategy {self.strategy}: {self.trainable_share:.1%} of {weights:,} weights train",
            f"memory: {sum(self.memory.values()):,.1f} MB = {parts}",
        ]
        if self.step is None or self.epoch_seconds is None:
            return "\n".join([*lines, "Activations are not counted and nothing is timed: that takes a task."])
        time = f"{self.step:.2g} s a step, {self.epoch_seconds:.2g} s an epoch"
        return "\n".join([*lines, f"time: {time}, {self.seconds:.2g} s for {self.epochs:g} epochs with evaluations"])

    def __repr__(self) -> str:
        return f"{self.table.to_string(index=False, formatters=_FORMATS, na_rep='-')}\n{self.summary}"

    def _repr_html_(self) -> str:
        table = self.table.to_html(index=False, formatters=_FORMATS, na_rep="-")
        return f"{table}<pre>{self.summary}</pre>"


_FORMATS = {
    "parameters": "{:,}".format, "trainable": "{:,}".format, "share": "{:.1%}".format,
    "learning_rate": "{:.2g}".format, "since": "{:.0%}".format,
}  # fmt: skip


def layer_map(
    task_or_model: str | Task | nn.Module = "sentiment",
    model: str | None = None,
    strategy: str | Strategy = "full",
    **settings: Any,
) -> LayerMap:
    """What would train, and what it would cost, before anything trains.

    task_or_model: a task as `fine_tune` takes it, whose own batches a few steps are timed on (the
    model of a later run is not touched by them), or a transformers model, which stays as it is and is
    only counted. model, settings: as for `fine_tune`. Raises a FinetuneKitError for bad input, ModelError for a
    strategy that does not fit the model.
    """
    chosen = strategies.parse(strategy)
    if isinstance(task_or_model, nn.Module):
        if model is not None or settings:
            given = ", ".join([*(["model"] if model else []), *settings])
            raise ConfigError(
                f"layer_map of a model at hand takes no settings, but got {given}; expected a task first."
            )
        counted = copy.deepcopy(task_or_model)
        chosen.apply(counted)
        rate = chosen.learning_rate(task_or_model)
        table = _table(counted, chosen, rate)
        return LayerMap(type(counted).__name__, chosen.name, table, _memory(counted, chosen))
    config = tasks.configure(task_or_model, model, strategy=chosen.name, **settings)
    job = runs.prepare(config, None if isinstance(task_or_model, str) else task_or_model, History())
    assert job.config.learning_rate is not None and job.config.epochs is not None
    table, memory = _table(job.model, chosen, job.config.learning_rate), _memory(job.model, chosen)
    plan = training.plan_for(job.config, job.task, len(job.train))
    with training.temporary_folder() as folder:
        timing = training.timed(job.trainer(History(), threading.Event(), folder))
    return LayerMap(
        config.model,
        chosen.name,
        table,
        memory | {"activations": timing.activations / MEGABYTE},
        timing.step,
        timing.evaluation,
        plan.steps,
        job.config.epochs,
        plan.steps // plan.evaluate_every,
    )


def learning_rates(
    model: nn.Module, strategy: str | Strategy = "full", steps: int = 100, learning_rate: float | None = None
) -> Any:
    """The learning rate of each layer group at each step, as a pandas DataFrame, before anything trains.

    Columns: the groups from bottom to top; rows: the steps from 0; float64, nan while a group stands still.
    learning_rate: at its height, by default the strategy's own for the model, which stays as it is. Raises
    ConfigError for `steps` below 1, another FinetuneKitError for a strategy that does not fit the model.
    """
    import pandas as pd

    require_number("steps", steps, int, 1, "a whole number, 1 or more")
    chosen, counted = strategies.parse(strategy), copy.deepcopy(model)
    rate = chosen.learning_rate(model) if learning_rate is None else learning_rate
    chosen.apply(counted)
    phases = training.Phases(steps, chosen.restarts, training.WARMUP_SHARE)
    found = {}
    for group, _, part in _parts(counted, chosen, rate):
        pace = phases.pace(part) if part else None
        since = part.since if part else 1.0
        found[group.name] = [pace(step) if pace and step / steps >= since else float("nan") for step in range(steps)]
    return pd.DataFrame(found)


def _parts(
    model: nn.Module, strategy: Strategy, learning_rate: float
) -> Iterator[tuple[LayerGroup, list[str], Part | None]]:
    """Each layer group from bottom to top, those of its weights that train at some time, and how."""
    parts = {name: part for part in strategy.parts(model, learning_rate) for name in part.parameters}
    for group in layer_groups(model):
        trains = [name for name in group.parameters if name in parts]
        yield group, trains, parts[trains[0]] if trains else None


def _table(model: nn.Module, strategy: Strategy, learning_rate: float) -> Any:
    import pandas as pd

    size = {name: p.numel() for name, p in model.named_parameters()}
    rows = []
    for group, trains, part in _parts(model, strategy, learning_rate):
        trainable = sum(size[name] for name in trains)
        rows.append(
            {
                "group": group.name,
                "parameters": group.size,
                "trainable": trainable,
                "share": trainable / group.size,
                "learning_rate": part.rates[0][1] if part else float("nan"),
                "since": part.since if part else float("nan"),
            }
        )
    return pd.DataFrame(rows)


def _memory(model: nn.Module, strategy: Strategy) -> dict[str, float]:
    """Megabytes while training: each number in the precision that the model has it in."""
    size = {name: p.numel() * p.element_size() for name, p in model.named_parameters()}
    parts = strategy.parts(model, 1.0)
    trained = sum(size[name] for part in parts for name in part.parameters)
    pulled = sum(size[name] for part in parts for name in part.parameters if not part.decays)
    buffers = sum(buffer.numel() * buffer.element_size() for buffer in model.buffers())
    found = {
        "weights": sum(size.values()) + buffers,
        "gradients": trained,
        "optimiser": MOMENTS * trained,
        "start": pulled if strategy.keeps_start else 0,
    }
    return {name: amount / MEGABYTE for name, amount in found.items()}
