"""Splitting: train, validation and test without shared texts; balanced samples of few labels."""

from __future__ import annotations

import datasets
import numpy as np
from sklearn.model_selection import train_test_split

from ..errors import DataError

SPLITS = ("train", "validation", "test")
ALIASES = {"valid": "validation", "val": "validation", "dev": "validation"}
SHARE = 0.15  # of the texts, to validation and to test each


def normalise(text: str) -> str:
    """A text without case and extra white space: what counts as the same text."""
    return " ".join(text.lower().split())


def split(parts: datasets.DatasetDict, seed: int = 0) -> datasets.DatasetDict:
    """Train, validation and test splits, made where they are missing, in proportion to the classes.

    Rows with the same text stay in one split. Raises DataError for a class too small to divide.
    """
    named = {ALIASES.get(name, name): part for name, part in parts.items()}
    unknown = [name for name in named if name not in (*SPLITS, "all")]
    if unknown or len(named) < len(parts) or len(named.keys() & {"train", "all"}) != 1:
        raise DataError(f"The data has the splits {sorted(parts)}; expected 'train' and, if any, 'validation', 'test'.")
    train = named.get("train", named.get("all"))
    missing = [name for name in ("test", "validation") if name not in named]
    for i, name in enumerate(missing):
        train, named[name] = _divide(train, seed, needed=len(missing) - i + 1)
    return datasets.DatasetDict({"train": train, "validation": named["validation"], "test": named["test"]})


def _divide(dataset: datasets.Dataset, seed: int, needed: int) -> tuple[datasets.Dataset, datasets.Dataset]:
    first: dict[str, int] = {}  # the first row of each distinct text
    group = [first.setdefault(normalise(text), row) for row, text in enumerate(dataset["text"])]
    rows = np.array(sorted(first.values()))
    labels = np.array(dataset["label"])[rows]
    counts = np.bincount(labels, minlength=dataset.features["label"].num_classes)
    size = max(len(counts), round(SHARE * len(rows)))
    if counts.min() < needed:
        name = dataset.features["label"].names[int(counts.argmin())]
        raise DataError(
            f"The class {name!r} has {counts.min()} distinct texts; at least {needed} are needed to divide the data "
            "into train, validation and test. Add examples, merge classes, or leave the class out."
        )
    _, taken = train_test_split(rows, test_size=size, stratify=labels, random_state=seed)
    away = set(taken.tolist())
    return (
        dataset.select([row for row, leader in enumerate(group) if leader not in away]),
        dataset.select([row for row, leader in enumerate(group) if leader in away]),
    )


def sample(dataset: datasets.Dataset, labels: int, seed: int = 0) -> datasets.Dataset:
    """`labels` examples in balance over the classes; of one seed, fewer labels are a part of more.

    Raises DataError when the classes, or the examples of one, do not suffice.
    """
    names = dataset.features["label"].names
    if labels < len(names):
        raise DataError(f"labels={labels} is fewer than the {len(names)} classes; expected {len(names)} or more.")
    column = np.array(dataset["label"])
    fewest = np.bincount(column, minlength=len(names)).min()
    chosen = []
    for cls, name in enumerate(names):
        wanted = labels // len(names) + (cls < labels % len(names))
        rows = np.flatnonzero(column == cls)
        if len(rows) < wanted:
            raise DataError(
                f"The class {name!r} has {len(rows)} training examples; {wanted} are needed for "
                f"{labels} labels in balance. Ask for at most {fewest * len(names)}, or for all (labels=None)."
            )
        # Seeded by the class's position, so that one class's draw does not depend on another's size.
        chosen.append(np.random.default_rng([seed, cls]).permutation(rows)[:wanted])
    return dataset.select(np.sort(np.concatenate(chosen)))
