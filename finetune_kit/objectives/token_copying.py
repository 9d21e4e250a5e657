"""Token copying: write a string of random tokens again, which teaches a decoder to look at its encoder."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from ..config import require_number
from ..corpora import Material
from ..errors import ConfigError
from .base import VALIDATION, Batch, TextObjective, padded

MADE = 100_000  # strings: more than a small model is trained on
MEASURED = 500  # strings of the validation split


class TokenCopying(TextObjective):
    """Strings of tokens drawn at random from the vocabulary, to be written as they are.

    Nothing can be guessed from what was written so far, so the decoder must find the place in the
    encoder's output. Running text rewards that so little that a small model learns it late: it
    learns to write first, and to read only long after. A first stage of copying changes the order
    (Wu, Li and Liang 2022, "Insights into Pre-training via Simpler Synthetic Tasks", where such
    tasks gave most of what pretraining gives). shortest: tokens of the shortest string, its end
    aside; the stage's length is that of the longest, its end included.
    """

    auto_class = "AutoModelForSeq2SeqLM"
    by_length = True

    def __init__(self, shortest: int = 3):
        require_number("shortest", shortest, int, 1, "a whole number of tokens, 1 or more")
        self.shortest = shortest

    def fits(self, processor: Any) -> str:
        return "" if processor.eos_token_id is not None else "a token that ends a text"

    def examples(self, split: str, length: int, material: Material) -> RandomStrings:
        if length <= self.shortest:
            raise ConfigError(f"length={length}: expected more than shortest={self.shortest} tokens, one for the end.")
        seed = material.seed + (VALIDATION if split == "validation" else 0)
        count = MEASURED if split == "validation" else MADE
        return RandomStrings(material.processor, count, self.shortest, length, seed)

    def collator(self, processor: Any) -> Any:
        def collate(examples: list[Batch]) -> Batch:
            strings = [example["input_ids"] for example in examples]
            return padded(strings, strings, processor)

        return collate


class RandomStrings(torch.utils.data.Dataset[Batch]):
    """`input_ids` of `shortest` to `length` - 1 random tokens and the end: int64; the same for the same seed."""

    def __init__(self, processor: Any, count: int, shortest: int, length: int, seed: int):
        marks = set(processor.all_special_ids)
        words = np.array([token for token in sorted(processor.get_vocab().values()) if token not in marks])
        drawn = np.random.default_rng(seed)
        self.strings = drawn.choice(words, (count, length))
        self.sizes = drawn.integers(shortest, length, count)
        self.strings[np.arange(count), self.sizes] = processor.eos_token_id

    def __len__(self) -> int:
        return len(self.strings)

    def __getitem__(self, index: int) -> Batch:
        return {"input_ids": torch.from_numpy(self.strings[index, : self.sizes[index] + 1])}
