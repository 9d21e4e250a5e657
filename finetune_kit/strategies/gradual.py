"""Gradual unfreezing with discriminative learning rates (Howard and Ruder 2018, "ULMFiT", arXiv 1801.06146)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import nn

from ..config import require, require_number
from .base import Part, Strategy, head_and_below, in_order

BLOCKS = 5  # below the head, at most: ULMFiT's model had four. A deep model's layers go several at a time


@dataclass(frozen=True)
class GradualUnfreezing(Strategy):
    """The head trains first; the layers join one by one from the top, each slower than the one above it.

    decay: what the learning rate is divided by from one block of layers to the next below. over:
    the share of the steps over which the blocks are unfrozen, at even distances; from then on all
    train. A block is a layer group; where there are more than five below the head, several.
    """

    kind = "gradual"
    learning_rates = (3e-3, 1e-4)  # of the head: what lies deeper gets a fraction of it
    decay: float = 2.6
    over: float = 0.5

    def __post_init__(self) -> None:
        require_number("decay", self.decay, (int, float), 1, "a number, 1 or more")  # type: ignore[arg-type]
        require_number("over", self.over, (int, float), 0, "a share below 1")  # type: ignore[arg-type]
        require(self.over < 1, "over", self.over, "a share below 1")

    def parts(self, model: nn.Module, learning_rate: float) -> list[Part]:
        head, below = head_and_below(model)
        blocks = [
            [name for place in places for name in below[place].parameters]
            for places in np.array_split(range(len(below)), min(BLOCKS, len(below)))
        ]
        downwards = [block for block in (head, *reversed(blocks)) if block]
        last = max(1, len(downwards) - 1)
        return [
            Part(in_order(model, block), ((self.over * step / last, learning_rate / self.decay**step),))
            for step, block in enumerate(downwards)
        ]
