"""The head first, then everything (Kumar et al. 2022, "LP-FT", arXiv 2202.10054)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from ..config import require, require_number
from ..errors import ModelError
from .base import Part, Strategy, head_and_below, in_order
from .plain import HeadOnly


@dataclass(frozen=True)
class HeadThenFull(Strategy):
    """The new head trains alone until it fits; then everything trains, so that a raw head does not spoil the rest.

    share: of the steps, for the head alone. head_rate: the learning rate of that phase, by
    default that of the strategy `head`. The learning rate of the run is that of the second phase.
    Each phase has its own warm-up and goes down to 0.
    """

    kind = "head-then-full"
    share: float = 0.5
    head_rate: float | None = None

    def __post_init__(self) -> None:
        expected = "a share of the steps between 0 and 1"
        require_number("share", self.share, (int, float), 0, expected)  # type: ignore[arg-type]
        require(0 < self.share < 1, "share", self.share, expected)
        if self.head_rate is not None:
            expected = "a learning rate from 0 to 1, or None"
            require_number("head_rate", self.head_rate, (int, float), 0, expected)  # type: ignore[arg-type]
            require(self.head_rate <= 1, "head_rate", self.head_rate, expected)

    @property
    def restarts(self) -> tuple[float, ...]:
        return (self.share,)

    def parts(self, model: nn.Module, learning_rate: float) -> list[Part]:
        head, below = head_and_below(model)
        if not head:
            raise ModelError(f"The strategy {self.name!r} begins with the head; this model has none.")
        first = HeadOnly().learning_rate(model) if self.head_rate is None else self.head_rate
        rest = in_order(model, (name for group in below for name in group.parameters))
        return [
            Part(in_order(model, head), ((0.0, first), (self.share, learning_rate))),
            Part(rest, ((self.share, learning_rate),)),
        ]
