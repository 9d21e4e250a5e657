"""Blocks: a flat token stream cut into sequences of one length."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from ..corpora import Material
from ..errors import ConfigError, DataError

MEASURED = 64_000  # tokens of the validation split that a loss is measured on


class TokenBlocks(torch.utils.data.Dataset[dict[str, torch.Tensor]]):
    """`input_ids` of `length` tokens each, (length,) int64, those of `before` and `after` included.

    The tokens that remain after the last whole sequence are left out.
    """

    def __init__(self, tokens: np.ndarray, length: int, before: tuple[int, ...] = (), after: tuple[int, ...] = ()):
        inner = length - len(before) - len(after)
        self.tokens = tokens[: len(tokens) // inner * inner].reshape(-1, inner)
        self.before, self.after = np.array(before, dtype=np.int64), np.array(after, dtype=np.int64)

    def __len__(self) -> int:
        return len(self.tokens)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        ids = np.concatenate([self.before, self.tokens[index].astype(np.int64), self.after])
        return {"input_ids": torch.from_numpy(ids)}


def blocks(split: str, length: int, material: Material, shortest: int = 1, **marks: Any) -> TokenBlocks:
    """The split's blocks; a bounded number of the validation split.

    Raises ConfigError for a length below `shortest`, which leaves nothing to guess, and
    DataError when the split has not even one block.
    """
    if length < shortest:
        raise ConfigError(f"length={length}: expected at least {shortest} tokens, or there is nothing to guess.")
    tokens = material.tokens(split)
    if split == "validation":
        tokens = tokens[: max(MEASURED, length)]
    made = TokenBlocks(tokens, length, **marks)
    if not len(made):
        raise DataError(
            f"The {split} part of the corpus has {len(tokens)} tokens, less than one sequence of {length}. "
            "Take a larger corpus or a smaller length."
        )
    return made
