"""What every task provides: data, head, preprocessing, collation, metrics, baselines, readable predictions."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import datasets
import numpy as np
import torch

from .. import catalog, checkpoints, data, metrics
from ..errors import ModelError
from ..metrics import Criterion, Metric
from ..objectives import Learnable

Baseline = Callable[[datasets.Dataset, datasets.Dataset], Any]
RIGHT = 0.5  # the quality from which a prediction counts as right


class Task(Learnable):
    """A kind of problem over one data set; the rooms above call these members and know no task by name.

    record: the name of the catalogue record of this task over the user's own data.
    metrics: the first one is the headline. truth_columns: what is hidden when a model predicts.
    fields: what a user gives for a prediction, one text each.
    splits: train, validation, test.

    The model's answer to one example is its *output*, whatever that is (logits, a text, spans
    with scores); `decide` turns outputs into *predictions*, which the metrics compare with the truth.
    """

    record: str
    metrics: tuple[Metric, ...]
    truth_columns: tuple[str, ...] = ("label",)
    fields: tuple[str, ...] = ("text",)
    splits: datasets.DatasetDict
    by_length = True

    @property
    def metric(self) -> Metric:
        """The metric that says first how good a model is."""
        return self.metrics[0]

    @property
    def chooses(self) -> Metric | Criterion:
        """What decides, during training, which weights are best: here the first metric."""
        return self.metric

    @property
    def settings(self) -> dict[str, Any]:
        """What a task without data is made from that reads this one's runs: arguments of its class."""
        return {}

    @property
    def classes(self) -> list[str]:
        """The names of the classes that truth and predictions number from 0; none where an answer is no class."""
        return []

    @property
    def head_settings(self) -> dict[str, Any]:
        """What the model's configuration must say for this task's head."""
        return {}

    def model_class(self, config: Any) -> str:
        """The transformers class that loads a model of this configuration with the head that this needs.

        Raises ModelError where transformers has no such head for it.
        """
        name = self.head_class(config)
        if not checkpoints.has_head(config, name):
            raise ModelError(f"A model of the type {config.model_type!r} has no head for {self.record}. {self.fitting}")
        return name

    def head_class(self, config: Any) -> str:
        """The transformers class of the head, whether or not there is one for a model of this configuration."""
        return self.auto_class

    @property
    def fitting(self) -> str:
        """Which models of the catalogue this task may take, and the call that lists them, in a sentence."""
        names = [record.name for record in catalog.MODELS if self.record in record.tasks]
        return f"Expected one such as {', '.join(names[:3])}; ftk.models({self.record!r}) lists those that fit."

    def sample(self, labels: int | None, seed: int) -> datasets.Dataset:
        """The training split, or `labels` examples of it."""
        train = self.splits["train"]
        return train if labels is None else data.sample(train, labels, seed)

    def questions(self, dataset: datasets.Dataset) -> datasets.Dataset:
        """The examples without what is asked of them."""
        return dataset.remove_columns([name for name in self.truth_columns if name in dataset.column_names])

    @abstractmethod
    def truth(self, dataset: datasets.Dataset) -> Any:
        """What the metrics compare predictions with: one an example."""

    @abstractmethod
    def encode(
        self, dataset: datasets.Dataset, processor: Any, max_length: int, config: Any = None
    ) -> datasets.Dataset:
        """Examples as the model's inputs, not yet padded; with what the loss needs, where the truth is there.

        config: the model's configuration, for tasks that models of several kinds can do.
        """

    def encode_training(
        self, dataset: datasets.Dataset, processor: Any, max_length: int, config: Any = None
    ) -> datasets.Dataset:
        """Examples as training sees them: by default as they are measured."""
        return self.encode(dataset, processor, max_length, config)

    def outputs(self, model: Any, processor: Any, batch: dict[str, torch.Tensor]) -> Any:
        """The model's output for each row of a batch: by default its logits, (batch, ...) float32."""
        return model(**batch).logits.float().cpu().numpy()

    def gather(self, outputs: Any, encoded: datasets.Dataset, dataset: datasets.Dataset) -> Any:
        """The outputs of encoded rows as outputs of examples, where one example became several rows."""
        return outputs

    @abstractmethod
    def decide(self, outputs: Any) -> Any:
        """The model's outputs for some examples to predictions that the metrics take."""

    def measure(self, outputs: Any, labels: Any) -> dict[str, float]:
        """All metrics of the model's outputs against the truth."""
        return self.score(self.decide(outputs), labels)

    def score(self, predictions: Any, truth: Any) -> dict[str, float]:
        """All metrics of predictions against the truth."""
        return metrics.compute(self.metrics, predictions, truth)

    @abstractmethod
    def quality(self, predictions: Any, truth: Any) -> np.ndarray:
        """How good each prediction is, (examples,) float64 from 0 to 1; from RIGHT on it counts as right."""

    @abstractmethod
    def words(self, predictions: Any) -> list[str]:
        """Predictions, or the truth, as people read them."""

    @abstractmethod
    def inputs(self, examples: Any) -> datasets.Dataset:
        """The user's new examples, checked, as a data set without the truth."""

    @abstractmethod
    def show(self, examples: datasets.Dataset, outputs: Any) -> Any:
        """Predictions as a readable table: one row an example."""

    @abstractmethod
    def baselines(self, processor: Any = None) -> dict[str, Baseline]:
        """Simple methods by name: each learns from a training set and predicts other examples.

        processor: that of the model they are compared with, for methods that read its tokens.
        """
