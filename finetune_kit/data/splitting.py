"""Splitting: train, validation and test without shared texts; samples, in balance over the classes."""

from __future__ import annotations

import hashlib

import datasets
import numpy as np
from sklearn.model_selection import train_test_split

from ..errors import DataError
from .files import is_media, stored

SPLITS = ("train", "validation", "test")
ALIASES = {"valid": "validation", "val": "validation", "dev": "validation"}
SHARE = 0.15  # of the texts, to validation and to test each
# The column that tells examples apart, by the shape of the data: texts, pairs, questions on contexts.
TEXT_COLUMNS = ("text", "source", "context")
MEDIA = {"image": "image", "audio": "sound"}  # columns of files, and what messages call one


def normalise(text: str) -> str:
    """A text without case and extra white space: what counts as the same text."""
    return " ".join(text.lower().split())


def text_column(dataset: datasets.Dataset) -> str:
    """The column of the text that must not stand in two splits. Raises DataError where there is none."""
    for column in TEXT_COLUMNS:
        if column in dataset.column_names:
            return column
    raise DataError(
        f"The data has the columns {dataset.column_names}; expected one of {', '.join(TEXT_COLUMNS)}. "
        "Bring it into form first, with data.labelled, pairs, answered, running, pictured or sounded."
    )


def has_images(dataset: datasets.Dataset) -> bool:
    """Whether the examples are images, as `data.pictured` and `data.boxed` make them."""
    return isinstance(dataset.features.get("image"), datasets.Image)


def has_sounds(dataset: datasets.Dataset) -> bool:
    """Whether the examples are sounds, as `data.sounded` makes them."""
    return isinstance(dataset.features.get("audio"), datasets.Audio)


def _example_column(dataset: datasets.Dataset) -> str:
    """The column of what must not stand in two splits: images, sounds or texts."""
    media = (name for name in MEDIA if is_media(dataset.features.get(name)))
    return next(media, None) or text_column(dataset)


def _keys(dataset: datasets.Dataset) -> list[str]:
    """What must not stand in two splits, one an example: the text or, of a file, a hash of its bytes as stored."""
    column = _example_column(dataset)
    if column in MEDIA:
        return [hashlib.sha256(raw).hexdigest() for raw in stored(dataset, column)]
    return [normalise(text) for text in dataset[column][:]]


def has_labels(dataset: datasets.Dataset) -> bool:
    """Whether the examples have classes."""
    return "label" in dataset.column_names


def split(parts: datasets.DatasetDict, seed: int = 0) -> datasets.DatasetDict:
    """Train, validation and test splits, made where they are missing, in proportion to the classes if there are any.

    Rows with the same text (for pairs the source, for questions the context), image or sound, the
    files byte for byte, stay in one split; images of several objects are divided without regard to
    classes. Data without classes keeps its further splits, behind these three. Raises DataError for
    further splits of data with classes, and for a class or data too small to divide.
    """
    named = {ALIASES.get(name, name): part for name, part in parts.items()}
    further = [name for name in named if name not in (*SPLITS, "all")]
    unknown = further and any(map(has_labels, parts.values()))
    if unknown or len(named) < len(parts) or len(named.keys() & {"train", "all"}) != 1:
        raise DataError(f"The data has the splits {sorted(parts)}; expected 'train' and, if any, 'validation', 'test'.")
    named["train"] = named.pop("all") if "all" in named else named["train"]
    missing = [name for name in ("test", "validation") if name not in named]
    for i, name in enumerate(missing):
        named["train"], named[name] = _divide(named["train"], seed, needed=len(missing) - i + 1)
    return datasets.DatasetDict({name: named[name] for name in (*SPLITS, *further)})


def _divide(dataset: datasets.Dataset, seed: int, needed: int) -> tuple[datasets.Dataset, datasets.Dataset]:
    first: dict[str, int] = {}  # the first row of each distinct text, image or sound
    group = [first.setdefault(key, row) for row, key in enumerate(_keys(dataset))]
    rows = np.array(sorted(first.values()))
    labels = np.array(dataset["label"])[rows] if has_labels(dataset) else None
    _require_enough(dataset, rows, labels, needed)
    classes = 1 if labels is None else dataset.features["label"].num_classes
    size = max(classes, round(SHARE * len(rows)))
    _, taken = train_test_split(rows, test_size=size, stratify=labels, random_state=seed)
    away = set(taken.tolist())
    return (
        dataset.select([row for row, leader in enumerate(group) if leader not in away]),
        dataset.select([row for row, leader in enumerate(group) if leader in away]),
    )


def _require_enough(dataset: datasets.Dataset, rows: np.ndarray, labels: np.ndarray | None, needed: int) -> None:
    """Raise DataError where the distinct examples, at their first `rows`, do not go round the splits."""
    found, advice = len(rows), "Add examples"
    noun = MEDIA.get(_example_column(dataset)) or text_column(dataset)
    who = f"The data has {found} distinct {noun}s"
    if labels is not None:
        counts = np.bincount(labels, minlength=dataset.features["label"].num_classes)
        found, advice = counts.min(), "Add examples, merge classes, or leave the class out"
        who = f"The class {dataset.features['label'].names[int(counts.argmin())]!r} has {found} distinct {noun}s"
    if found < needed:
        raise DataError(
            f"{who}; at least {needed} are needed to divide the data into train, validation and test. {advice}."
        )


def sample(dataset: datasets.Dataset, labels: int, seed: int = 0) -> datasets.Dataset:
    """`labels` examples, in balance over the classes if there are any; of one seed, fewer are a part of more.

    They keep the order that they have in the data. Raises DataError when the classes, the
    examples of one, or the examples of data without classes do not suffice.
    """
    rows = _in_balance(dataset, labels, seed) if has_labels(dataset) else _at_random(len(dataset), labels, seed)
    return dataset.select(np.sort(rows))


def _at_random(rows: int, labels: int, seed: int) -> np.ndarray:
    if not 1 <= labels <= rows:
        raise DataError(
            f"labels={labels} cannot be drawn from {rows} training examples; expected 1 to {rows}, "
            "or all (labels=None)."
        )
    return np.random.default_rng(seed).permutation(rows)[:labels]


def _in_balance(dataset: datasets.Dataset, labels: int, seed: int) -> np.ndarray:
    names = dataset.features["label"].names
    if labels < len(names):
        raise DataError(f"labels={labels} is fewer than the {len(names)} classes; expected {len(names)} or more.")
    column = np.array(dataset["label"])
    fewest = np.bincount(column, minlength=len(names)).min()
    drawn = []
    for cls, name in enumerate(names):
        wanted = labels // len(names) + (cls < labels % len(names))
        rows = np.flatnonzero(column == cls)
        if len(rows) < wanted:
            raise DataError(
                f"The class {name!r} has {len(rows)} training examples; {wanted} are needed for "
                f"{labels} labels in balance. Ask for at most {fewest * len(names)}, or for all (labels=None)."
            )
        # Seeded by the class's position, so that one class's draw does not depend on another's size.
        drawn.append(np.random.default_rng([seed, cls]).permutation(rows)[:wanted])
    return np.concatenate(drawn)
