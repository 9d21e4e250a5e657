"""Masked words: guess the words that were hidden, from both sides (Devlin et al. 2019, "BERT")."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import transformers
from torch.nn import functional as F

from ..config import require_number
from ..corpora import Material
from ..errors import ConfigError
from .base import IGNORED, Batch, TextObjective, outcome
from .blocks import blocks


class MaskedWords(TextObjective):
    """Of the masked tokens 80 % become [MASK], 10 % another word, 10 % stay.

    masked_share: 0.15 in the paper; a quarter teaches more a step (Wettig et al. 2023, "Should
    You Mask 15 % in Masked Language Modeling?"). sequences: how many of the corpus are read, spread evenly over it;
    all of them unless told, for `steps` says how many are seen. In a mixture it says how much this part counts for.
    """

    auto_class = "AutoModelForMaskedLM"

    def __init__(self, masked_share: float = 0.25, sequences: int | None = None):
        if not isinstance(masked_share, float) or not 0 < masked_share < 1:
            raise ConfigError(f"masked_share={masked_share!r}: expected a share between 0 and 1.")
        self.masked_share = masked_share
        if sequences is not None:
            require_number("sequences", sequences, int, 1, "how many sequences are read at most, 1 or more")
        self.sequences = sequences

    def fits(self, processor: Any) -> str:
        lacking = [n for n in ("cls_token", "sep_token", "mask_token", "pad_token") if not getattr(processor, n, None)]
        return ", ".join(lacking)

    def examples(self, split: str, length: int, material: Material) -> torch.utils.data.Dataset[Any]:
        marks = material.processor
        made = blocks(split, length, material, shortest=3, before=(marks.cls_token_id,), after=(marks.sep_token_id,))
        if self.sequences is None or self.sequences >= len(made):
            return made
        return torch.utils.data.Subset(made, np.linspace(0, len(made) - 1, self.sequences).astype(int).tolist())

    def collator(self, processor: Any) -> Any:
        return transformers.DataCollatorForLanguageModeling(processor, mlm_probability=self.masked_share)

    def loss(self, model: Any, inputs: Batch) -> tuple[torch.Tensor, Any]:
        """Cross-entropy over the masked positions, in nats a word piece."""
        if word_head(model) is None:
            return super().loss(model, inputs)
        return words_loss(model, last_hidden(model, inputs), inputs["labels"])


def last_hidden(model: Any, inputs: Batch) -> torch.Tensor:
    """The last hidden states, (batch, length, width)."""
    given = {name: inputs[name] for name in ("input_ids", "attention_mask", "token_type_ids") if name in inputs}
    return model.base_model(**given)[0]  # type: ignore[no-any-return]


def word_head(model: Any) -> Callable[[torch.Tensor], torch.Tensor] | None:
    """What turns hidden states into the vocabulary's logits, in BERT and ModernBERT; None in others."""
    if hasattr(model, "bert") and hasattr(model, "cls"):
        return model.cls.predictions  # type: ignore[no-any-return]
    if model.config.model_type == "modernbert":
        return lambda hidden: model.decoder(model.head(hidden))
    return None


def words_loss(model: Any, hidden: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, Batch]:
    """Cross-entropy of the word head over the masked positions alone: a third of the work saved."""
    head = word_head(model)
    assert head is not None
    masked = labels != IGNORED  # (batch, length)
    logits = head(hidden[masked])  # (masked, vocabulary)
    # Of a short batch perhaps nothing is masked: a mean over none would not be a number.
    loss = F.cross_entropy(logits.float(), labels[masked], reduction="sum") / max(int(masked.sum()), 1)
    guesses = torch.zeros_like(labels)
    guesses[masked] = logits.argmax(dim=-1)
    return loss, outcome(model, loss, guesses, labels)
