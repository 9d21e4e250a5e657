"""Attention: where a vision transformer's class token looked."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from .. import checkpoints
from ..config import require, require_number
from ..errors import ModelError
from ..runs import Run
from .pixels import held, patch_grid, read, require_classes


def attention_map(run: Run, picture: Any, layer: int | None = None) -> np.ndarray:
    """How much of the class token's attention went to each patch of a picture: float64 (rows, columns).

    layer: the number of a layer, 0 the lowest, for that layer's attention, the mean over its heads; by default it is
    followed through all layers, what each passes by taken for half (attention rollout: Abnar and Zuidema 2020,
    "Quantifying Attention Flow in Transformers"). The shares sum to 1 with those of the class token itself and of
    registers, which are left out. It tells where a model looked, not what it concluded: it is the same for every
    class. picture: what `run.predict` takes; the map spans what `as_seen` shows. Raises DataError for a run without
    classes or without pictures, ModelError for a model without such attention, ConfigError for a layer that it does
    not have.
    """
    require_classes(run)
    pixels = read(run, picture)
    grid = patch_grid(run.model, pixels)
    layers, _ = attentions(run.model, pixels)
    special = layers[0].shape[-1] - grid[0] * grid[1] if layers and grid else 0
    if not grid or special < 1:
        raise ModelError(
            f"The model {run.config.model!r} has no class token that attends to patches of the picture; expected a "
            "plain vision transformer such as ViT or DINOv2. ftk.grad_cam takes convolutional models."
        )
    flow = rollout(layers) if layer is None else layers[numbered(layer, len(layers))].mean(axis=0)
    return flow[0, special:].reshape(grid)


def rollout(layers: list[np.ndarray]) -> np.ndarray:
    """The attention of the last layer's tokens to the first one's inputs, from each layer's (heads, n, n): (n, n)."""
    unmoved = np.eye(layers[0].shape[-1])
    flow = unmoved
    for heads in layers:
        flow = (heads.mean(axis=0) + unmoved) / 2 @ flow  # half of what a token holds has passed the attention by
    return flow


def attentions(model: Any, pixels: torch.Tensor) -> tuple[list[np.ndarray], Any]:
    """The self-attention of each layer for one picture, (heads, n, n) float64, bottom to top, and the model's output.

    No layer where the model has none of that kind: attention within windows, or none at all. transformers leaves
    the idle recorders on the model that it puts there when attention is first asked for.
    """
    with held(model), eager(model), torch.no_grad():
        output = model(pixel_values=pixels, output_attentions=True)
    layers = [one for one in getattr(output, "attentions", None) or () if one is not None]
    if any(one.ndim != 4 or len(one) != 1 or one.shape[2] != one.shape[3] for one in layers):
        return [], output
    return [one[0].double().cpu().numpy() for one in layers], output


@contextlib.contextmanager
def eager(model: Any) -> Iterator[None]:
    """The model with the attention that can tell its weights (SDPA cannot); afterwards with its own again."""
    before = model.config._attn_implementation
    with checkpoints.quiet():  # a model that cannot change it says so, and gives no weights then
        model.set_attn_implementation("eager")
        try:
            yield
        finally:
            model.set_attn_implementation(before)


def numbered(layer: int, count: int) -> int:
    """A layer's number, checked. Raises ConfigError."""
    expected = f"a layer's number, 0 to {count - 1}"
    require_number("layer", layer, int, 0, expected)
    require(layer < count, "layer", layer, expected)
    return layer
