"""Answering: questions, contexts and answers, checked row by row, become a Dataset of spans as SQuAD has them."""

from __future__ import annotations

from numbers import Real
from typing import Any

import datasets
import numpy as np
import pandas as pd

from .rows import Problems, as_splits, chosen, is_empty, is_string, text_problems, without_bad_rows

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
LENGTHS = "with other numbers of answer texts than of starts"
EMPTY = "with an empty text in the list of answers, which has to be empty for an unanswerable question"
NOWHERE = "whose answer occurs nowhere in the context"
OUTSIDE = "with an answer_start outside of the context"
ELSEWHERE = "whose answer stands once in the context but not at its answer_start: the starts seem to be off"
NOT_THERE = "whose answer does not stand at its answer_start"


class _UnusableError(ValueError):
    """The answers of one row cannot be used; the message is one of the kinds above."""


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

    Rows with an empty question or context, or an answer that is not in the context where it
    should be, are an error that counts them, unless `drop_bad_rows`. Raises UnknownNameError for
    a missing column and DataError for no rows.
    """
    parts = {}
    for split, part in chosen(frames, {"context": context, "question": question, "answers": answers}).items():
        part["id"] = _ids(frames[split], split)
        spans, answer_problems = _checked(part["answers"], part["context"])
        problems = text_problems(part["question"], "question") | text_problems(part["context"], "context")
        part["answers"] = spans
        parts[split] = without_bad_rows(part, problems | answer_problems, split, drop_bad_rows)
    return as_splits(parts, FEATURES)


def _ids(frame: pd.DataFrame, split: str) -> list[str]:
    if list(frame.columns).count("id") == 1 and frame["id"].notna().all():
        own = [str(value) for value in frame["id"]]
        if len(set(own)) == len(own):
            return own
    return [f"{split}-{row}" for row in range(1, len(frame) + 1)]


def _checked(answers: pd.Series, contexts: pd.Series) -> tuple[list[dict[str, Any]], Problems]:
    """The answers in SQuAD's form, and which rows of them cannot be used."""
    # Without a context there is nothing to look an answer up in: such a row is bad already.
    usable = is_string(contexts) & ~is_empty(contexts)
    rows: list[dict[str, Any]] = []
    kinds: list[str] = []
    for value, context, look in zip(answers, contexts, usable, strict=True):
        try:
            texts, starts = _in_place(*_spans(value, context), context) if look else ([], [])
            kinds.append("")
        except _UnusableError as error:
            texts, starts = [], []
            kinds.append(str(error))
        rows.append({"text": texts, "answer_start": starts})
    column = pd.Series(kinds, index=answers.index, dtype=object)
    return rows, {kind: column == kind for kind in dict.fromkeys(filter(None, kinds))}


def _spans(value: Any, context: str) -> tuple[list[str], list[int]]:
    """The texts of one row's answers, and where in the context each starts."""
    if pd.api.types.is_scalar(value) and (pd.isna(value) or str(value).strip() == ""):
        return [], []
    if isinstance(value, str):
        start = context.find(value)
        if start < 0:
            raise _UnusableError(NOWHERE)
        return [value], [start]
    if _is_list(value) and all(isinstance(one, dict) for one in value):
        value = {key: [one.get(key) for one in value] for key in ("text", "answer_start")}
    if not (isinstance(value, dict) and _is_list(value.get("text")) and _is_list(value.get("answer_start"))):
        raise _UnusableError(NO_FORM)
    texts, starts = value["text"], value["answer_start"]
    if len(texts) != len(starts):
        raise _UnusableError(LENGTHS)
    if not all(isinstance(text, str) for text in texts) or not all(_is_whole(start) for start in starts):
        raise _UnusableError(NO_FORM)
    return list(texts), [int(start) for start in starts]


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple, np.ndarray))


def _is_whole(value: Any) -> bool:
    return isinstance(value, Real) and float(value).is_integer()


def _in_place(texts: list[str], starts: list[int], context: str) -> tuple[list[str], list[int]]:
    """The same texts and starts, each text standing at its start."""
    for text, start in zip(texts, starts, strict=True):
        if not text.strip():
            raise _UnusableError(EMPTY)
        if not 0 <= start < len(context):
            raise _UnusableError(OUTSIDE)
        if not context.startswith(text, start):
            raise _UnusableError(ELSEWHERE if context.count(text) == 1 else NOT_THERE)
    return texts, starts
