"""Callbacks of pretraining: guesses as it learns."""

from __future__ import annotations

from typing import Any

import transformers

from .. import probes
from ..history import History


class GuessCallback(transformers.TrainerCallback):
    """Writes what the model makes of a few sentences into the history at every evaluation."""

    def __init__(self, sentences: list[str], processor: Any, history: History):
        self.sentences, self.processor, self.history = sentences, processor, history

    def on_evaluate(self, args: Any, state: Any, control: Any, model: Any, **kwargs: Any) -> None:
        guesses = [probes.guess(model, self.processor, sentence) for sentence in self.sentences]
        self.history.note(guesses=dict(zip(self.sentences, guesses, strict=True)))
