"""Translation: a sentence of one language in, the same in another out."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import Any

import datasets
import numpy as np

from .. import data
from ..errors import DataError
from ..metrics import Bleu, ChrF
from .base import Baseline
from .generation import Generation
from .text_to_text import TextToText
from .texts import checked_texts


class Translation(TextToText):
    """Translate, over any data with a source and a target column.

    source_of_data: a CSV, JSON lines or parquet file, two aligned text files as a pair of
    paths, a pandas frame, a `datasets.Dataset` or `DatasetDict`, a name from the catalogue or
    a hub id; None for a task without data. prefix: what the model reads before each sentence;
    Google's T5 wants "translate English to French: ". generation: how translations are written.
    Raises DataError, StorageError or UnknownNameError when the data cannot be used.
    """

    record = "translation"
    truth_columns = ("target",)
    fields = ("source",)
    between = "\n"  # else a decoder could not tell where the sentence ends

    def __init__(
        self,
        source_of_data: Any = None,
        source: str = "source",
        target: str = "target",
        *,
        prefix: str = "",
        generation: Generation | dict[str, Any] | None = None,
        drop_bad_rows: bool = False,
        seed: int = 0,
    ):
        self.metrics = (Bleu(), ChrF())
        self.prefix = prefix
        self.generation = Generation.of(generation)
        if source_of_data is not None:
            self.splits = data.split(data.pairs(data.read(source_of_data), source, target, drop_bad_rows), seed)

    @property
    def settings(self) -> dict[str, Any]:
        return {**super().settings, "prefix": self.prefix}

    def prompt(self, row: dict[str, Any]) -> str:
        return self.prefix + str(row["source"])

    def answer(self, row: dict[str, Any]) -> str:
        return str(row["target"])

    def truth(self, dataset: datasets.Dataset) -> list[str]:
        return list(dataset["target"][:])

    def quality(self, predictions: list[str], truth: list[str]) -> np.ndarray:
        """chrF of each sentence, as a share."""
        import sacrebleu

        pairs = zip(predictions, truth, strict=True)
        return np.array([sacrebleu.sentence_chrf(found, [right]).score / 100 for found, right in pairs])

    def words(self, predictions: list[str]) -> list[str]:
        return list(predictions)

    def inputs(self, examples: Any) -> datasets.Dataset:
        return datasets.Dataset.from_dict({"source": checked_texts(examples)})

    def show(self, examples: datasets.Dataset, outputs: list[str]) -> Any:
        import pandas as pd

        return pd.DataFrame({"source": examples["source"][:], "prediction": outputs})

    def baselines(self, processor: Any = None) -> dict[str, Baseline]:
        return {"word for word": word_for_word}


def word_for_word(train: datasets.Dataset, examples: datasets.Dataset) -> list[str]:
    """Each word by the one that keeps it company most faithfully: a dictionary learnt from the training pairs.

    A word's translation is the one with the highest Dice coefficient over sentences; a word that
    no training sentence holds stays as it is.
    """
    if not len(train):
        raise DataError("There are no training pairs to learn a dictionary from.")
    pairs = [(cut(row["source"].lower()), cut(row["target"])) for row in train]
    sources = Counter(word for source, _ in pairs for word in set(source))
    targets = Counter(word for _, target in pairs for word in set(target))
    together: dict[str, Counter[str]] = defaultdict(Counter)
    for source, target in pairs:
        for word in set(source):
            together[word].update(set(target))
    best = {
        word: max(counts, key=lambda other: (2 * counts[other] / (sources[word] + targets[other]), other))
        for word, counts in together.items()
    }
    return [joined([best.get(word, word) for word in cut(text.lower())]) for text in examples["source"][:]]


def cut(text: str) -> list[str]:
    """Words and marks; an elided word keeps its apostrophe, as in l'homme."""
    return re.findall(r"\w+['’]?|[^\w\s]", text)


def joined(words: list[str]) -> str:
    """Words and marks as a sentence again."""
    return re.sub(r"(?<=['’]) | (?=[.,;:!?])", "", " ".join(words))
