"""Checking: what a data set of texts, pictures or sounds looks like, and what makes its scores too good to be true."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import datasets
import numpy as np

from .looks import class_counts, sizes
from .repeats import SHOWN, Pair, Place, Repeat, repeats
from .sound_checking import sound_report
from .splitting import has_images, has_labels, has_sounds, normalise, text_column

NEAR = 0.8  # cosine of the sets of character 5-grams from which two texts count as near-duplicates
BLOCK = 1000  # texts that are compared with another split at a time, so that memory stays small


@dataclass(frozen=True)
class DataReport:
    """Counts and warning signs of a text data set: of texts, pairs (by their sources) or questions (by their contexts).

    rows and classes: by split; classes is empty for data without labels. words: shortest, median
    and longest text. shared_ngrams: the share of distinct word 5-grams that stand in more than
    one text. near_duplicates: pairs (split, row, split, row) of nearly equal texts in different
    splits. telling_word and its accuracy: the word whose presence alone tells the label best,
    over all texts; '' and 0.0 for data without labels.

    duplicates: each row that repeats a text, but for case and white space, behind the row that
    has it first, within and across splits, as (split, row, split, row), the commonest text
    first; 100 at most of duplicate_count. contradictions: those of them whose label differs from
    that of the first row; 100 at most of contradiction_count. `repeated` lists them by text. Of
    questions each distinct context counts once a split, at its first row.
    """

    rows: dict[str, int]
    classes: dict[str, dict[str, int]]
    words: tuple[int, int, int]
    shared_ngrams: float
    near_duplicates: list[Pair]
    telling_word: str
    telling_word_accuracy: float
    duplicates: list[Pair]
    duplicate_count: int
    contradictions: list[Pair]
    contradiction_count: int


@dataclass(frozen=True)
class PictureReport:
    """Counts and warning signs of a data set of pictures.

    rows and classes: by split, of the classes how many pictures there are or, of boxes, how many
    objects; 0 too. sizes: width and height in pixels of the picture of the fewest pixels, of the
    median one and of that of the most.

    duplicates: pictures of the same pixels as another one, behind the first such, within and
    across splits, as (split, row, split, row); near_duplicates: those that are nearly the same.
    leaks: those of both whose two places are in different splits; contradictions: those of both
    with another label. Of each list 100 at most, and of all the count. `repeats.repeats` says
    what counts as nearly the same and as another label.
    """

    rows: dict[str, int]
    classes: dict[str, dict[str, int]]
    sizes: tuple[tuple[int, int], ...]
    duplicates: list[Pair]
    duplicate_count: int
    near_duplicates: list[Pair]
    near_duplicate_count: int
    leaks: list[Pair]
    leak_count: int
    contradictions: list[Pair]
    contradiction_count: int


def tokens(text: str) -> list[str]:
    """Lower-case words and numbers."""
    return re.findall(r"[^\W_]+(?:'[^\W_]+)?", text.lower())


def report(splits: datasets.DatasetDict) -> Any:
    """Check a data set: sizes, balance, repeats, leaks between splits, contradicting labels; of texts giveaway words.

    A DataReport of what `labelled`, `pairs`, `answered` or `running` made; a PictureReport, for
    which every picture is decoded, of what `pictured` or `boxed` made; a SoundReport, for which
    every sound is, of what `sounded` made. Raises DataError for other columns.
    """
    if all(map(has_sounds, splits.values())):
        return sound_report(splits)
    return _picture_report(splits) if all(map(has_images, splits.values())) else _text_report(splits)


def _picture_report(splits: datasets.DatasetDict) -> PictureReport:
    found = repeats(splits)
    kinds: dict[str, list[Repeat]] = {
        "duplicates": [one for one in found if one.exact],
        "near_duplicates": [one for one in found if not one.exact],
        "leaks": [one for one in found if one.leaks],
        "contradictions": [one for one in found if one.contradicts],
    }
    every = np.concatenate([sizes(part) for part in splits.values()])
    every = every[np.argsort(every.prod(axis=1), kind="stable")]
    return PictureReport(
        rows={name: len(part) for name, part in splits.items()},
        classes={name: class_counts(part) for name, part in splits.items()},
        sizes=tuple((int(every[i, 0]), int(every[i, 1])) for i in (0, len(every) // 2, -1)),
        **{kind: [one.pair for one in some[:SHOWN]] for kind, some in kinds.items()},  # type: ignore[arg-type]
        **{f"{kind[:-1]}_count": len(some) for kind, some in kinds.items()},  # type: ignore[arg-type]
    )


def _text_report(splits: datasets.DatasetDict) -> DataReport:
    texts = [text for part in splits.values() for text in compared(part).values()]
    lengths = sorted(len(text.split()) for text in texts)
    with_labels = all(map(has_labels, splits.values()))
    labels = np.array([label for part in splits.values() for label in part["label"]]) if with_labels else None
    word, accuracy = ("", 0.0) if labels is None else telling_word(texts, labels)
    duplicates = repetitions(splits)
    contradictions = _contradicting(duplicates, splits) if with_labels else []
    return DataReport(
        rows={name: len(part) for name, part in splits.items()},
        classes={name: _class_sizes(part) for name, part in splits.items()} if with_labels else {},
        words=(lengths[0], lengths[len(lengths) // 2], lengths[-1]),
        shared_ngrams=shared_ngrams(texts),
        near_duplicates=near_duplicates(splits),
        telling_word=word,
        telling_word_accuracy=accuracy,
        duplicates=duplicates[:SHOWN],
        duplicate_count=len(duplicates),
        contradictions=contradictions[:SHOWN],
        contradiction_count=len(contradictions),
    )


def compared(part: datasets.Dataset) -> dict[int, str]:
    """The texts of a split that are compared, by row: for questions each distinct context once, at its first row."""
    column = text_column(part)
    texts = dict(enumerate(part[column][:]))
    if column != "context":
        return texts
    first: dict[str, int] = {}
    for row, text in texts.items():
        first.setdefault(text, row)
    return {row: text for text, row in first.items()}


def _class_sizes(part: datasets.Dataset) -> dict[str, int]:
    return {part.features["label"].int2str(i): n for i, n in sorted(Counter(part["label"]).items())}


def repeated(splits: datasets.DatasetDict) -> dict[str, list[Place]]:
    """The texts that stand more than once within or across splits, each as it stands first, and all its places.

    Case and white space make no other text; the commonest text comes first.
    """
    first: dict[str, str] = {}
    places: dict[str, list[Place]] = defaultdict(list)
    for split, part in splits.items():
        for row, text in compared(part).items():
            first.setdefault(normalise(text), text)
            places[normalise(text)].append((split, row))
    many = sorted((same for same in places if len(places[same]) > 1), key=lambda same: -len(places[same]))
    return {first[same]: places[same] for same in many}


def repetitions(splits: datasets.DatasetDict) -> list[Pair]:
    """Each row that repeats a text, behind the row that has it first: (split, row, split, row)."""
    return [(*found[0], *later) for found in repeated(splits).values() for later in found[1:]]


def _contradicting(pairs: list[Pair], splits: datasets.DatasetDict) -> list[Pair]:
    labels = {split: part["label"][:] for split, part in splits.items()}
    return [(one, a, other, b) for one, a, other, b in pairs if labels[one][a] != labels[other][b]]


def shared_ngrams(texts: list[str], n: int = 5) -> float:
    """The share of distinct word n-grams that stand in more than one text."""
    holders: dict[tuple[str, ...], set[int]] = defaultdict(set)
    for i, text in enumerate(texts):
        words = tokens(text)
        for start in range(len(words) - n + 1):
            holders[tuple(words[start : start + n])].add(i)
    return sum(len(who) > 1 for who in holders.values()) / max(1, len(holders))


def near_duplicates(splits: datasets.DatasetDict) -> list[Pair]:
    """Pairs of texts in different splits whose sets of character 5-grams have a cosine of 0.8 or more."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.preprocessing import normalize

    vectorizer = CountVectorizer(analyzer="char_wb", ngram_range=(5, 5), binary=True, preprocessor=normalise)
    texts = {name: compared(part) for name, part in splits.items() if len(part)}
    vectorizer.fit([text for part in texts.values() for text in part.values()])
    vectors = {name: normalize(vectorizer.transform(part.values())) for name, part in texts.items()}
    rows = {name: list(part) for name, part in texts.items()}
    return [
        (one, rows[one][a], other, rows[other][b])
        for one, other in combinations(texts, 2)
        for a, b in _close(vectors[one], vectors[other])
    ]


def _close(one: Any, other: Any) -> Iterator[tuple[int, int]]:
    """The pairs of rows of two sparse matrices of unit rows whose cosine is 0.8 or more."""
    for start in range(0, one.shape[0], BLOCK):
        cosines = (one[start : start + BLOCK] @ other.T).tocoo()
        near = cosines.data >= NEAR
        yield from zip((cosines.row[near] + start).tolist(), cosines.col[near].tolist(), strict=True)


def telling_word(texts: list[str], labels: np.ndarray) -> tuple[str, float]:
    """The word whose presence predicts the label best, with the accuracy of that rule.

    The rule: the commonest label among the texts with the word, and the commonest among
    those without it. '' and 0.0 for texts without any word, such as emoji.
    """
    total = np.bincount(labels)
    counts: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(len(total), dtype=int))
    for text, label in zip(texts, labels, strict=True):
        for word in set(tokens(text)):
            counts[word][label] += 1
    right = {word: int(having.max() + (total - having).max()) for word, having in counts.items()}
    best = max(right, key=lambda word: (right[word], word), default="")
    return best, right.get(best, 0) / len(texts)
