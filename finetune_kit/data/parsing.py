"""Parsing: the text of a file becomes a pandas frame."""

from __future__ import annotations

import io
import json
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import DataError


def parse_csv(text: str, path: Path) -> pd.DataFrame:
    """A table whose cells are parted by the commonest separator of its header."""
    text = text.lstrip("\r\n")
    if not text.strip():
        raise DataError(f"{path} holds white space only; expected a header and rows.")
    header = text.split("\n", 1)[0]
    separator = max(",;\t|", key=header.count)
    # Only an empty cell is a missing one: 'NA', 'None' and 'null' may be words that somebody wrote.
    options = {"sep": separator, "keep_default_na": False, "na_values": [""], "index_col": False}
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # pandas would cut the surplus fields off
        try:
            frame = pd.read_csv(io.StringIO(text), **options)
        except pd.errors.ParserWarning as warning:
            raise DataError(
                f"{path} has rows with more fields than the header's {header.count(separator) + 1}; "
                f"expected a text that holds {separator!r} to stand in double quotes."
            ) from warning
        except pd.errors.ParserError as error:
            opened = re.search(r"EOF inside string starting at row (\d+)", str(error))
            if not opened:
                raise
            raise DataError(
                f"{path}: a double quote that opens in row {opened[1]} is never closed; expected a text that holds "
                "double quotes to stand in double quotes itself, each inner one doubled."
            ) from error
    if frame.empty:
        raise DataError(f"{path} has a header and no rows.")
    names = pd.read_csv(io.StringIO(text), **options, header=None, nrows=1, dtype=str).iloc[0]
    if len(names) == frame.shape[1]:  # pandas numbers equal names, and keeps the spaces around them
        frame.columns = [given if own != own else own.strip() for own, given in zip(names, frame.columns, strict=True)]
    return frame


def parse_json_lines(text: str, path: Path) -> pd.DataFrame:
    """One object a line; blank lines between them are passed over."""
    rows = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise DataError(f"{path}, line {number} is not JSON ({error.msg}); expected one object a line.") from error
        if not isinstance(row, dict):
            raise DataError(f"{path}, line {number} holds a {type(row).__name__}; expected one object a line.")
        rows.append(row)
    return _frame(rows, path)


def parse_json(text: str, path: Path) -> pd.DataFrame:
    """Objects one a line, a list of them, the same under 'data', or what SQuAD is published in."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data" or not text.strip():  # several values: an object a line
            return parse_json_lines(text, path)
        raise DataError(
            f"{path}, line {error.lineno} is not JSON ({error.msg}); expected one object a line, or a list of them."
        ) from error
    inside = isinstance(value, dict) and isinstance(value.get("data"), list)
    rows = value["data"] if inside else [value] if isinstance(value, dict) else value
    if rows == [value] and value and all(isinstance(cells, (list, dict)) for cells in value.values()):
        raise DataError(
            f"{path} holds columns ({', '.join(map(repr, value))}); expected rows: one object a line, or a list of "
            "them, as pandas' to_json(orient='records') writes it."
        )
    if not isinstance(rows, list):
        raise DataError(f"{path} holds a {type(rows).__name__}; expected one object a line, or a list of them.")
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            raise DataError(f"{path}, item {number} of the list is of type {type(row).__name__}; expected an object.")
    articles = inside and any("paragraphs" in row for row in rows)
    return _frame(_squad_rows(rows, path) if articles else rows, path)


def _frame(rows: list[dict[str, Any]], path: Path) -> pd.DataFrame:
    if not rows:
        raise DataError(f"{path} holds no rows.")
    try:
        return pd.DataFrame(rows)
    except UnicodeEncodeError:  # pandas' own strings refuse half a character; as an object it can be counted
        return pd.DataFrame(rows, dtype=object)


def _squad_rows(articles: list[dict[str, Any]], path: Path) -> list[dict[str, Any]]:
    """A row a question. Where SQuAD 2.0 says `is_impossible`, there are no answers."""
    rows = []
    for i, article in enumerate(articles):
        for j, paragraph in enumerate(member(article, "paragraphs", list, f"{path}: data[{i}]")):
            place = f"{path}: data[{i}].paragraphs[{j}]"
            context = member(paragraph, "context", str, place)
            for k, qa in enumerate(member(paragraph, "qas", list, place)):
                rows.append(
                    {
                        "id": qa.get("id") if isinstance(qa, dict) else None,
                        "title": article.get("title"),
                        "context": context,
                        "question": member(qa, "question", str, f"{place}.qas[{k}]"),
                        "answers": _squad_answers(qa, f"{place}.qas[{k}]"),
                    }
                )
    return rows


def _squad_answers(qa: dict[str, Any], place: str) -> dict[str, list[Any]]:
    answers = [] if qa.get("is_impossible") else member(qa, "answers", list, place)
    places = [f"{place}.answers[{n}]" for n in range(len(answers))]
    return {
        "text": [member(answer, "text", str, at) for answer, at in zip(answers, places, strict=True)],
        "answer_start": [member(answer, "answer_start", int, at) for answer, at in zip(answers, places, strict=True)],
    }


def member(value: Any, key: str, kind: Any, place: str, form: str = "SQuAD") -> Any:
    """The member `key` of a JSON object at `place`, which has to be of this kind.

    form: whose files look like that. Raises DataError where there is none of this kind.
    """
    if isinstance(value, dict) and isinstance(value.get(key), kind):
        return value[key]
    if not isinstance(value, dict):
        found = f"is of type {type(value).__name__}"
    else:
        found = f"has {key!r} of type {type(value[key]).__name__}" if key in value else f"has no {key!r}"
    expected = f"an object with {key!r} of type {getattr(kind, '__name__', kind)}"
    raise DataError(f"{place} {found}; expected {expected}, as in {form}'s files.")


def lines(text: str) -> list[str]:
    """The lines of a text, without their ends. Only a newline, with or without carriage return, ends one."""
    return text.replace("\r\n", "\n").removesuffix("\n").split("\n")


def parse_text(text: str, path: Path) -> pd.DataFrame:
    """A paragraph a row where blank lines part them (its own line breaks stay), else a line a row: column text."""
    body = "\n".join(lines(text)).strip()
    if not body:
        raise DataError(f"{path} holds white space only; expected text.")
    paragraphs = re.split(r"\n\s*\n", body)
    return pd.DataFrame({"text": paragraphs if len(paragraphs) > 1 else body.split("\n")})


PARSERS: dict[str, Callable[[str, Path], pd.DataFrame]] = {
    ".csv": parse_csv,
    ".tsv": parse_csv,
    ".jsonl": parse_json_lines,
    ".json": parse_json,
    ".txt": parse_text,
}
