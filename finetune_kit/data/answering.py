"""Answering: questions, contexts and answers, checked row by row, become a Dataset of spans as SQuAD has them."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import datasets
import numpy as np
import pandas as pd

from .rows import as_splits, chosen, excerpt, is_blank, of_split, tell, text_problems, without_bad_rows

FEATURES = datasets.Features(
    {
        "id": datasets.Value("string"),
        "context": datasets.Value("string"),
        "question": datasets.Value("string"),
        "answers": {
            "text": datasets.List(datasets.Value("string")),
            "answer_start": datasets.List(datasets.Value("int32")),
        },
    }
)
# What can be wrong with the answers of a row; one row is counted under the first of these that fits.
NO_FORM = "whose answers are not a string, a list of {'text', 'answer_start'} or a dict of such lists"
IN_WRITING = "whose answers are a list or dict written as a string, as CSV has them; expected JSON lines or parquet"
LENGTHS = "with other numbers of answer texts than of starts"
EMPTY = "with an empty text in the list of answers, which has to be empty for an unanswerable question"
NOWHERE = "whose answer occurs nowhere in the context"
NEARLY = "whose answer occurs in the context in another case, with other spaces or accents in another Unicode form only"
OUTSIDE = "with an answer_start outside of the context"
ELSEWHERE = "whose answer stands once in the context but not at its answer_start: the starts seem to be off"
NOT_THERE = "whose answer does not stand at its answer_start"
MISPLACED = (OUTSIDE, ELSEWHERE, NOT_THERE)
# In what starts are counted by mistake: its encoding, and the bytes of one.
UNITS = {"bytes of UTF-8": ("utf-8", 1), "units of UTF-16": ("utf-16-le", 2)}


class _UnusableError(ValueError):
    """The answers of one row cannot be used: one of the kinds above, and what stands there."""


@dataclass(frozen=True)
class _Row:
    """The checked answers of one row, in SQuAD's form; else the kind of what is wrong with them, and what it is."""

    texts: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    kind: str = ""
    found: str = ""


def answered(
    frames: dict[str, pd.DataFrame],
    question: str = "question",
    context: str = "context",
    answers: str = "answers",
    drop_bad_rows: bool = False,
) -> datasets.DatasetDict:
    """Check the columns and return splits with `id`, `context`, `question` (strings) and `answers`.

    `answers` is a struct of the lists `text` (strings) and `answer_start` (int32), both empty for
    an unanswerable question. The column may hold such dicts, lists of {'text', 'answer_start'} or
    plain strings: these start where they first occur, and an empty or missing one stands for no
    answer. `id` is the data's own where it has a column of that name with distinct values, and
    else the split and the number of the row, counted from 1.

    Starts are counted in characters. Those of a split that fit the answers better as bytes of
    UTF-8, or as units of UTF-16 (in which JavaScript counts), are converted, which is told. Rows
    with an empty question or context, or an answer that is not in the context where it should
    be, are an error that counts and shows them, unless `drop_bad_rows`. Raises UnknownNameError
    for a missing column and DataError for no rows.
    """
    parts = {}
    for split, part in chosen(frames, {"context": context, "question": question, "answers": answers}).items():
        part["id"] = _ids(frames[split], split)
        unread = text_problems(part["context"], "context")
        problems = text_problems(part["question"], "question") | unread
        # Without a context there is nothing to look an answer up in: such a row is bad already.
        rows = _checked(part["answers"], part["context"].where(~pd.concat(unread.values(), axis=1).any(axis=1)), split)
        kinds, shown = pd.Series([row.kind for row in rows], dtype=object), {row.kind: row.found for row in rows[::-1]}
        problems |= {kind: kinds == kind for kind in dict.fromkeys(row.kind for row in rows if row.kind)}
        part["answers"] = [{"text": row.texts, "answer_start": row.starts} for row in rows]
        parts[split] = without_bad_rows(part, problems, split, drop_bad_rows, shown)
    return as_splits(parts, FEATURES)


def _ids(frame: pd.DataFrame, split: str) -> list[str]:
    if list(frame.columns).count("id") == 1 and frame["id"].notna().all():
        own = [str(value) for value in frame["id"]]
        repeated = len(own) - len(set(own))
        if not repeated:
            return own
        tell(f"{repeated} of {len(own)} rows have an id that an earlier row has too; all are numbered anew.")
    return [f"{split}-{row}" for row in range(1, len(frame) + 1)]


