"""Pictures: how the tasks over images encode them, and take new ones from the user."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import datasets

from ..augmentation import Augmentation
from ..data import images
from ..errors import DataError
from .base import Task


class Pictures(Task):
    """A task whose examples have a column `image`, decoded when it is read and never all at once.

    augment: names of `augmentation.WAYS`, carried out on the training split alone, anew for every step.
    """

    fields = ("image",)
    by_length = False

    def __init__(self, augment: tuple[str, ...] | list[str] = ()):
        self.augment = Augmentation(augment)

    @property
    def settings(self) -> dict[str, Any]:
        return {**super().settings, "augment": self.augment.ways}

    def encode(
        self, dataset: datasets.Dataset, processor: Any, max_length: int, config: Any = None
    ) -> datasets.Dataset:
        """The same rows, whose pictures are decoded to RGB when a batch is made; `max_length` is of no use here."""
        return dataset.with_transform(_reader(augmented=False))

    def encode_training(
        self, dataset: datasets.Dataset, processor: Any, max_length: int, config: Any = None
    ) -> datasets.Dataset:
        return dataset.with_transform(_reader(augmented=True))

    def inputs(self, examples: Any) -> datasets.Dataset:
        """Pictures from the user: a path, bytes, a PIL image or an array (height, width[, 3]) uint8, or several."""
        several = examples if isinstance(examples, (list, tuple)) else [examples]
        if not several:
            raise DataError("Found no picture; expected a path, a PIL image, an array, or a list of these.")
        names = [_name(one) for one in several]
        known = (name or f"Picture {number} of {len(several)}" for number, name in enumerate(names, 1))
        raw = [images.as_stored(one, name) for one, name in zip(several, known, strict=True)]
        stored = [{"bytes": one, "path": name} for one, name in zip(raw, names, strict=True)]
        return datasets.Dataset.from_dict({"image": stored}, features=datasets.Features({"image": datasets.Image()}))


def _name(picture: Any) -> str | None:
    """The name of the file that a picture is read from."""
    return Path(picture).name if isinstance(picture, (str, Path)) else None


def _reader(augmented: bool) -> Any:
    """What turns some rows, as `datasets` hands them to a transform, into what a collator takes."""

    def read(rows: dict[str, list[Any]]) -> dict[str, list[Any]]:
        pictures = [image.convert("RGB") for image in rows["image"]]
        return {**rows, "image": pictures, "augmented": [augmented] * len(pictures)}

    return read
