"""Grad-CAM: the places of a picture that spoke for a class, from one pass forward and one back."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from ..errors import ModelError, unknown_name
from ..layers import layer_groups
from ..runs import Run
from .pixels import held, patch_grid, read, require_classes

MOST_SPECIAL = 8  # tokens before those of the patches: a class token, perhaps a distillation token, registers


def grad_cam(run: Run, picture: Any, label: str | None = None, group: str | None = None) -> np.ndarray:
    """Where a classifier saw what speaks for a class: float64 (height, width) of a feature map, from 0 to 1.

    Each channel of the map is weighed by the mean slope of the class's logit with respect to it; the channels' sum,
    where it is above 0, is divided by its largest value (all 0 where nothing speaks for the class). Selvaraju et al.
    2017, "Grad-CAM". picture: what `run.predict` takes. label: a class, by default the predicted one. group: the
    layer group whose output is read, by default the last one below the head on whose map the logit depends; those
    below show finer places, but of simpler things. Of a vision transformer the patches' tokens are the map. The map
    spans what `as_seen` shows. The model is left as it was. Raises DataError for a run without classes or without
    pictures, UnknownNameError for a class or a group that it does not have, ModelError for a model without such maps.
    """
    require_classes(run)
    pixels = read(run, picture)
    if label is not None and label not in run.task.classes:
        raise unknown_name("class", label, run.task.classes)
    with held(run.model), torch.inference_mode(False), torch.enable_grad():
        # A slope of the input lets one reach every map, frozen weights below or not, and no weight's `grad` is written.
        logits, outputs = _outputs(run.model, pixels.clone().requires_grad_())
        place = int(logits.argmax()) if label is None else run.task.classes.index(label)
        slopes = torch.autograd.grad(logits[place], list(outputs.values()), allow_unused=True)
    grid = patch_grid(run.model, pixels)
    maps = {
        name: (_as_map(output, grid), _as_map(slope, grid))
        for (name, output), slope in zip(outputs.items(), slopes, strict=True)
        if slope is not None and _as_map(output, grid) is not None
    }
    return _weighed(*maps[_chosen(maps, group, run)])


def _outputs(model: Any, pixels: torch.Tensor) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """The logits (classes,) of one picture, and what each layer group below the head puts out, bottom to top."""
    found: dict[str, torch.Tensor] = {}

    def keep(name: str) -> Any:
        def hook(module: Any, inputs: Any, output: Any) -> None:
            first = output[0] if isinstance(output, tuple) else output
            if isinstance(first, torch.Tensor):
                found[name] = first

        return hook

    parts = {group.name: _module(model, set(group.parameters)) for group in layer_groups(model)[:-1]}
    hooks = [part.register_forward_hook(keep(name)) for name, part in parts.items()]
    try:
        logits = model(pixel_values=pixels).logits[0]
    finally:
        for hook in hooks:
            hook.remove()
    return logits, {name: found[name] for name in parts if name in found}


def _module(model: Any, parameters: set[str]) -> Any:
    """The outermost part of a model whose weights are all of a group."""
    for path, part in model.named_modules():
        names = {f"{path}.{name}" for name, _ in part.named_parameters()}
        if path and names and names <= parameters:
            return part
    raise AssertionError("a group's weights lie in some module")


def _as_map(output: torch.Tensor, grid: tuple[int, int] | None) -> torch.Tensor | None:
    """What a group puts out for one picture as (channels, height, width); None where it is no map."""
    one = output[0]
    if one.ndim == 3:
        return one
    special = len(one) - grid[0] * grid[1] if grid and one.ndim == 2 else -1  # class and register tokens, which lead
    return one[special:].T.reshape(-1, *grid) if grid and 0 <= special <= MOST_SPECIAL else None


def _chosen(maps: dict[str, Any], group: str | None, run: Run) -> str:
    """The group asked for, or the last one on whose map the logit depends."""
    if group is not None and group not in maps:
        raise unknown_name("layer group with a map", group, maps)
    if group is not None:
        return group
    above = [name for name in maps if name != "embeddings"]  # a first convolution sees too little to say where
    if not above:
        raise ModelError(
            f"No layer group of the model {run.config.model!r} puts out a map of the picture; expected a convolutional "
            "one or a plain vision transformer. ftk.occlusion_map takes any classifier."
        )
    # The last block of a ViT passes nothing from the patches on: only its class token is read.
    return next((name for name in reversed(above) if maps[name][1].any()), above[-1])


def _weighed(output: torch.Tensor, slope: torch.Tensor) -> np.ndarray:
    """A map and the logit's slopes on it, both (channels, height, width), as Grad-CAM, (height, width)."""
    weights = slope.mean(dim=(1, 2), keepdim=True)
    spoken = (weights * output).sum(dim=0).relu().detach().cpu().numpy().astype(np.float64)
    return np.asarray(spoken / (spoken.max() or 1.0))
