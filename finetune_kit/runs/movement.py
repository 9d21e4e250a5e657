"""Movement: how far fine-tuning moved each layer group, in its weights and in what it makes of examples."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from .. import checkpoints, diagnosis
from ..config import require_number
from ..layers import LayerGroup, layer_groups
from ..strategies.base import HEAD

if TYPE_CHECKING:
    from .run import Run


def moved(run: Run, examples: int) -> Any:
    """As `Run.movement` says."""
    import pandas as pd

    require_number("examples", examples, int, 4, "a whole number of examples, 4 or more")
    start, groups = run.start, layer_groups(run.model)
    shifts = diagnosis.movement(start, run.model)
    part = run.task.splits["validation"]
    part = part.select(np.linspace(0, len(part) - 1, min(examples, len(part))).astype(int))
    encoded = run.task.encode(part, run.processor, run.config.max_length, run.model.config)
    encoded = encoded.select(range(min(examples, len(encoded))))  # where one example became several rows
    before, after = (activations(run, model, encoded, groups) for model in (start, run.model))
    rows = [
        (group.name, group.size, shifts.get(group.name, float("nan")), cka(before[group.name], after[group.name]))
        for group in groups
    ]
    return pd.DataFrame(rows, columns=["group", "parameters", "change", "cka"])


def activations(run: Run, model: Any, encoded: Any, groups: list[LayerGroup]) -> dict[str, np.ndarray | None]:
    """What each group makes of encoded examples, the mean over their places: (examples, width) float64, or None.

    One example at a time: texts and sounds differ in length, and what pads them must not be seen.
    """
    collate, device = run.task.collator(run.processor), next(model.parameters()).device
    found: dict[str, list[np.ndarray]] = {group.name: [] for group in groups}
    shapes = {name: weight.shape for name, weight in model.named_parameters()}
    widths = {group.name: _width(shapes[group.parameters[-1]]) for group in groups}
    model.eval()
    with _listening(model, groups) as heard, torch.inference_mode(), checkpoints.quiet():
        for place in range(len(encoded)):
            heard.clear()
            batch = {name: value.to(device) for name, value in collate([encoded[place]]).items()}
            _, outputs = run.task.loss(model, batch)
            logits = outputs.get("logits")
            if isinstance(logits, torch.Tensor):
                heard[HEAD] = logits
            for group in groups:
                if group.name in heard:
                    found[group.name].append(_mean(heard[group.name], widths[group.name]))
    return {name: np.stack(rows) if len(rows) == len(encoded) else None for name, rows in found.items()}


@contextlib.contextmanager
def _listening(model: nn.Module, groups: list[LayerGroup]) -> Iterator[dict[str, torch.Tensor]]:
    """While it is open, each forward pass leaves there what the groups put out, by name; the head's is left out.

    A group's output is that of its largest module that is wholly its own. What lies below the first
    numbered block puts out what that block reads.
    """
    heard: dict[str, torch.Tensor] = {}
    handles = []

    def keep(name: str, *values: Any) -> None:
        tensor = next((value for value in values if isinstance(value, torch.Tensor)), None)
        if tensor is not None:
            heard.setdefault(name, tensor)  # T5's word vectors are looked up twice

    def after(name: str) -> Any:
        return lambda module, given, out: keep(name, *([out] if isinstance(out, torch.Tensor) else _values(out)))

    def ahead(name: str) -> Any:
        return lambda module, given, named: keep(name, *given, *named.values())

    for group, above in zip(groups, [*groups[1:], None], strict=True):
        module = _own(model, group)
        block = above and re.search(r"\.\d+$", above.name) and _own(model, above)
        if group.name == HEAD or module is None:
            continue
        if block and not re.search(r"\.\d+$", group.name):
            handles.append(block.register_forward_pre_hook(ahead(group.name), with_kwargs=True))
        else:
            handles.append(module.register_forward_hook(after(group.name)))
    try:
        yield heard
    finally:
        for handle in handles:
            handle.remove()


def _values(out: Any) -> list[Any]:
    """The parts of a module's output."""
    return list(out.values()) if hasattr(out, "values") else list(out) if isinstance(out, (list, tuple)) else []


def _own(model: nn.Module, group: LayerGroup) -> nn.Module | None:
    """The largest module all of whose weights are the group's; None where there is none."""
    own, named = set(group.parameters), list(model.named_parameters())
    sizes = {}
    for path, module in model.named_modules():
        inside = [(name, weight.numel()) for name, weight in named if name.startswith(f"{path}.")]
        if inside and all(name in own for name, _ in inside):
            sizes[path] = sum(size for _, size in inside), module
    return max(sizes.values(), key=lambda found: found[0])[1] if sizes else None


def _width(shape: torch.Size) -> int:
    """How many features weights of this shape give."""
    return int(shape[0] if len(shape) == 1 else shape[-1])


def _mean(tensor: torch.Tensor, width: int) -> np.ndarray:
    """One example's output, with the batch of one in front, as its mean over all places: (features,) float64.

    Of (1, features, height, width) and, in a stack of convolutions over sound, (1, features, frames) the features
    come first; of (1, places, features) last.
    """
    first = tensor.ndim == 4 or (tensor.ndim == 3 and tensor.shape[2] != width == tensor.shape[1])
    one = tensor[0].movedim(0, -1) if first else tensor[0]
    mean: np.ndarray = one.reshape(-1, one.shape[-1]).double().mean(0).cpu().numpy()
    return mean


def cka(one: np.ndarray | None, other: np.ndarray | None) -> float:
    """Linear centred kernel alignment of two representations of the same examples, 0 to 1.

    Kornblith et al. 2019, arXiv 1905.00414, section 3. one, other: (examples, features), of as many features
    each as they like. NaN where either is None or the same for all examples.
    """
    if one is None or other is None:
        return float("nan")
    centred = [features - features.mean(axis=0) for features in (one, other)]
    first, second = (features @ features.T for features in centred)  # (examples, examples)
    size = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float((first * second).sum() / size) if size > 0 else float("nan")
