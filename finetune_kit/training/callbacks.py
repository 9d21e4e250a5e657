"""Callbacks: what training writes into a history, and what begins to train on the way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import transformers

from ..history import History
from ..strategies import Part, unfreeze
from .plans import Plan

PACE = ("_runtime", "_per_second", "_preparation_time")


class HistoryCallback(transformers.TrainerCallback):
    """Writes what the Trainer logs into a History, and stops it when the event is set."""

    def __init__(self, history: History, stop: threading.Event, plan: Plan, read: Callable[[float], dict[str, float]]):
        self.history, self.stop, self.plan, self.read = history, stop, plan, read
        self.base = 0  # steps that earlier stages have taken

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.base = self.history.start(state.max_steps, state.global_step)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.history.advance(self.base + state.global_step)
        if self.stop.is_set():
            control.should_training_stop = control.should_log = control.should_evaluate = True
            control.should_save = self.plan.save_every is not None
        if self.plan.save_every and state.global_step == state.max_steps:
            control.should_save = False  # the caller saves what is finished

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float], **kwargs: Any) -> None:
        if "loss" in logs:
            values = {"train_loss": logs["loss"], "learning_rate": logs["learning_rate"]}
            if self.plan.tokens_a_step:
                values["tokens_per_second"] = self.plan.tokens_a_step * self.history.pace
            self._write(state, values)

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: dict[str, float], **kwargs: Any) -> None:
        if self.history.phase != "training":
            return  # measured before or after it
        values = {k.replace("eval_", "validation_"): v for k, v in metrics.items() if not k.endswith(PACE)}
        values |= {f"validation_{k}": v for k, v in self.read(values["validation_loss"]).items()}
        if state.global_step:
            self._write(state, {k: v for k, v in values.items() if k != "epoch"})

    def _write(self, state: Any, values: dict[str, float]) -> None:
        self.history.log(self.base + state.global_step, state.epoch, **values)


class ForgettingCallback(transformers.TrainerCallback):
    """Adds to every evaluation in a history what a model still knows, as `measure(model)` says it."""

    def __init__(self, measure: Callable[[Any], dict[str, float]], history: History):
        self.measure, self.history = measure, history

    def on_evaluate(self, args: Any, state: Any, control: Any, model: Any, **kwargs: Any) -> None:
        if self.history.phase == "training" and state.global_step:
            self.history.note(**self.measure(model))


class UnfreezingCallback(transformers.TrainerCallback):
    """Lets each part of a model train from its time on."""

    def __init__(self, parts: list[Part]):
        self.parts = parts

    def on_step_begin(self, args: Any, state: Any, control: Any, model: Any, **kwargs: Any) -> None:
        unfreeze(model, self.parts, state.global_step / state.max_steps)
