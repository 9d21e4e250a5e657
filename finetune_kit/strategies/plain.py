"""The plain strategies: from scratch, the head alone, the last layers, everything."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import ConfigError, ModelError
from ..layers import LayerGroup
from .base import HEAD, Strategy


@dataclass(frozen=True)
class FromScratch(Strategy):
    """Random weights, all of which train: what fine-tuning is measured against."""

    kind = "scratch"
    learning_rates = (1e-3, 1e-4)  # there is nothing in random weights that large steps could spoil
    pretrained = False


@dataclass(frozen=True)
class HeadOnly(Strategy):
    """The checkpoint stays as it is; only the new head trains."""

    kind = "head"
    learning_rates = (3e-3, 1e-3)

    def trainable(self, groups: list[LayerGroup]) -> list[LayerGroup]:
        return [group for group in groups if group.name == HEAD]


@dataclass(frozen=True)
class LastLayers(Strategy):
    """The head and the last `n` layer groups train; those below stay frozen, dropout included."""

    kind = "last"
    counted = "n"
    n: int = 2

    def __post_init__(self) -> None:
        if not isinstance(self.n, int) or self.n < 1:
            raise ConfigError(f"LastLayers(n={self.n!r}): expected a whole number, 1 or more.")

    @property
    def name(self) -> str:
        return f"last-{self.n}"

    def trainable(self, groups: list[LayerGroup]) -> list[LayerGroup]:
        stack = [group for group in groups if re.search(r"\.\d+$", group.name)]
        if self.n > len(stack):
            raise ModelError(
                f"The strategy {self.name!r} asks for {self.n} layers; this model has {len(stack)}: "
                f"{', '.join(group.name for group in stack)}. 'full' trains all of it."
            )
        return [*stack[-self.n :], *(group for group in groups if group.name == HEAD)]


@dataclass(frozen=True)
class Full(Strategy):
    """Everything trains, from the checkpoint on."""

    kind = "full"
