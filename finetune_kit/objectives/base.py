"""What every objective provides: examples, collation, a loss, and what is read off it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from ..corpora import Material

Batch = dict[str, torch.Tensor]
IGNORED = -100  # the label of a token that does not count
VALIDATION = 10**6  # added to the seed of what is made for the validation split


class Learnable(ABC):
    """Whatever a model can be trained on by the kit's Trainer: an objective of pretraining, or a task.

    auto_class: the name of the transformers class that loads a model with the head that this needs.
    labels: the inputs of a batch that the loss compares with. by_length: whether examples differ
    in length, so that batches of like length pay.
    """

    auto_class: str
    labels: tuple[str, ...] = ("labels",)
    by_length = False

    @abstractmethod
    def collator(self, processor: Any) -> Callable[[list[Any]], Batch]:
        """Examples to one batch of tensors."""

    def loss(self, model: Any, inputs: Batch) -> tuple[torch.Tensor, Any]:
        """The loss to minimise, a scalar, and the model's outputs; by default the model's own loss."""
        outputs = model(**inputs)
        return outputs["loss"], outputs

    def measure(self, outputs: np.ndarray, labels: np.ndarray) -> dict[str, float]:
        """What is measured on the validation split beside the loss."""
        return {}

    def read(self, loss: float) -> dict[str, float]:
        """The validation loss in terms that people know better, such as perplexity."""
        return {}


class Objective(Learnable):
    """What pretraining optimises. Its arguments are the `settings` of a recipe's stage.

    measures: whether `measure` looks at the model's outputs, or the loss says it all.
    """

    measures = False

    def equip(self, model: Any) -> None:
        """Put on the model what this objective alone needs and it has not yet; it is saved with the model."""

    @abstractmethod
    def examples(self, split: str, length: int, material: Material) -> torch.utils.data.Dataset[Any]:
        """The examples of the split 'train' or 'validation', `length` tokens each where they are text."""


class TextObjective(Objective):
    """An objective over running text: cross-entropy in nats a token, and the share of tokens guessed right."""

    measures = True

    @abstractmethod
    def fits(self, processor: Any) -> str:
        """What the tokenizer lacks for this objective; '' when it lacks nothing."""

    def separator(self, processor: Any) -> list[int]:
        """The token ids that end a paragraph; none by default."""
        return []

    def loss(self, model: Any, inputs: Batch) -> tuple[torch.Tensor, Any]:
        outputs = model(**inputs)
        return outputs["loss"], outcome(model, outputs["loss"], outputs["logits"].argmax(dim=-1), inputs["labels"])

    def measure(self, outputs: np.ndarray, labels: np.ndarray) -> dict[str, float]:
        counted = outputs[outputs != IGNORED]
        return {"accuracy": float(counted.mean()) if counted.size else 0.0}

    def read(self, loss: float) -> dict[str, float]:
        return {"perplexity": math.exp(min(loss, 50.0))}  # beyond e**50 it is not a number worth reading


def padded(sources: Sequence[torch.Tensor], targets: Sequence[torch.Tensor], processor: Any) -> Batch:
    """One batch for an encoder-decoder, of token ids (length,) int64 that are read and such as are to be written."""

    def pad(rows: Sequence[torch.Tensor], filler: int) -> torch.Tensor:
        return torch.nn.utils.rnn.pad_sequence(list(rows), batch_first=True, padding_value=filler)

    filler = processor.eos_token_id if processor.pad_token_id is None else processor.pad_token_id
    mask = pad([torch.ones_like(ids) for ids in sources], 0)
    return {"input_ids": pad(sources, filler), "attention_mask": mask, "labels": pad(targets, IGNORED)}


def outcome(model: Any, loss: torch.Tensor, guesses: torch.Tensor, labels: torch.Tensor) -> Batch:
    """The loss and, while measuring, `hits`: (batch, length) int64, 1 for a right guess, 0 or IGNORED elsewhere."""
    if model.training:
        return {"loss": loss}
    return {"loss": loss, "hits": torch.where(labels == IGNORED, IGNORED, (guesses == labels).long())}


class MadeObjective(Objective):
    """An objective over images or sounds that the kit makes itself, labels included."""

    @abstractmethod
    def head_settings(self) -> dict[str, Any]:
        """What the model's configuration must say for the head."""

    @abstractmethod
    def processor(self) -> Any:
        """The image processor or feature extractor that goes with the model."""
