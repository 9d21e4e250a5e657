"""Rows: the columns that data must have, and the rows of them that cannot be used."""

from __future__ import annotations

import contextlib
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

import datasets
import pandas as pd

from ..errors import DataError, unknown_name

WHOLE = "all"  # the split of data that has none of its own
# A column of what a reader of files found wrong with a row: None, or a kind as in Problems and what stands there.
PROBLEM = "(problem)"
LONGEST_TEXT = 100_000  # characters: far beyond any model's window; more means a file read wrongly
SHOWN = 60  # characters of a bad cell that a message shows
HALF = re.compile("[\ud800-\udfff]")  # of a character that UTF-16 writes in two: no text holds it alone
# What no text holds, and no tokenizer reads.
FAULTS: dict[str, Callable[[str], bool]] = {
    "a null character": lambda text: "\0" in text,
    "half a character (a lone surrogate)": lambda text: not text.isascii() and HALF.search(text) is not None,
}

# What has been said. Python's own registry forgets whenever someone changes the filters, as transformers often does.
_TOLD: set[str] = set()
_LISTENERS: list[list[str]] = []

Problems = dict[str, pd.Series]  # by kind, such as 'with no label': which rows have it, as booleans


def tell(message: str) -> None:
    """Say, as a warning, what becomes of the user's data; the same words once."""
    for heard in _LISTENERS:
        heard.append(message)
    if message not in _TOLD:
        _TOLD.add(message)
        warnings.warn_explicit(message, UserWarning, "finetune_kit", 0)


@contextlib.contextmanager
def told() -> Iterator[list[str]]:
    """What is said of the data from here on, also what was said before: for a panel, where no warning is seen."""
    heard: list[str] = []
    _LISTENERS.append(heard)
    try:
        yield heard
    finally:
        _LISTENERS[:] = [other for other in _LISTENERS if other is not heard]


def chosen(frames: dict[str, pd.DataFrame], columns: dict[str, str]) -> dict[str, pd.DataFrame]:
    """Frames with the columns that are the values of `columns`, renamed to its keys and numbered from 0.

    Raises UnknownNameError for a column that is missing, DataError for one that is there twice
    and for data without splits or rows.
    """
    if not frames:
        raise DataError("The data has no splits.")
    for frame in frames.values():
        for role, column in columns.items():
            if column not in frame.columns:
                hint = f"If the {role} column has another name, pass {role}='...'."
                raise unknown_name("column", column, map(str, frame.columns), hint)
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
        f"with a {noun} of over {LONGEST_TEXT:,} characters": _strings(column).map(len) > LONGEST_TEXT,
        **faults(column, noun),
    }


def faults(column: pd.Series, noun: str) -> Problems:
    """Which rows hold a string with characters that no text has."""
    texts = _strings(column).where(~is_empty(column), "")
    return {f"with {fault} in the {noun}": texts.map(found).astype(bool) for fault, found in FAULTS.items()}


def is_string(column: pd.Series) -> pd.Series:
    """Which cells hold a string."""
    return column.astype(object).map(lambda value: isinstance(value, str)).astype(bool)


def is_empty(column: pd.Series) -> pd.Series:
    """Which cells hold nothing, or a string that shows nothing."""
    return column.isna() | (is_string(column) & _strings(column).map(is_blank).astype(bool))


def is_blank(text: str) -> bool:
    """Whether a text shows nothing: white space, control and zero-width characters alone."""
    return all(letter.isspace() or unicodedata.category(letter) in ("Cc", "Cf") for letter in text)


def _strings(column: pd.Series) -> pd.Series:
    """The column with '' in place of what is no string, as plain objects: pandas' own strings refuse a surrogate."""
    return column.astype(object).where(is_string(column), "")


def without_bad_rows(
    part: pd.DataFrame,
    problems: Problems,
    split: str,
    drop: bool,
    shown: Mapping[str, str] = MappingProxyType({}),
    files: Sequence[str | None] = (),
) -> pd.DataFrame:
    """The part without the rows that have a problem, where `drop` says so; how many these are is told.

    shown: by kind, what stands in the first of its rows. files: what each row is read from, to
    name it by. Raises DataError, with the count and the first rows of each kind, where `drop`
    does not say so, and where no row would be left.
    """
    problems = {kind: rows for kind, rows in problems.items() if rows.any()}
    if not problems:
        return part
    bad = pd.concat(problems.values(), axis=1).any(axis=1)
    kinds = (f"{rows.sum()} {kind} ({places(rows, files, shown.get(kind))})" for kind, rows in problems.items())
    noun = "files" if any(files) else "rows"
    count, found = f"{bad.sum()} of {len(part)} {noun}{of_split(split)}", "; ".join(kinds)
    if bad.all():
        raise DataError(f"{count} cannot be used: {found}. Is this the right column{' or folder' * any(files)}?")
    if not drop:
        advice = "Mend them, or pass drop_bad_rows=True (--drop-bad-rows) to leave them out."
        raise DataError(f"{count} cannot be used: {found}. {advice}")
    tell(f"{count} are left out: {found}.")
    return part[~bad]


def places(rows: pd.Series, files: Sequence[str | None] = (), shown: str | None = None) -> str:
    """The first of the rows for which `rows` is true, by their files or else numbers; what is `shown` in the first."""
    numbers, noun = [int(i) for i in rows.to_numpy().nonzero()[0]], "" if any(files) else "row "
    names = [(files[i] or f"row {i + 1}") if any(files) else str(i + 1) for i in numbers]
    where = f"; in {noun}{names[0]}" if len(names) > 1 else ""
    plural = "rows " if noun and len(names) > 1 else noun
    return f"{plural}{listed(names)}" + (f"{where}: {shown}" if shown else "")


def listed(names: Sequence[str], most: int = 5) -> str:
    """The first of some names, as a message shows them."""
    return ", ".join(names[:most]) + (" ..." if len(names) > most else "")


def of_split(split: str) -> str:
    """Which split's, in a message; of data without splits nothing."""
    return "" if split == WHOLE else f" of the split {split!r}"


def excerpt(value: object) -> str:
    """A cell as a message shows it."""
    words = repr(value)
    return words if len(words) <= SHOWN else words[:SHOWN] + " ..."


def as_splits(parts: dict[str, pd.DataFrame], features: datasets.Features) -> datasets.DatasetDict:
    """The frames' columns that `features` names, as Datasets."""
    return datasets.DatasetDict(
        {
            split: datasets.Dataset.from_dict({name: part[name].tolist() for name in features}, features=features)
            for split, part in parts.items()
        }
    )
