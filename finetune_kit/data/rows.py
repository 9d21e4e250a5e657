"""Rows: the columns that data must have, and the rows of them that cannot be used."""

from __future__ import annotations

import datasets
import pandas as pd

from ..errors import DataError, unknown_name

LONGEST_TEXT = 100_000  # characters: far beyond any model's window; more means a file read wrongly

Problems = dict[str, pd.Series]  # by kind, such as 'with no label': which rows have it, as booleans


def chosen(frames: dict[str, pd.DataFrame], columns: dict[str, str]) -> dict[str, pd.DataFrame]:
    """Frames with the columns that are the values of `columns`, renamed to its keys and numbered from 0.

    Raises UnknownNameError for a column that is missing, DataError for one that is there twice
    and for data without splits or rows.
    """
    if not frames:
        raise DataError("The data has no splits.")
    for frame in frames.values():
        for column in columns.values():
            if column not in frame.columns:
                raise unknown_name("column", column, map(str, frame.columns))
            if list(frame.columns).count(column) > 1:
                raise DataError(f"The data has several columns {column!r}; expected one.")
    if not any(map(len, frames.values())):
        raise DataError("The data has no rows.")
    return {
        split: pd.DataFrame({name: frame[column].reset_index(drop=True) for name, column in columns.items()})
        for split, frame in frames.items()
    }


def text_problems(column: pd.Series, noun: str) -> Problems:
    """Which rows of a column of texts cannot be used; `noun` is what the messages call such a text."""
    empty = is_empty(column)
    return {
        f"with an empty or missing {noun}": empty,
        f"whose {noun} is not a string": ~is_string(column) & ~empty,
        f"with a {noun} of over {LONGEST_TEXT:,} characters": _strings(column).str.len() > LONGEST_TEXT,
    }


def is_string(column: pd.Series) -> pd.Series:
    """Which cells hold a string."""
    return column.astype(object).map(lambda value: isinstance(value, str)).astype(bool)


def is_empty(column: pd.Series) -> pd.Series:
    """Which cells hold nothing, or a string of white space alone."""
    return column.isna() | (is_string(column) & (_strings(column).str.strip() == ""))


def _strings(column: pd.Series) -> pd.Series:
    """The column with '' in place of what is no string."""
    return column.astype(object).where(is_string(column), "").astype(str)


def without_bad_rows(part: pd.DataFrame, problems: Problems, split: str, drop: bool) -> pd.DataFrame:
    """The part without the rows that have a problem, where `drop` says so.

    Raises DataError, with the count and the first rows of each kind, where it does not, and
    where no row would be left.
    """
    problems = {kind: rows for kind, rows in problems.items() if rows.any()}
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


def as_splits(parts: dict[str, pd.DataFrame], features: datasets.Features) -> datasets.DatasetDict:
    """The frames' columns that `features` names, as Datasets."""
    return datasets.DatasetDict(
        {
            split: datasets.Dataset.from_dict({name: part[name].tolist() for name in features}, features=features)
            for split, part in parts.items()
        }
    )
