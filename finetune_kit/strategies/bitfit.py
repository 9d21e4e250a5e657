"""BitFit: only the biases and the head train (Ben Zaken et al. 2022, arXiv 2106.10199)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from ..config import require
from ..errors import ModelError
from .base import Part, Strategy, head_and_below, in_order


@dataclass(frozen=True)
class BitFit(Strategy):
    """The biases of all layers and the head train, and nothing else: a thousandth of a model.

    norms: train the scales of the norms too, which models without biases, such as T5, have.
    A BatchNorm whose scale stays frozen keeps its statistics.
    """

    kind = "bitfit"
    learning_rates = (5e-3, 1e-3)
    norms: bool = False

    def __post_init__(self) -> None:
        require(isinstance(self.norms, bool), "norms", self.norms, "True or False")

    def parts(self, model: nn.Module, learning_rate: float) -> list[Part]:
        head, below = head_and_below(model)
        kinds = {name: type(module).__name__.lower() for name, module in model.named_modules()}

        def trains(name: str) -> bool:
            owner, _, last = name.rpartition(".")
            return last == "bias" or (self.norms and "norm" in kinds.get(owner, ""))

        light = [name for group in below for name in group.parameters if trains(name)]
        if not light:
            others = "'lora' suits it." if self.norms else "'bitfit(norms=true)' trains the scales of its norms."
            raise ModelError(f"The strategy {self.name!r} finds no biases below the head of this model; {others}")
        return [Part(in_order(model, {*head, *light}), ((0.0, learning_rate),))]
