"""Pixels: a picture as a run's model reads it, and the model held still while it is looked into."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from ..errors import DataError
from ..runs import Run


def as_seen(run: Run, picture: Any) -> Any:
    """The picture as the model gets it, a PIL image: cropped, if its processor crops, and brought to the model's size.

    What a map from `grad_cam`, `attention_map` or `query_attention` lies on exactly. Raises DataError for a run
    that reads no pictures, and for what is no picture.
    """
    from PIL import Image

    pixels = read(run, picture)[0].cpu().numpy().astype(float)  # (3, height, width)
    processor = run.processor
    if processor.do_normalize:
        spread, mean = (np.reshape(v, (-1, 1, 1)) for v in (processor.image_std, processor.image_mean))
        pixels = pixels * spread + mean
    if processor.do_rescale:
        pixels = pixels / processor.rescale_factor
    return Image.fromarray(pixels.round().clip(0, 255).astype(np.uint8).transpose(1, 2, 0))


def read(run: Run, picture: Any) -> torch.Tensor:
    """One picture as the model's input on its device, float32 (1, 3, height, width). Raises DataError."""
    if run.task.fields != ("image",):
        raise DataError(
            f"A run of the task {run.config.task!r} reads {' and '.join(run.task.fields)}; expected one that reads "
            "pictures. ftk.occlusion shows which words moved a prediction."
        )
    encoded = run.task.encode(run.task.inputs([picture]), run.processor, run.config.max_length, run.model.config)
    batch = run.task.collator(run.processor)([encoded[0]])
    pixels: torch.Tensor = batch["pixel_values"].to(next(run.model.parameters()).device)
    return pixels


def require_classes(run: Run) -> None:
    """Raises DataError for a run of pictures whose answers are no classes; other runs `read` refuses."""
    if run.task.fields == ("image",) and not run.task.classes:
        raise DataError(
            f"The answers of the task {run.config.task!r} are no classes; expected a run of image classification. "
            "ftk.query_attention shows where a detector looked."
        )


@contextlib.contextmanager
def held(model: Any) -> Iterator[None]:
    """The model in evaluation mode; afterwards every part of it is in the mode that it was in."""
    modes = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for part, training in modes:
            part.training = training


def patch_grid(model: Any, pixels: torch.Tensor) -> tuple[int, int] | None:
    """Rows and columns of the patches that a transformer cuts a picture into; None where it cuts none."""
    patch = getattr(model.config, "patch_size", None)
    if patch is None:
        return None
    high, wide = patch if isinstance(patch, (list, tuple)) else (patch, patch)
    return pixels.shape[2] // high, pixels.shape[3] // wide
