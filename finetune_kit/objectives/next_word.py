"""Next word: guess each word from those before it (Radford et al. 2018, 2019, "GPT")."""

from __future__ import annotations

from typing import Any

import torch

from ..corpora import Material
from .base import Batch, TextObjective, outcome
from .blocks import TokenBlocks, blocks


class NextWord(TextObjective):
    """The labels are the inputs; the model shifts them by one. A paragraph ends with the end-of-text token."""

    auto_class = "AutoModelForCausalLM"

    def fits(self, processor: Any) -> str:
        return "" if processor.eos_token else "eos_token"

    def separator(self, processor: Any) -> list[int]:
        return [processor.eos_token_id]

    def examples(self, split: str, length: int, material: Material) -> TokenBlocks:
        return blocks(split, length, material, shortest=2)

    def loss(self, model: Any, inputs: Batch) -> tuple[torch.Tensor, Any]:
        outputs = model(**inputs)
        guesses = outputs["logits"][:, :-1].argmax(dim=-1)  # (batch, length - 1)
        return outputs["loss"], outcome(model, outputs["loss"], guesses, inputs["labels"][:, 1:])

    def collator(self, processor: Any) -> Any:
        return _with_labels


def _with_labels(examples: list[Batch]) -> Batch:
    ids = torch.stack([example["input_ids"] for example in examples])  # (batch, length)
    return {"input_ids": ids, "labels": ids.clone()}
