"""Inspecting pictures: sizes, shades, classes, boxes and repeats of a task's pictures, before any training."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import tasks
from ..data.looks import Looks, looks, sizes
from ..data.repeats import Repeat, repeats
from ..data.splitting import has_images
from ..tasks import Task
from . import picture_advice
from .media import Key, MediaInspection
from .picture_examples import PictureExample, example

# Up to so much everything is measured unasked: that takes seconds.
SMALL = 2_000  # pictures
PIXELS = 100_000_000  # in all of them


def inspect_pictures(
    task: str | Task = "image-classification", model: str | None = None, **settings: Any
) -> PictureInspection:
    """Look at the pictures of a task before any training.

    task, model, settings: as in `fine_tune`; no model is loaded. Raises a FinetuneKitError for
    bad input, DataError for a task whose examples are no pictures.
    """
    config = tasks.configure(task, model, **settings)
    return PictureInspection(tasks.resolve(config) if isinstance(task, str) else task)


@dataclass(frozen=True, eq=False, repr=False)
class PictureInspection(MediaInspection):
    """What the pictures of a task look like. Only what is asked for is counted, and then once."""

    noun, page = "pictures", 24

    @staticmethod
    def _fits(part: Any) -> bool:
        return has_images(part)

    @property
    def boxed(self) -> bool:
        """Whether the pictures have boxes with objects."""
        return all("boxes" in part.column_names for part in self.splits.values())

    # --- numbers

    @functools.cached_property
    def sizes(self) -> dict[str, np.ndarray]:
        """Width and height of each picture in pixels by split, (n, 2) int64; nothing is decoded for them."""
        return {name: sizes(part) for name, part in self.splits.items()}

    @functools.cached_property
    def looks(self) -> dict[str, Looks]:
        """The shades of each picture, and what copies are found by; every picture is decoded when first asked for."""
        return {name: looks(part) for name, part in self.splits.items()}

    @functools.cached_property
    def repeats(self) -> list[Repeat]:
        """The pictures that come again, the same or nearly so, the worst first; asks for the looks."""
        return repeats(self.splits, self.looks)

    @property
    def checked(self) -> bool:
        """Whether the repeats are known, or take only seconds because there are few and small pictures."""
        pixels = np.concatenate([found.prod(axis=1) for found in self.sizes.values()])
        return "repeats" in vars(self) or bool(len(pixels) <= SMALL and pixels.sum() <= PIXELS)

    @functools.cached_property
    def areas(self) -> dict[str, list[np.ndarray]]:
        """By split, for each picture the shares of its area that its boxes cover, (objects,) float64."""
        if not self.boxed:
            return {}
        return {
            name: [
                np.array(boxes, float).reshape(-1, 4)[:, 2:].prod(axis=1) / size.prod()
                for boxes, size in zip(part["boxes"], self.sizes[name], strict=True)
            ]
            for name, part in self.splits.items()
        }

    @property
    def table(self) -> Any:
        """A row a split, as a pandas DataFrame: pictures, their sizes in pixels; of boxes objects, pictures without."""
        import pandas as pd

        rows = []
        for name, found in self.sizes.items():
            row: dict[str, Any] = {"split": name, "pictures": len(found)}
            if self.boxed:
                row |= {"objects": sum(map(len, self.class_ids[name])), "without any": self.class_ids[name].count([])}
            ordered = found[np.argsort(found.prod(axis=1), kind="stable")]
            places = {"smallest": 0, "median": len(found) // 2, "largest": -1}
            rows.append(row | {what: said(ordered[place]) if len(found) else "" for what, place in places.items()})
        return pd.DataFrame(rows)

    @property
    def objects(self) -> Any:
        """A row a class with boxes: objects, pictures with one, smallest, median and largest share of a picture."""
        import pandas as pd

        ids = [row for rows in self.class_ids.values() for row in rows]
        flat = np.array([number for row in ids for number in row], int)
        rows = []
        for number, name in enumerate(self.names if self.boxed else []):
            areas = np.concatenate([row for part in self.areas.values() for row in part])[flat == number]
            shares = [areas.min(), np.median(areas), areas.max()] if len(areas) else [np.nan] * 3
            rows.append([name, len(areas), sum(number in row for row in ids), *shares])
        return pd.DataFrame(rows, columns=["class", "objects", "pictures", "smallest", "median", "largest"])

    # --- single pictures

    @property
    def keys(self) -> dict[str, Key]:
        """The orders beside 'as is' and 'repeats'."""
        return KEYS | OBJECT_KEYS if self.boxed else KEYS

    def examples(self, split: str = "train", rows: list[int] | None = None) -> list[PictureExample]:
        """Pictures with what is known of them; these alone are decoded. rows: from 0; the first 24 by default."""
        rows = self._rows(split, rows)
        cells = self.splits[split].select(rows)
        boxes = cells["boxes"][:] if self.boxed else [None] * len(rows)
        return [
            example((split, row), image, [self.names[number] for number in self.class_ids[split][row]], its)
            for row, image, its in zip(rows, cells["image"][:], boxes, strict=True)
        ]

    # --- in words

    @property
    def summary(self) -> str:
        """How many pictures and objects there are, and of which sizes."""
        return picture_advice.summary(self)

    @property
    def warnings(self) -> list[str]:
        """What to look into before training, in words; what needs all pictures decoded only where it is `checked`."""
        return picture_advice.warnings(self)


# What the rows of a split are ordered by: (n,), the lowest first.
KEYS: dict[str, Key] = {
    "smallest": lambda seen, split: seen.sizes[split].prod(axis=1),
    "largest": lambda seen, split: -seen.sizes[split].prod(axis=1),
    "darkest": lambda seen, split: seen.looks[split].brightness,
    "brightest": lambda seen, split: -seen.looks[split].brightness,
    "least contrast": lambda seen, split: seen.looks[split].contrast,
}
OBJECT_KEYS: dict[str, Key] = {
    "most objects": lambda seen, split: -np.array([len(ids) for ids in seen.class_ids[split]]),
    "fewest objects": lambda seen, split: np.array([len(ids) for ids in seen.class_ids[split]]),
    "smallest object": lambda seen, split: np.array([areas.min(initial=np.inf) for areas in seen.areas[split]]),
}


def said(size: Any) -> str:
    """Width and height in words."""
    return f"{size[0]} x {size[1]}"