def _checked(answers: pd.Series, contexts: pd.Series, split: str) -> list[_Row]:
    """The answers of each row that has a context, the starts read in the unit in which most of them fit."""
    plain = best = _rows(answers, contexts)
    unit = ""
    for other in UNITS:
        if not _misplaced(best):
            break
        rows = _rows(answers, contexts, other)
        if _misplaced(rows) < _misplaced(best):
            best, unit = rows, other
    if unit:
        converted = sum(row.starts != before.starts for row, before in zip(best, plain, strict=True))
        tell(
            f"In {converted} of {len(best)} rows{of_split(split)} answer_start counts {unit} in place of characters; "
            "it is converted."
        )
    return best


def _misplaced(rows: list[_Row]) -> int:
    return sum(row.kind in MISPLACED for row in rows)


def _rows(answers: pd.Series, contexts: pd.Series, unit: str = "") -> list[_Row]:
    return [_row(value, context, unit) for value, context in zip(answers, contexts, strict=True)]


def _row(value: Any, context: Any, unit: str) -> _Row:
    if not isinstance(context, str):
        return _Row()
    try:
        texts, starts = _spans(value, context)
        if unit and not isinstance(value, str):
            starts = [_in_characters(start, context, unit) for start in starts]
        _require_in_place(texts, starts, context)
        return _Row(texts, starts)
    except _UnusableError as error:
        return _Row([], [], *error.args)


def _spans(value: Any, context: str) -> tuple[list[str], list[int]]:
    """The texts of one row's answers, and where in the context each is said to start."""
    if pd.api.types.is_scalar(value) and (pd.isna(value) or is_blank(str(value))):
        return [], []
    if isinstance(value, str):
        if value not in context:
            in_writing = value.lstrip()[:1] in ("{", "[") and "answer_start" in value
            kind = IN_WRITING if in_writing else NEARLY if _loosely(value) in _loosely(context) else NOWHERE
            raise _UnusableError(kind, excerpt(value))
        return [value], [context.find(value)]
    if _is_list(value) and all(isinstance(one, dict) for one in value):
        value = {key: [one.get(key) for one in value] for key in ("text", "answer_start")}
    if not (isinstance(value, dict) and _is_list(value.get("text")) and _is_list(value.get("answer_start"))):
        raise _UnusableError(NO_FORM, excerpt(value))
    texts, starts = value["text"], value["answer_start"]
    if len(texts) != len(starts):
        raise _UnusableError(LENGTHS, f"{len(texts)} and {len(starts)}")
    if not all(isinstance(text, str) for text in texts) or not all(_is_whole(start) for start in starts):
        raise _UnusableError(NO_FORM, excerpt(value))
    return list(texts), [int(start) for start in starts]


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple, np.ndarray))


def _is_whole(value: Any) -> bool:
    return isinstance(value, Real) and float(value).is_integer()


def _loosely(text: str) -> str:
    """A text without what people overlook: case, the kind of white space, how an accent is written."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _in_characters(start: int, context: str, unit: str) -> int:
    """A start in this unit as one in characters; -1 where it lies within a character or outside of the context."""
    coding, size = UNITS[unit]
    raw = context.encode(coding)
    if not 0 <= start * size < len(raw):
        return -1
    try:
        return len(raw[: start * size].decode(coding))
    except UnicodeDecodeError:
        return -1


def _require_in_place(texts: list[str], starts: list[int], context: str) -> None:
    """Raise _UnusableError unless each text stands at its start."""
    for text, start in zip(texts, starts, strict=True):
        if is_blank(text):
            raise _UnusableError(EMPTY, excerpt(texts))
        if not 0 <= start < len(context):
            raise _UnusableError(OUTSIDE, f"{start}, where the context has {len(context)} characters")
        if not context.startswith(text, start):
            instead = f"{excerpt(text)} at {start}, where {excerpt(context[start : start + len(text)])} stands"
            raise _UnusableError(ELSEWHERE if context.count(text) == 1 else NOT_THERE, instead)
