"""What every task provides: data, head, preprocessing, collation, metrics, baselines, readable predictions."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import datasets
import numpy as np

from .. import metrics
from ..metrics import ClassMetric
from ..objectives import Learnable

Baseline = Callable[[datasets.Dataset, datasets.Dataset], np.ndarray]


class Task(Learnable):
    """A kind of problem over one data set; the rooms above call these members and know no task by name.

    record: the name of the catalogue record of this task over the user's own data.
    metrics: the first one chooses the best weights. names: the classes in order.
    splits: train, validation, test.
    """

    record: str
    names: list[str]
    metrics: tuple[ClassMetric, ...]
    splits: datasets.DatasetDict

    @property
    def metric(self) -> ClassMetric:
        """The metric that decides which weights are best."""
        return self.metrics[0]

    def measure(self, outputs: np.ndarray, labels: np.ndarray) -> dict[str, float]:
        """All metrics of the model's outputs against the true labels."""
        return self.score(self.decide(outputs), labels)

    def score(self, predictions: np.ndarray, labels: np.ndarray) -> dict[str, float]:
        """All metrics of predictions against the true labels."""
        return metrics.compute(self.metrics, predictions, labels)

    @property
    @abstractmethod
    def head_settings(self) -> dict[str, Any]:
        """What the model's configuration must say for this task's head."""

    @abstractmethod
    def sample(self, labels: int | None, seed: int) -> datasets.Dataset:
        """The training split, or `labels` examples of it."""

    @abstractmethod
    def encode(self, dataset: datasets.Dataset, processor: Any, max_length: int) -> datasets.Dataset:
        """Examples as the model's inputs and `labels`, not yet padded."""

    @abstractmethod
    def decide(self, outputs: np.ndarray) -> np.ndarray:
        """The model's outputs for some examples to predictions that the metrics take."""

    @abstractmethod
    def inputs(self, examples: Any) -> datasets.Dataset:
        """The user's new examples, checked, as a data set without labels."""

    @abstractmethod
    def show(self, examples: datasets.Dataset, outputs: np.ndarray) -> Any:
        """Predictions as a readable table: one row an example."""

    @property
    @abstractmethod
    def baselines(self) -> dict[str, Baseline]:
        """Simple methods by name: each learns from a training set and predicts other examples."""
