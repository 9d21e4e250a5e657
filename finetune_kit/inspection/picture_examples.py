"""Single pictures of a task, with what is known of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..data.repeats import Place


@dataclass(frozen=True)
class PictureExample:
    """A picture and what is known of it.

    image: a PIL image of mode RGB. truth: its class, or how many objects of each class are in
    it, in words. objects: a frame of their label, left, top, right and bottom in pixels; None
    for data without boxes.
    """

    place: Place
    image: Any
    truth: str
    objects: Any = None

    @property
    def title(self) -> str:
        """Where it stands, what it is and its size in pixels, in three lines."""
        split, row = self.place
        return f"{split}[{row}]\n{self.truth}\n{self.image.width} x {self.image.height}"


def example(place: Place, image: Any, labels: list[str], boxes: Any = None) -> PictureExample:
    """A picture with its class as the only label, or with its objects' and their boxes.

    boxes: x, y, width and height in pixels, (n, 4).
    """
    if boxes is None:
        return PictureExample(place, image, labels[0])
    truth = ", ".join(f"{count} {name}" for name, count in sorted(Counter(labels).items())) or "nothing"
    return PictureExample(place, image, truth, framed(labels, boxes))


def framed(labels: list[str], boxes: Any) -> Any:
    """Objects as a frame of label, left, top, right and bottom. boxes: x, y, width and height, (n, 4) in pixels."""
    import pandas as pd

    given = np.array(boxes, float).reshape(-1, 4)
    edges = np.concatenate([given[:, :2], given[:, :2] + given[:, 2:]], axis=1)
    table = pd.DataFrame(edges, columns=["left", "top", "right", "bottom"])
    table.insert(0, "label", labels)
    return table
