"""Text classification: one text in, one of a few classes out."""

from __future__ import annotations

import re
from typing import Any

import datasets
import numpy as np
import transformers

from .. import data
from ..errors import DataError
from ..metrics import Accuracy, MacroF1
from .base import Baseline, Task
from .generation import end_token, with_padding
from .texts import beyond, checked_texts, tell_cut


class TextClassification(Task):
    """Classify texts, over any data with a text and a label column.

    source: the path of a CSV, JSON lines or parquet file, a pandas frame, a
    `datasets.Dataset` or `DatasetDict`, or an embedded data set's name; None for a task
    without data, which can only predict and needs `names`, its classes in order. Splits
    that the source lacks are made with `seed`. Raises DataError, StorageError or
    UnknownNameError when the data cannot be used.
    """

    record = "text-classification"
    auto_class = "AutoModelForSequenceClassification"
    names: list[str]  # the classes in order

    def __init__(
        self,
        source: Any = None,
        text: str = "text",
        label: str = "label",
        *,
        names: list[str] | None = None,
        drop_bad_rows: bool = False,
        seed: int = 0,
    ):
        self.metrics = (Accuracy(), MacroF1())
        if source is not None:
            parts = data.labelled(data.read(source), text, label, drop_bad_rows)
            self.splits = data.split(parts, seed)
            names = self.splits["train"].features["label"].names
        elif names is None:
            raise DataError("Text classification needs a source of data; expected a path, a frame or a data set.")
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

    def encode(
        self, dataset: datasets.Dataset, processor: Any, max_length: int, config: Any = None
    ) -> datasets.Dataset:
        """Each text's first `max_length` tokens; how many texts have more is told.

        A T5's head reads the end token, of which there must be one in every text.
        """
        texts = dataset["text"][:]
        encoded = dict(processor(texts, truncation=True, max_length=max_length))
        cut = beyond(texts, processor, encoded["input_ids"], max_length)
        tell_cut(cut, len(texts), f"texts are too long for max_length={max_length}", "their end is left out")
        if config is not None and config.is_encoder_decoder:
            end = end_token(processor)
            words = [[token for token in ids if token != end][: max_length - 1] for ids in encoded["input_ids"]]
            encoded = {"input_ids": [[*ids, end] for ids in words]}
            encoded["attention_mask"] = [[1] * len(ids) for ids in encoded["input_ids"]]
        if "label" in dataset.column_names:
            encoded["labels"] = dataset["label"][:]
        return datasets.Dataset.from_dict(encoded)

    def collator(self, processor: Any) -> Any:
        return transformers.DataCollatorWithPadding(with_padding(processor))

    def decide(self, outputs: np.ndarray) -> np.ndarray:
        return outputs.argmax(axis=-1)

    def quality(self, predictions: np.ndarray, truth: np.ndarray) -> np.ndarray:
        return (np.asarray(predictions) == truth).astype(float)

    def words(self, predictions: np.ndarray) -> list[str]:
        return [self.names[i] for i in predictions]

    def inputs(self, examples: Any) -> datasets.Dataset:
        return datasets.Dataset.from_dict({"text": checked_texts(examples)})

    def show(self, examples: datasets.Dataset, outputs: np.ndarray) -> Any:
        import pandas as pd

        # Softmax over the classes, the largest output subtracted first so that nothing overflows.
        odds = np.exp(outputs - outputs.max(axis=-1, keepdims=True))
        shares = odds / odds.sum(axis=-1, keepdims=True)  # (examples, classes)
        table = pd.DataFrame({"text": examples["text"][:], "prediction": self.words(self.decide(outputs))})
        for i, name in enumerate(self.names):
            table[f"p({name})"] = shares[:, i].round(4)
        return table

    def baselines(self, processor: Any = None) -> dict[str, Baseline]:
        return {"majority class": majority_class, "TF-IDF + logistic regression": tfidf_logistic_regression}


def majority_class(train: datasets.Dataset, examples: datasets.Dataset) -> np.ndarray:
    """The commonest class of the training set, for every example: (examples,) int64."""
    return np.full(len(examples), np.bincount(train["label"]).argmax())


def tfidf_logistic_regression(train: datasets.Dataset, examples: datasets.Dataset) -> np.ndarray:
    """Logistic regression over TF-IDF of words and word pairs: (examples,) int64.

    The majority class where there is nothing to learn from: no word, as in emoji, or one class only.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b")
    classifier = make_pipeline(vectorizer, LogisticRegression(C=10, max_iter=1000))
    texts, labels = train["text"][:], train["label"][:]
    if len(set(labels)) < 2 or not any(re.search(r"\w", text) for text in texts):
        return majority_class(train, examples)
    predictions: np.ndarray = classifier.fit(texts, labels).predict(examples["text"][:])
    return predictions
