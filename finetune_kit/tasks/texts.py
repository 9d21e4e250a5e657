"""Texts that the user hands over at prediction time, checked: one room for all text tasks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..data.labelling import LONGEST_TEXT
from ..errors import DataError


def checked_texts(examples: Any) -> list[str]:
    """One string or several as a list of strings. Raises DataError for anything else, or an empty or endless text."""
    texts = [examples] if isinstance(examples, str) else examples
    if isinstance(texts, (dict, bytes)) or not isinstance(texts, Iterable):
        raise DataError(f"Found {type(texts).__name__} in place of texts; expected a string or a list of strings.")
    texts = list(texts)
    if not texts:
        raise DataError("Found no text; expected a string or a list of strings.")
    for number, text in enumerate(texts, 1):
        check_text(text, f"Text {number} of {len(texts)}")
    return texts


def check_text(text: Any, where: str) -> None:
    """Raise DataError, which names `where` it stands, unless it is a string that is neither empty nor endless."""
    if not isinstance(text, str) or not text.strip():
        raise DataError(f"{where} is {text!r}; expected a string that is not empty.")
    if len(text) > LONGEST_TEXT:
        raise DataError(
            f"{where} has {len(text):,} characters; expected at most {LONGEST_TEXT:,}. Cut it into passages first."
        )
