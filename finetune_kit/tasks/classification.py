"""Classification: one of a few classes for each example, whatever it is."""

from __future__ import annotations

from typing import Any

import datasets
import numpy as np

from ..metrics import Accuracy, MacroF1
from .base import Task


class Classification(Task):
    """What classifying texts, images or sounds has in common: the classes, the head, the metrics, the table.

    names: the classes in order.
    """

    names: list[str]

    def __init__(self, names: list[str]):
        self.metrics = (Accuracy(), MacroF1())
        self.names = list(names)

    @property
    def settings(self) -> dict[str, Any]:
        return {"names": self.names}

    @property
    def classes(self) -> list[str]:
        return self.names

    @property
    def head_settings(self) -> dict[str, Any]:
        return {
            "num_labels": len(self.names),
            "id2label": dict(enumerate(self.names)),
            "label2id": {name: i for i, name in enumerate(self.names)},
            "problem_type": "single_label_classification",
        }

    def truth(self, dataset: datasets.Dataset) -> np.ndarray:
        return np.array(dataset["label"])

    def decide(self, outputs: np.ndarray) -> np.ndarray:
        return outputs.argmax(axis=-1)

    def quality(self, predictions: np.ndarray, truth: np.ndarray) -> np.ndarray:
        return (np.asarray(predictions) == truth).astype(float)

    def words(self, predictions: np.ndarray) -> list[str]:
        return [self.names[i] for i in predictions]

    def show(self, examples: datasets.Dataset, outputs: np.ndarray) -> Any:
        import pandas as pd

        # Softmax over the classes, the largest output subtracted first so that nothing overflows.
        odds = np.exp(outputs - outputs.max(axis=-1, keepdims=True))
        shares = odds / odds.sum(axis=-1, keepdims=True)  # (examples, classes)
        table = pd.DataFrame({name: examples[name][:] for name in self.fields})
        table["prediction"] = self.words(self.decide(outputs))
        for i, name in enumerate(self.names):
            table[f"p({name})"] = shares[:, i].round(4)
        return table


def majority_class(train: datasets.Dataset, examples: datasets.Dataset) -> np.ndarray:
    """The commonest class of the training set, for every example: (examples,) int64."""
    return np.full(len(examples), np.bincount(train["label"]).argmax())
