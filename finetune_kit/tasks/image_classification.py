"""Image classification: one picture in, one of a few classes out."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import datasets
import numpy as np
import torch

from .. import data
from ..errors import DataError
from .base import Baseline
from .classification import Classification, majority_class
from .pictures import Pictures

SIDE = 32  # pixels a side to which a baseline that reads pixels brings every picture


class ImageClassification(Pictures, Classification):
    """Classify pictures, over any data with an image and a label column.

    source: a folder with a folder of pictures for each class, an archive of one, a CSV or
    parquet file with a column of paths or of pictures, a pandas frame, a `datasets.Dataset` or
    `DatasetDict`, or an embedded data set's name; None for a task without data, which can only
    predict and needs `names`, its classes in order. augment: names of `augmentation.WAYS`, for
    the training split alone. Splits that the source lacks are made with `seed`. Raises
    DataError, StorageError or UnknownNameError when the data cannot be used.
    """

    record = "image-classification"
    auto_class = "AutoModelForImageClassification"

    def __init__(
        self,
        source: Any = None,
        image: str = "image",
        label: str = "label",
        *,
        names: list[str] | None = None,
        augment: tuple[str, ...] | list[str] = (),
        drop_bad_rows: bool = False,
        seed: int = 0,
    ):
        Pictures.__init__(self, augment)
        if source is not None:
            self.splits = data.split(data.pictured(data.read(source), image, label, drop_bad_rows), seed)
            names = self.splits["train"].features["label"].names
        elif names is None:
            raise DataError("Image classification needs a source of data; expected a folder, a file or a data set.")
        Classification.__init__(self, names)

    def collator(self, processor: Any) -> Callable[[list[Any]], dict[str, torch.Tensor]]:
        """Pictures to `pixel_values`, float32 (batch, 3, height, width), and where they are known to `labels`."""

        def collate(examples: list[Any]) -> dict[str, torch.Tensor]:
            images = [self.augment(e["image"])[0] if e["augmented"] else e["image"] for e in examples]
            batch = dict(processor(images, return_tensors="pt"))
            if "label" in examples[0]:
                batch["labels"] = torch.tensor([e["label"] for e in examples])
            return batch

        return collate

    def baselines(self, processor: Any = None) -> dict[str, Baseline]:
        return {
            "majority class": majority_class,
            "nearest centroid of pixels": nearest_centroid,
            "logistic regression on pixels": logistic_regression,
        }


def nearest_centroid(train: datasets.Dataset, examples: datasets.Dataset) -> np.ndarray:
    """The class whose mean picture is nearest: (examples,) int64."""
    from sklearn.neighbors import NearestCentroid

    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        # It minds pixels that never change, such as those of a plain edge, which do no harm.
        warnings.filterwarnings("ignore", "self.within_class_std_dev_ has at least 1 zero")
        return _learnt(NearestCentroid(), train, examples)


def logistic_regression(train: datasets.Dataset, examples: datasets.Dataset) -> np.ndarray:
    """Logistic regression on the shades of the pixels, each brought to mean 0 and deviation 1: (examples,) int64."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return _learnt(make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000)), train, examples)


def _learnt(method: Any, train: datasets.Dataset, examples: datasets.Dataset) -> np.ndarray:
    labels = train["label"][:]
    if len(set(labels)) < 2:
        return majority_class(train, examples)
    found: np.ndarray = method.fit(pixels(train), labels).predict(pixels(examples))
    return found


def pixels(dataset: datasets.Dataset) -> np.ndarray:
    """The pictures as rows of SIDE x SIDE x 3 shades from 0 to 1: float32 (examples, 3072)."""
    shades = [np.asarray(image.convert("RGB").resize((SIDE, SIDE)), np.float32) / 255 for image in dataset["image"]]
    return np.stack(shades).reshape(len(shades), -1)
