"""Pictures: whether a task's are of a size that a model was made for."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..data.looks import sizes
from ..diagnosis.findings import Finding
from .pair import Pair

READ = 500  # pictures of a split whose sizes are read
# Blood cells of 64 x 64 at the 96 x 96 of pocket-resnet, a linear classifier on its features: as good from 24 pixels
# on (4 times), 4 points lost at 16 (6 times), 6 at 12 (8 times), 23 at 8 (12 times).
FAR, FARTHER = 6.0, 12.0


def findings(pair: Pair) -> list[Finding | None]:
    """What speaks against the model, of the sizes of the pictures."""
    found = np.concatenate([sizes(part) for part in pair.parts(READ)])
    factors = scales(pair.processor, found)
    if factors is None or not len(found):
        return []
    factor = float(np.median(factors))
    width, height = np.median(found, axis=0).astype(int)
    read = "brought to the model's size"
    if factor >= FAR:
        return [
            Finding(
                "small pictures",
                "medium" if factor >= FARTHER else "low",
                "The pictures are far smaller than the model reads: enlarged they are blurs without the fine edges "
                "that it knows, and the detail that they lack nothing brings back.",
                f"{width} x {height} pixels at the median, enlarged {factor:.3g} times a side when {read}.",
                "Larger pictures, where there are any; else a model that was pretrained on small ones.",
            )
        ]
    if factor <= 1 / FAR:
        return [
            Finding(
                "large pictures",
                "medium" if factor <= 1 / FARTHER else "low",
                "The pictures are far larger than the model reads: detail that tells the classes apart may be gone.",
                f"{width} x {height} pixels at the median; {1 / factor:.3g} of them a side become one when {read}.",
                "Crop the pictures to what matters, or a model that reads larger ones.",
            )
        ]
    return []


def scales(processor: Any, found: np.ndarray) -> np.ndarray | None:
    """How many times each picture is enlarged a side, (n,) float64; None where the processor keeps sizes.

    found: width and height in pixels, (n, 2) int. Of two sides that are scaled unlike, the geometric mean.
    """
    size = getattr(processor, "size", None)
    if not getattr(processor, "do_resize", False) or not size:
        return None
    if isinstance(size, int):
        size = {"shortest_edge": size}
    sides: dict[str, Any] = dict(size)
    if sides.get("height") and sides.get("width"):
        return np.sqrt((sides["width"] / found[:, 0]) * (sides["height"] / found[:, 1]))
    factors = np.full(len(found), np.inf)
    for name, edge in (("shortest_edge", found.min(axis=1)), ("longest_edge", found.max(axis=1))):
        if sides.get(name):
            factors = np.minimum(factors, sides[name] / edge)
    return factors if np.isfinite(factors).all() else None
