"""Labelling: a text and a label column, checked row by row, become a Dataset of classes."""

from __future__ import annotations

import re

import datasets
import pandas as pd

from ..errors import DataError
from .rows import LONGEST_TEXT as LONGEST_TEXT  # for those who look for it here
from .rows import as_splits, chosen, text_problems, without_bad_rows


def labelled(
    frames: dict[str, pd.DataFrame], text: str, label: str, drop_bad_rows: bool = False
) -> datasets.DatasetDict:
    """Check the columns and return splits with `text` (string) and `label` (ClassLabel).

    Rows with an empty text, a text of over 100,000 characters or no label are an error that
    counts them, unless `drop_bad_rows`. Raises UnknownNameError for a missing column and
    DataError for labels with fractions, one class only or no rows.
    """
    parts = {}
    for split, part in chosen(frames, {"text": text, "label": label}).items():
        part["label"] = _label_names(part["label"], label)
        problems = text_problems(part["text"], "text") | {"with no label": part["label"].isna()}
        parts[split] = without_bad_rows(part, problems, split, drop_bad_rows)
    names = _classes(pd.concat(part["label"] for part in parts.values()), label)
    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=names)})
    return as_splits(parts, features)


def _label_names(values: pd.Series, column: str) -> pd.Series:
    """Labels as strings; missing ones stay missing. Whole numbers stored as floats lose their '.0'."""
    if pd.api.types.is_float_dtype(values):
        fractions = values.dropna() % 1 != 0
        if fractions.any():
            example = values.dropna()[fractions].iloc[0]
            raise DataError(
                f"The label column {column!r} holds numbers with fractions, such as {example:g}; "
                "expected classes. Choose another column, or cut the numbers into classes first (pandas.cut)."
            )
        values = values.astype("Int64")
    names = values.astype("string").str.strip()
    return names.mask(names == "")


def _classes(labels: pd.Series, column: str) -> list[str]:
    names = list(labels.unique())
    if len(names) == 1:
        raise DataError(f"The label column {column!r} holds one class only, {names[0]!r}; expected two or more.")
    if len(names) > max(20, len(labels) // 2):
        raise DataError(
            f"The label column {column!r} holds {len(names)} different values in {len(labels)} rows; "
            "expected classes that repeat. Is it an id or a text?"
        )
    # As numbers where all are numbers, so that '10' comes after '9'.
    numeric = all(re.fullmatch(r"-?\d+", name) for name in names)
    return sorted(names, key=(lambda name: int(name)) if numeric else None)
