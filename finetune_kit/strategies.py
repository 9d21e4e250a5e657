"""Strategies: how much of a model trains, from which start. Each is a value."""

from __future__ import annotations

import itertools
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass

from torch import nn

from .errors import ConfigError, ModelError, unknown_name
from .layers import LayerGroup, layer_groups

SMALL = 20_000_000  # weights: below, a model trains best at the learning rates of the first column


@dataclass(frozen=True)
class Strategy(ABC):
    """What trains, and at which learning rate where the user names none.

    pretrained: start from the checkpoint's weights, or from random ones. learning_rates: of
    models below and above 20 million weights.
    """

    pretrained = True
    learning_rates = (3e-4, 3e-5)

    @property
    @abstractmethod
    def name(self) -> str:
        """The short name, such as `last-2`."""

    def trainable(self, groups: list[LayerGroup]) -> list[LayerGroup]:
        """The groups that train, out of all groups from bottom to top."""
        return groups

    def apply(self, model: nn.Module) -> None:
        """Set `requires_grad` of the model's parameters in place. Raises ModelError when nothing would train."""
        groups = layer_groups(model)
        names = {name for group in self.trainable(groups) for name in group.parameters}
        if not names:
            raise ModelError(f"The strategy {self.name!r} leaves nothing to train in this model.")
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(name in names)

    def learning_rate(self, model: nn.Module) -> float:
        """The default learning rate for a model of this size."""
        small = sum(p.numel() for p in model.parameters()) < SMALL
        return self.learning_rates[0] if small else self.learning_rates[1]


@dataclass(frozen=True)
class FromScratch(Strategy):
    """Random weights, all of which train: what fine-tuning is measured against."""

    pretrained = False

    @property
    def name(self) -> str:
        return "scratch"


@dataclass(frozen=True)
class HeadOnly(Strategy):
    """The checkpoint stays as it is; only the new head trains."""

    learning_rates = (3e-3, 1e-3)

    @property
    def name(self) -> str:
        return "head"

    def trainable(self, groups: list[LayerGroup]) -> list[LayerGroup]:
        return [group for group in groups if group.name == "head"]


@dataclass(frozen=True)
class LastLayers(Strategy):
    """The head and the last `n` layer groups train; those below stay frozen, dropout included."""

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
        return [*stack[-self.n :], *(group for group in groups if group.name == "head")]


@dataclass(frozen=True)
class Full(Strategy):
    """Everything trains, from the checkpoint on."""

    @property
    def name(self) -> str:
        return "full"


FIXED: dict[str, Strategy] = {s.name: s for s in (FromScratch(), HeadOnly(), Full())}


def parse(strategy: str | Strategy) -> Strategy:
    """A strategy from its short name: scratch, head, last-1, last-2 ..., full. Raises UnknownNameError."""
    if isinstance(strategy, Strategy):
        return strategy
    if strategy in FIXED:
        return FIXED[strategy]
    last = re.fullmatch(r"last-(\d+)", str(strategy))
    if last:
        return LastLayers(int(last[1]))
    raise unknown_name("strategy", strategy, [*FIXED, "last-1", "last-2"], "last-N takes any number of layers.")


def trainable_share(model: nn.Module) -> float:
    """The share of the model's weights that train, 0 to 1."""
    parameters = list(model.parameters())
    return sum(p.numel() for p in parameters if p.requires_grad) / sum(p.numel() for p in parameters)


def hold_frozen(module: nn.Module) -> None:
    """Put every wholly frozen part of `module` into evaluation mode, in place.

    Its dropout and BatchNorm statistics then stand still while the rest trains. A part
    without weights, such as GPT-2's dropout below its layers, goes with the weights after it.
    """
    children = list(module.children())
    for i, child in enumerate(children):
        after = (p for later in children[i + 1 :] for p in later.parameters())
        parameters = list(child.parameters()) or list(itertools.islice(after, 1))
        if parameters and not any(p.requires_grad for p in parameters):
            child.eval()
        else:
            hold_frozen(child)
