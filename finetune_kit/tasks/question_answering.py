"""Question answering: what the extractive and the generative way share: passages, questions, SQuAD's scores."""

from __future__ import annotations

import re
from typing import Any

import datasets
import numpy as np

from .. import data, metrics
from ..errors import DataError, unknown_name
from ..metrics import AnswerF1, ExactMatch, HasAnswerF1, NoAnswerF1
from .base import Baseline, Task
from .texts import check_text

SILENCE = "(no answer)"  # what is shown where nothing is answered


class QuestionAnswering(Task):
    """Answer questions on passages, over data in SQuAD's form.

    source: SQuAD's JSON, a JSON lines or parquet file, a pandas frame, a `datasets.Dataset` or
    `DatasetDict`, a name from the catalogue or a hub id; None for a task without data. An
    example without answers is one that its passage does not answer: the right prediction is ''.
    Raises DataError, StorageError or UnknownNameError when the data cannot be used.
    """

    truth_columns = ("answers",)
    fields = ("context", "question")

    def __init__(
        self,
        source: Any = None,
        question: str = "question",
        context: str = "context",
        answers: str = "answers",
        *,
        drop_bad_rows: bool = False,
        seed: int = 0,
    ):
        self.metrics = (AnswerF1(), ExactMatch(), HasAnswerF1(), NoAnswerF1())
        if source is not None:
            parts = data.answered(data.read(source), question, context, answers, drop_bad_rows)
            self.splits = data.split(parts, seed)

    def truth(self, dataset: datasets.Dataset) -> list[list[str]]:
        return [list(answers["text"]) for answers in dataset["answers"][:]]

    def quality(self, predictions: list[str], truth: list[list[str]]) -> np.ndarray:
        """F1 of each answer."""
        pairs = zip(predictions, truth, strict=True)
        return np.array([metrics.answer_f1(found, accepted) for found, accepted in pairs])

    def words(self, predictions: list[Any]) -> list[str]:
        """An answer, or the accepted ones, or '(no answer)'."""
        texts = [found if isinstance(found, str) else " / ".join(dict.fromkeys(found)) for found in predictions]
        return [text or SILENCE for text in texts]

    def inputs(self, examples: Any) -> datasets.Dataset:
        """One mapping with `question` and `context`, or a list of them."""
        rows = [examples] if isinstance(examples, dict) else examples
        if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
            raise DataError("Expected {'question': ..., 'context': ...}, or a list of such.")
        for number, row in enumerate(rows, 1):
            for name in ("question", "context"):
                if name not in row:
                    raise unknown_name("field", name, map(str, row), "A question needs the passage that it is about.")
                check_text(row[name], f"The {name} of example {number} of {len(rows)}")
        columns = {name: [row[name] for row in rows] for name in ("context", "question")}
        return datasets.Dataset.from_dict({"id": [str(i) for i in range(len(rows))], **columns})

    def baselines(self, processor: Any = None) -> dict[str, Baseline]:
        return {"silence": silence, "sentence with most words in common": nearest_sentence}


def silence(train: datasets.Dataset, examples: datasets.Dataset) -> list[str]:
    """No answer to any question: right wherever there is none, and so more than nothing."""
    return [""] * len(examples)


def nearest_sentence(train: datasets.Dataset, examples: datasets.Dataset) -> list[str]:
    """The sentence of the passage that shares most of the question's words, each word weighing by its rarity in it."""
    return [_nearest(row["question"], row["context"]) for row in examples]


def _nearest(question: str, context: str) -> str:
    sentences = [part for part in re.split(r"(?<=[.!?])\s+", context.strip()) if part]
    bags = [set(metrics.answer_words(sentence)) for sentence in sentences]
    asked = set(metrics.answer_words(question))
    rarity = {word: 1 / sum(word in bag for bag in bags) for word in asked if any(word in bag for bag in bags)}
    scores = [sum(rarity.get(word, 0.0) for word in bag) for bag in bags]
    return sentences[int(np.argmax(scores))]
