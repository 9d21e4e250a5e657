"""Metrics as `evaluate.Metric` objects that need no network; each says which way is better."""

from __future__ import annotations

import tempfile
from typing import Any

import datasets
import evaluate
import numpy as np
from sklearn.metrics import accuracy_score, f1_score

CLASSES = datasets.Features({"predictions": datasets.Value("int64"), "references": datasets.Value("int64")})


class ClassMetric(evaluate.Metric):  # type: ignore[misc]
    """Base of the metrics over predicted and true class ids, both (examples,) int64."""

    name = ""
    higher_is_better = True

    def __init__(self, **settings: Any):
        # In memory, and no cache folder made in the user's home.
        super().__init__(keep_in_memory=True, cache_dir=tempfile.gettempdir(), **settings)

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(description=self.__doc__ or "", citation="", features=CLASSES)


class Accuracy(ClassMetric):
    """The share of examples whose predicted class is the true one."""

    name = "accuracy"

    def _compute(self, predictions: list[int], references: list[int]) -> dict[str, float]:
        return {self.name: float(accuracy_score(references, predictions))}


class MacroF1(ClassMetric):
    """The mean over classes of the harmonic mean of precision and recall; a class never predicted counts 0."""

    name = "macro_f1"

    def _compute(self, predictions: list[int], references: list[int]) -> dict[str, float]:
        return {self.name: float(f1_score(references, predictions, average="macro", zero_division=0))}


def compute(metrics: tuple[ClassMetric, ...], predictions: np.ndarray, references: np.ndarray) -> dict[str, float]:
    """All metrics over one set of predictions, as one dict."""
    values: dict[str, float] = {}
    for metric in metrics:
        values |= metric.compute(predictions=predictions, references=references)
    return values
