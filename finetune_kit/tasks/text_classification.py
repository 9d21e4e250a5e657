"""Text classification: one text in, one of a few classes out."""

from __future__ import annotations

import re
from typing import Any

import datasets
import numpy as np
import transformers

from .. import data
from ..errors import DataError
from .base import Baseline
from .classification import Classification, majority_class
from .generation import end_token, with_padding
from .texts import beyond, checked_texts, tell_cut


class TextClassification(Classification):
    """Classify texts, over any data with a text and a label column.

    source: the path of a CSV, JSON lines or parquet file, a pandas frame, a
    `datasets.Dataset` or `DatasetDict`, or an embedded data set's name; None for a task
    without data, which can only predict and needs `names`, its classes in order. Splits
    that the source lacks are made with `seed`. Raises DataError, StorageError or
    UnknownNameError when the data cannot be used.
    """

    record = "text-classification"
    auto_class = "AutoModelForSequenceClassification"

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
        if source is not None:
            parts = data.labelled(data.read(source), text, label, drop_bad_rows)
            self.splits = data.split(parts, seed)
            names = self.splits["train"].features["label"].names
        elif names is None:
            raise DataError("Text classification needs a source of data; expected a path, a frame or a data set.")
        super().__init__(names)

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

    def inputs(self, examples: Any) -> datasets.Dataset:
        return datasets.Dataset.from_dict({"text": checked_texts(examples)})

    def baselines(self, processor: Any = None) -> dict[str, Baseline]:
        return {"majority class": majority_class, "TF-IDF + logistic regression": tfidf_logistic_regression}


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
