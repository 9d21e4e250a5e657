"""Labelling: a text and a label column, checked row by row, become a Dataset of classes."""

from __future__ import annotations

import re

import datasets
import pandas as pd

from ..errors import DataError, unknown_name

LONGEST_TEXT = 100_000  # characters: far beyond any model's window; more means a file read wrongly


def labelled(
    frames: dict[str, pd.DataFrame], text: str, label: str, drop_bad_rows: bool = False
) -> datasets.DatasetDict:
    """Check the columns and return splits with `text` (string) and `label` (ClassLabel).

    Rows with an empty text, a text of over 100,000 characters or no label are an error that
    counts them, unless `drop_bad_rows`. Raises UnknownNameError for a missing column and
    DataError for labels with fractions, one class only or no rows.
    """
    if not frames:
        raise DataError("The data has no splits.")
    parts = {}
    for split, frame in frames.items():
        for column in (text, label):
            if column not in frame.columns:
                raise unknown_name("column", column, map(str, frame.columns))
            if list(frame.columns).count(column) > 1:
                raise DataError(f"The data has several columns {column!r}; expected one.")
        part = pd.DataFrame({"text": frame[text].to_numpy(), "label": _label_names(frame[label])})
        parts[split] = _without_bad_rows(part, split, drop_bad_rows)
    names = _classes(pd.concat(part["label"] for part in parts.values()), label)
    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=names)})
    return datasets.DatasetDict(
        {
            split: datasets.Dataset.from_dict(
                {"text": part["text"].tolist(), "label": part["label"].tolist()}, features=features
            )
            for split, part in parts.items()
        }
    )


def _label_names(column: pd.Series) -> pd.Series:
    """Labels as strings; missing ones stay missing. Whole numbers stored as floats lose their '.0'."""
    values = column.reset_index(drop=True)
    if pd.api.types.is_float_dtype(values):
        fractions = values.dropna() % 1 != 0
        if fractions.any():
            example = values.dropna()[fractions].iloc[0]
            raise DataError(
                f"The label column {column.name!r} holds numbers with fractions, such as {example:g}; "
                "expected classes. Choose another column, or cut the numbers into classes first (pandas.cut)."
            )
        values = values.astype("Int64")
    names = values.astype("string").str.strip()
    return names.mask(names == "")


def _problems(part: pd.DataFrame) -> dict[str, pd.Series]:
    """Which rows cannot be used, by kind."""
    is_text = part["text"].map(lambda value: isinstance(value, str)).astype(bool)
    texts = part["text"].astype(object).where(is_text, "").astype(str)
    filled = is_text & (texts.str.strip() != "")
    long = is_text & (texts.str.len() > LONGEST_TEXT)
    missing = part["text"].isna() | (is_text & ~filled)
    return {
        "with an empty or missing text": missing,
        "whose text is not a string": ~is_text & ~missing,
        f"with a text of over {LONGEST_TEXT:,} characters": long,
        "with no label": part["label"].isna(),
    }


def _without_bad_rows(part: pd.DataFrame, split: str, drop: bool) -> pd.DataFrame:
    problems = {kind: rows for kind, rows in _problems(part).items() if rows.any()}
    bad = pd.concat(problems.values(), axis=1).any(axis=1) if problems else pd.Series(False, index=part.index)
    if problems and (not drop or bad.all()):
        found = "; ".join(f"{rows.sum()} {kind} ({_row_numbers(rows)})" for kind, rows in problems.items())
        where = "" if split == "all" else f" of the split {split!r}"
        advice = "Mend them, or pass drop_bad_rows=True (--drop-bad-rows) to leave them out."
        raise DataError(
            f"{bad.sum()} of {len(part)} rows{where} cannot be used: {found}. "
            + ("Is this the right column?" if bad.all() else advice)
        )
    return part[~bad]


def _row_numbers(rows: pd.Series) -> str:
    numbers = [str(i + 1) for i in rows.to_numpy().nonzero()[0]]
    return ("row " if len(numbers) == 1 else "rows ") + ", ".join(numbers[:5]) + (" ..." if len(numbers) > 5 else "")


def _classes(labels: pd.Series, column: str) -> list[str]:
    names = list(labels.unique())
    if not names:
        raise DataError("The data has no rows.")
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
