"""LoRA: low-rank changes beside frozen weights (Hu et al. 2021, arXiv 2106.09685), by peft."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers.pytorch_utils import Conv1D

from ..config import require, require_number
from ..errors import ModelError, unknown_name
from .base import Part, Strategy, head_and_below, in_order, require_plain

ADAPTER = "default"  # peft's name for the only one
PREFIX = "base_model.model."  # of a weight's name in peft's files
WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"


@dataclass(frozen=True)
class LoRA(Strategy):
    """Frozen weights get low-rank changes that train, and the head trains in full; afterwards they are merged.

    Each chosen weight W becomes W + alpha/rank * B A, with A of `rank` rows and B of `rank`
    columns; B starts at 0, so that the start is the checkpoint. rank: 1 or more. targets: names of layers,
    such as ("query", "value"), or their ends; None for every linear layer below
    the head, or every convolution where there is no linear layer, as in a ResNet.
    """

    kind = "lora"
    counted = "rank"
    learning_rates = (3e-3, 5e-4)
    rank: int = 8
    alpha: int = 16
    targets: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        require_number("rank", self.rank, int, 1, "a whole number, 1 or more")
        require_number("alpha", self.alpha, int, 1, "a whole number, 1 or more")
        if self.targets is None:
            return
        targets = (self.targets,) if isinstance(self.targets, str) else tuple(self.targets)
        named = all(isinstance(name, str) and re.fullmatch(r"[\w.]+", name) for name in targets)
        require(bool(targets) and named, "targets", self.targets, "names of layers, such as ('query', 'value')")
        object.__setattr__(self, "targets", targets)

    def apply(self, model: nn.Module) -> None:
        """Put the low-rank layers into the model, in place, and let them and the head train.

        Raises ModelError for a model that has no layer to change, UnknownNameError for a target that is not there.
        """
        import peft

        require_plain(model)
        places = self.places(model)
        turned = any(isinstance(model.get_submodule(place), Conv1D) for place in places)  # GPT-2's, stored transposed
        settings = peft.LoraConfig(
            r=self.rank, lora_alpha=self.alpha, target_modules=places, lora_dropout=0.0, fan_in_fan_out=turned
        )
        peft.inject_adapter_in_model(settings, model, ADAPTER)
        self._begin(model)

    def places(self, model: nn.Module) -> list[str]:
        """The paths of the layers that get low-rank changes. Raises as `apply` does."""
        fitting = _fitting(model, self.rank)
        if not fitting:
            raise ModelError(f"The strategy {self.name!r} finds no linear layer or convolution below the head.")
        if self.targets is None:
            return fitting
        chosen: list[str] = []
        for target in self.targets:
            found = [place for place in fitting if f".{place}".endswith(f".{target}")]
            if not found:
                ends = {place.rpartition(".")[2] for place in fitting}
                raise unknown_name("layer below the head that LoRA can change", target, ends, "The head trains anyway.")
            chosen += found
        return list(dict.fromkeys(chosen))

    def parts(self, model: nn.Module, learning_rate: float) -> list[Part]:
        head, _ = head_and_below(model)
        light = [name for name, _ in model.named_parameters() if _is_light(name)]
        return [Part(in_order(model, {*head, *light}), ((0.0, learning_rate),))]

    def finish(self, model: nn.Module) -> Adapter:
        return merge(model)


def _fitting(model: nn.Module, rank: int) -> list[str]:
    """The paths of the linear layers below the head, or of the convolutions where there are none."""
    below = {name.rpartition(".")[0] for group in head_and_below(model)[1] for name in group.parameters}
    # An attention of torch's own reads the weights of its layers without calling them.
    hidden = [f"{name}." for name, module in model.named_modules() if isinstance(module, nn.MultiheadAttention)]
    modules = {n: m for n, m in model.named_modules() if n in below and not n.startswith(tuple(hidden))}
    linear = [name for name, module in modules.items() if isinstance(module, (nn.Linear, Conv1D))]
    convolutions = [
        name
        for name, module in modules.items()
        if type(module) in (nn.Conv1d, nn.Conv2d) and rank % module.groups == 0  # as peft asks for
    ]
    return linear or convolutions


def _is_light(name: str) -> bool:
    """Whether a parameter is one of LoRA's."""
    return ".lora_" in name


@dataclass(frozen=True)
class Adapter:
    """What LoRA has learnt: peft's settings, and by name the low-rank weights and those of the head, float32."""

    config: Any
    weights: dict[str, torch.Tensor]

    def save(self, folder: Path) -> None:
        """Write the files that `peft.PeftModel.from_pretrained(model, folder)` reads, the head included."""
        folder.mkdir(exist_ok=True)
        owners = {name.rpartition(".")[0] for name in self.weights if not _is_light(name)}
        whole = dataclasses.replace(self.config, modules_to_save=sorted(owners) or None, inference_mode=True)
        whole.save_pretrained(str(folder))
        named = {PREFIX + name: weight.contiguous() for name, weight in self.weights.items()}
        save_file(named, folder / WEIGHTS, metadata={"format": "pt"})

    @classmethod
    def load(cls, folder: Path) -> Adapter | None:
        """The adapter in a folder; None where there is none."""
        import peft

        if not (folder / CONFIG).is_file():
            return None
        config = peft.LoraConfig.from_pretrained(str(folder))
        config.modules_to_save, config.inference_mode = None, False
        weights = {name.removeprefix(PREFIX): weight for name, weight in load_file(folder / WEIGHTS).items()}
        return cls(config, weights)

    @staticmethod
    def remove(folder: Path) -> None:
        """Remove the files of an adapter that an earlier run left."""
        for file in (WEIGHTS, CONFIG, "README.md"):
            (folder / file).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            folder.rmdir()


def merge(model: nn.Module) -> Adapter:
    """Add LoRA's changes to the weights and take its layers out of the model, in place; what it had learnt.

    Raises ModelError for a model without such layers.
    """
    layers = _layers(model)
    if not layers:
        raise ModelError("This model has no layers of LoRA to merge.")
    config = model.peft_config[ADAPTER]
    owners = {name.rpartition(".")[0] for name in head_and_below(model)[0]} - {""}
    learnt = {
        name.replace(f".{ADAPTER}.", "."): weight.detach().cpu().clone()
        for name, weight in model.state_dict().items()
        if _is_light(name) or name.rpartition(".")[0] in owners
    }
    for path, layer in layers.items():
        layer.merge()
        owner, _, name = path.rpartition(".")
        setattr(model.get_submodule(owner), name, layer.get_base_layer())
    del model.peft_config
    return Adapter(config, learnt)


def unmerge(model: nn.Module, adapter: Adapter) -> None:
    """Take an adapter's changes out of merged weights and put its layers beside them again, in place.

    The model predicts as before, and its weights below the head are the checkpoint's, to rounding.
    """
    import peft

    require_plain(model)
    peft.inject_adapter_in_model(dataclasses.replace(adapter.config), model, ADAPTER)
    named = {re.sub(r"(\.lora_\w+)\.", rf"\1.{ADAPTER}.", name): weight for name, weight in adapter.weights.items()}
    model.load_state_dict(named, strict=False)
    for layer in _layers(model).values():
        layer.merged_adapters.append(ADAPTER)
        layer.unmerge()


def _layers(model: nn.Module) -> dict[str, Any]:
    """LoRA's layers by path."""
    from peft.tuners.lora import LoraLayer

    return {name: module for name, module in model.named_modules() if isinstance(module, LoraLayer)}
