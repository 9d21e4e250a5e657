"""L2-SP: a pull towards the weights that training starts from (Li et al. 2018, arXiv 1802.01483)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from ..config import require, require_number
from .base import Part, Strategy, head_and_below, in_order


@dataclass(frozen=True)
class L2SP(Strategy):
    """Everything trains, but what was pretrained is pulled back to where it started: it forgets less.

    strength: alpha of the penalty alpha/2 * sum((weights - start)**2) over all weights below the
    head, which is added to the loss in training. It takes the place of weight decay there; the new
    head keeps its weight decay.
    """

    kind = "l2-sp"
    keeps_start = True
    strength: float = 0.01

    def __post_init__(self) -> None:
        expected = "a number above 0"
        require_number("strength", self.strength, (int, float), 0, expected)  # type: ignore[arg-type]
        require(self.strength > 0, "strength", self.strength, expected)

    def parts(self, model: nn.Module, learning_rate: float) -> list[Part]:
        head, below = head_and_below(model)
        pulled = in_order(model, (name for group in below for name in group.parameters))
        rates = ((0.0, learning_rate),)
        return [Part(in_order(model, head), rates), Part(pulled, rates, decays=False)]

    def penalty(self, model: nn.Module) -> Callable[[], torch.Tensor]:
        below = {name for group in head_and_below(model)[1] for name in group.parameters}
        pairs = [(p, p.detach().clone()) for name, p in model.named_parameters() if name in below]

        def distance() -> torch.Tensor:
            return self.strength / 2 * torch.stack([(now - start).square().sum() for now, start in pairs]).sum()

        return distance
