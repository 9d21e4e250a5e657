"""What every strategy says: which weights train, from when on, how fast, and what holds them back."""

from __future__ import annotations

import dataclasses
import itertools
from abc import ABC
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from ..errors import ModelError
from ..layers import LayerGroup, layer_groups

SMALL = 20_000_000  # weights: below, a model trains best at the learning rates of the first column
CONVOLUTIONAL = 3  # times as high a learning rate suits a model with BatchNorm (benchmarks/strategy_defaults.py)
HEAD = "head"  # the name of the layer group on top


@dataclass(frozen=True)
class Part:
    """Weights that train alike.

    parameters: their names. rates: pairs of a share of the steps and the learning rate from there
    on, in order; before the first of them these weights stand still. decays: whether weight decay
    draws them towards 0, which it never does with biases and norms.
    """

    parameters: tuple[str, ...]
    rates: tuple[tuple[float, float], ...]
    decays: bool = True

    @property
    def since(self) -> float:
        """The share of the steps, 0 to 1, from which on these weights train."""
        return self.rates[0][0]

    def rate(self, share: float) -> float:
        """The learning rate when a share of the steps is done, before the schedule's own rise and fall."""
        return next((rate for since, rate in reversed(self.rates) if share >= since), 0.0)


@dataclass(frozen=True)
class Strategy(ABC):
    """What trains, and at which learning rate where the user names none.

    kind: the short name without its numbers; counted: the argument that the short name gives as a
    number, as in `last-2`. pretrained: start from the checkpoint's weights, or from random ones.
    learning_rates: of models below and above 20 million weights; convolutional ones take three
    times as much. patience: how many times the usual number of steps pays. restarts: shares of the
    steps at which the schedule of the learning rate begins anew. keeps_start: whether a copy of the
    start's weights is kept. What the defaults were chosen on stands in benchmarks/strategy_defaults.py.
    """

    kind: ClassVar[str]
    counted: ClassVar[str | None] = None
    pretrained = True
    learning_rates = (3e-4, 3e-5)
    patience = 1.0
    keeps_start = False

    @property
    def name(self) -> str:
        """The short name, such as `lora-4(alpha=32)`; `parse` makes an equal strategy of it."""
        changed = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if getattr(self, field.name) != field.default
        }
        number = changed.pop(self.counted, None) if self.counted else None
        short = self.kind if number is None else f"{self.kind}-{number}"
        settings = ",".join(f"{key}={_written(value)}" for key, value in changed.items())
        return f"{short}({settings})" if settings else short

    @property
    def restarts(self) -> tuple[float, ...]:
        return ()

    def trainable(self, groups: list[LayerGroup]) -> list[LayerGroup]:
        """The groups that train at some time, out of all groups from bottom to top."""
        return groups

    def parts(self, model: nn.Module, learning_rate: float) -> list[Part]:
        """What trains, when and how fast; the topmost part first. Raises ModelError for a model that does not fit."""
        names = {name for group in self.trainable(layer_groups(model)) for name in group.parameters}
        return [Part(in_order(model, names), ((0.0, learning_rate),))]

    def apply(self, model: nn.Module) -> None:
        """Set `requires_grad` of the model's parameters in place, as it is at the first step.

        Raises ModelError when nothing would train or the strategy does not fit the model.
        """
        require_plain(model)
        self._begin(model)

    def _begin(self, model: nn.Module) -> None:
        parts = self.parts(model, 1.0)
        if not any(part.parameters for part in parts if part.since == 0):
            raise ModelError(f"The strategy {self.name!r} leaves nothing to train in this model.")
        unfreeze(model, parts, 0.0)

    def penalty(self, model: nn.Module) -> Callable[[], torch.Tensor] | None:
        """What is added to the loss, a scalar, as a function of the weights as they then are; None for nothing.

        Called before the first step, on the device of the training.
        """
        return None

    def finish(self, model: nn.Module) -> Any:
        """Make a trained model an ordinary one again, in place; what there is to keep of it beside, or None."""
        return None

    def learning_rate(self, model: nn.Module) -> float:
        """The default learning rate for a model of this size and kind."""
        small = sum(p.numel() for p in model.parameters()) < SMALL
        convolutional = any(isinstance(module, _BatchNorm) for module in model.modules())
        return self.learning_rates[0 if small else 1] * (CONVOLUTIONAL if convolutional else 1)


def _written(value: Any) -> str:
    """An argument as it stands in a name."""
    if isinstance(value, tuple):
        return "+".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def in_order(model: nn.Module, names: Iterable[str]) -> tuple[str, ...]:
    """The names of parameters in the model's own order."""
    wanted = set(names)
    return tuple(name for name, _ in model.named_parameters() if name in wanted)


def head_and_below(model: nn.Module) -> tuple[list[str], list[LayerGroup]]:
    """The names of the head's parameters, and the groups below it from bottom to top."""
    groups = layer_groups(model)
    below = [group for group in groups if group.name != HEAD]
    return [name for group in groups if group.name == HEAD for name in group.parameters], below


def require_plain(model: nn.Module) -> None:
    """Raise ModelError for a model that carries an adapter already."""
    if hasattr(model, "peft_config"):
        raise ModelError(
            "This model carries the layers of an adapter; expected an ordinary model. "
            "finetune_kit.strategies.merge(model) makes it one."
        )


def unfreeze(model: nn.Module, parts: list[Part], share: float) -> None:
    """Let train, in place, what the parts say when a share of the steps is done, and freeze all the rest."""
    training = {name for part in parts if share >= part.since for name in part.parameters}
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name in training)


def trainable_share(model: nn.Module) -> float:
    """The share of the model's weights that train, 0 to 1."""
    parameters = list(model.parameters())
    return sum(p.numel() for p in parameters if p.requires_grad) / sum(p.numel() for p in parameters)


def hold_frozen(module: nn.Module) -> None:
    """Put every wholly frozen part of `module` into evaluation mode, in place.

    Its dropout and BatchNorm statistics then stand still while the rest trains. A part
    without weights, such as GPT-2's dropout below its layers, goes with the weights after it.
    A BatchNorm of which only the bias trains keeps its statistics too.
    """
    children = list(module.children())
    for i, child in enumerate(children):
        after = (p for later in children[i + 1 :] for p in later.parameters())
        parameters = list(child.parameters()) or list(itertools.islice(after, 1))
        trains = [p.requires_grad for p in parameters]
        if trains and (not any(trains) or (isinstance(child, _BatchNorm) and not all(trains))):
            child.eval()
        else:
            hold_frozen(child)
