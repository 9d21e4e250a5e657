"""Labelling: a text and a label column, checked row by row, become a Dataset of classes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

import datasets
import numpy as np
import pandas as pd

from ..errors import DataError
from .rows import Problems, as_splits, chosen, excerpt, faults, is_blank, text_problems, without_bad_rows

LONGEST_NAME = 200  # characters of a class: more is a text
CONTAINERS = (list, tuple, set, dict, bytes, np.ndarray)


def labelled(
    frames: dict[str, pd.DataFrame], text: str, label: str, drop_bad_rows: bool = False
) -> datasets.DatasetDict:
    """Check the columns and return splits with `text` (string) and `label` (ClassLabel).

    A label is a text or a number; the numbers 1 and 1.0 and the text '1' are one class. Rows
    with an empty text, a text of over 100,000 characters, no label or a list of them are an error
    that counts them, unless `drop_bad_rows`. Raises UnknownNameError for a missing column and
    DataError for labels with fractions, one class only or no rows.
    """
    parts = {}
    for split, part in chosen(frames, {"text": text, "label": label}).items():
        part["label"], problems = label_names(part["label"], label)
        parts[split] = without_bad_rows(part, text_problems(part["text"], "text") | problems, split, drop_bad_rows)
    classes = class_label((part["label"] for part in parts.values()), label)
    return as_splits(parts, datasets.Features({"text": datasets.Value("string"), "label": classes}))


def label_names(values: pd.Series, column: str) -> tuple[pd.Series, Problems]:
    """The classes of a column as strings, missing ones None, and which rows cannot be used.

    Raises DataError where the labels are numbers with fractions.
    """
    several = values.astype(object).map(lambda value: isinstance(value, CONTAINERS)).astype(bool)
    names = _label_names(values.mask(several), column)
    problems = faults(names, "label") | {
        "whose label is a list, a mapping or bytes": several,
        "with no label": names.isna() & ~several,
    }
    return names, problems


def _label_names(values: pd.Series, column: str) -> pd.Series:
    """Labels as strings; missing ones stay missing."""
    values = values.astype(object)
    fraction = next((value for value in values if _is_float(value) and value == value and not value.is_integer()), None)
    if fraction is not None:
        raise DataError(
            f"The label column {column!r} holds numbers with fractions, such as {fraction:g}; "
            "expected classes. Choose another column, or cut the numbers into classes first (pandas.cut)."
        )
    names = [None if pd.isna(value) else _name(value) for value in values]
    # As plain objects: pandas' own strings refuse half a character, which is counted as a bad row.
    shown = [None if name is None or is_blank(name) else name for name in names]
    return pd.Series(shown, index=values.index, dtype=object)


def _is_float(value: Any) -> bool:
    return isinstance(value, (float, np.floating))


def _name(value: Any) -> str:
    """A label's name. Whole numbers stored as floats lose their '.0'; an accent is written in one way."""
    return unicodedata.normalize("NFC", str(int(value) if _is_float(value) else value).strip())


def class_label(parts: Iterable[pd.Series], column: str, least: int = 2) -> datasets.ClassLabel:
    """The classes of the names in the columns of all splits, sorted; as numbers where all of them are numbers.

    Raises DataError for fewer than `least` classes, for names too long and for as many as an id has.
    """
    labels = pd.concat(parts)
    names = list(labels.unique())
    longest = max(names, key=len)
    if len(longest) > LONGEST_NAME:
        raise DataError(
            f"The label column {column!r} holds a label of {len(longest):,} characters, {excerpt(longest)}; "
            f"expected {LONGEST_NAME} at most. Is it the column of texts?"
        )
    if len(names) < least:
        raise DataError(f"The label column {column!r} holds one class only, {names[0]!r}; expected two or more.")
    if len(names) > max(20, len(labels) // 2):
        raise DataError(
            f"The label column {column!r} holds {len(names)} different values in {len(labels)} rows; "
            "expected classes that repeat. Is it an id or a text?"
        )
    # As numbers where all are numbers, so that '10' comes after '9'.
    numeric = all(re.fullmatch(r"-?\d+", name) for name in names)
    return datasets.ClassLabel(names=sorted(names, key=(lambda name: int(name)) if numeric else None))
