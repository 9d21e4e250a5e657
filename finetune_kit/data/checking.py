"""Checking: what a text data set looks like, and what would make its scores too good to be true."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass

import datasets
import numpy as np

from .splitting import normalise

NEAR = 0.8  # cosine of the sets of character 5-grams from which two texts count as near-duplicates


@dataclass(frozen=True)
class DataReport:
    """Counts and warning signs of a labelled text data set.

    rows and classes: by split. words: shortest, median and longest text. shared_ngrams: the
    share of distinct word 5-grams that stand in more than one text. near_duplicates: pairs
    (split, row, split, row) of nearly equal texts in different splits. telling_word and its
    accuracy: the word whose presence alone tells the label best, over all texts.
    """

    rows: dict[str, int]
    classes: dict[str, dict[str, int]]
    words: tuple[int, int, int]
    shared_ngrams: float
    near_duplicates: list[tuple[str, int, str, int]]
    telling_word: str
    telling_word_accuracy: float


def tokens(text: str) -> list[str]:
    """Lower-case words and numbers."""
    return re.findall(r"[^\W_]+(?:'[^\W_]+)?", text.lower())


def report(splits: datasets.DatasetDict) -> DataReport:
    """Check a labelled data set: sizes, balance, repeated phrases, leaks between splits, giveaway words."""
    texts = [text for part in splits.values() for text in part["text"]]
    labels = np.array([label for part in splits.values() for label in part["label"]])
    lengths = sorted(len(text.split()) for text in texts)
    word, accuracy = telling_word(texts, labels)
    return DataReport(
        rows={name: len(part) for name, part in splits.items()},
        classes={
            name: {part.features["label"].int2str(i): n for i, n in sorted(Counter(part["label"]).items())}
            for name, part in splits.items()
        },
        words=(lengths[0], lengths[len(lengths) // 2], lengths[-1]),
        shared_ngrams=shared_ngrams(texts),
        near_duplicates=near_duplicates(splits),
        telling_word=word,
        telling_word_accuracy=accuracy,
    )


def shared_ngrams(texts: list[str], n: int = 5) -> float:
    """The share of distinct word n-grams that stand in more than one text."""
    holders: dict[tuple[str, ...], set[int]] = defaultdict(set)
    for i, text in enumerate(texts):
        words = tokens(text)
        for start in range(len(words) - n + 1):
            holders[tuple(words[start : start + n])].add(i)
    return sum(len(who) > 1 for who in holders.values()) / max(1, len(holders))


def near_duplicates(splits: datasets.DatasetDict) -> list[tuple[str, int, str, int]]:
    """Pairs of texts in different splits whose sets of character 5-grams have a cosine of 0.8 or more."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.preprocessing import normalize

    vectorizer = CountVectorizer(analyzer="char_wb", ngram_range=(5, 5), binary=True, preprocessor=normalise)
    vectorizer.fit([text for part in splits.values() for text in part["text"]])
    vectors = {name: normalize(vectorizer.transform(part["text"])) for name, part in splits.items()}
    names, found = list(splits), []
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            close = (vectors[one] @ vectors[other].T).tocoo()
            near = close.data >= NEAR
            found += [(one, int(a), other, int(b)) for a, b in zip(close.row[near], close.col[near], strict=True)]
    return found


def telling_word(texts: list[str], labels: np.ndarray) -> tuple[str, float]:
    """The word whose presence predicts the label best, with the accuracy of that rule.

    The rule: the commonest label among the texts with the word, and the commonest among
    those without it.
    """
    total = np.bincount(labels)
    counts: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(len(total), dtype=int))
    for text, label in zip(texts, labels, strict=True):
        for word in set(tokens(text)):
            counts[word][label] += 1
    right = {word: int(having.max() + (total - having).max()) for word, having in counts.items()}
    best = max(right, key=lambda word: (right[word], word))
    return best, right[best] / len(texts)
