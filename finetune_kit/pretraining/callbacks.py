"""Callbacks of pretraining: the clock that a budget in minutes is read off, and guesses as it learns."""

from __future__ import annotations

import time
from typing import Any

import transformers

from .. import probes
from ..history import History


class Clock(transformers.TrainerCallback):
    """Times the steps after the first two, which are slower than the rest."""

    def __init__(self) -> None:
        self.ends: list[float] = []

    def on_step_end(self, *args: Any, **kwargs: Any) -> None:
        self.ends.append(time.perf_counter())

    @property
    def seconds_a_step(self) -> float:
        return (self.ends[-1] - self.ends[1]) / (len(self.ends) - 2)


class GuessCallback(transformers.TrainerCallback):
    """Writes what the model makes of a few sentences into the history at every evaluation."""

    def __init__(self, sentences: list[str], processor: Any, history: History):
        self.sentences, self.processor, self.history = sentences, processor, history

    def on_evaluate(self, args: Any, state: Any, control: Any, model: Any, **kwargs: Any) -> None:
        guesses = [probes.guess(model, self.processor, sentence) for sentence in self.sentences]
        self.history.note(guesses=dict(zip(self.sentences, guesses, strict=True)))
