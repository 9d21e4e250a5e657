"""Texts that the user hands over at prediction time, checked: one room for all text tasks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from ..data.rows import FAULTS, LONGEST_TEXT, excerpt, is_blank, tell
from ..errors import DataError


def checked_texts(examples: Any) -> list[str]:
    """One string or several as a list of strings. Raises DataError for anything else, or an empty or endless text."""
    texts = [examples] if isinstance(examples, str) else examples
    if isinstance(texts, (dict, bytes, pd.DataFrame)) or not isinstance(texts, Iterable):
        raise DataError(f"Found {type(texts).__name__} in place of texts; expected a string or a list of strings.")
    texts = list(texts)
    if not texts:
        raise DataError("Found no text; expected a string or a list of strings.")
    for number, text in enumerate(texts, 1):
        check_text(text, f"Text {number} of {len(texts)}")
    return texts


def check_text(text: Any, where: str) -> None:
    """Raise DataError, which names `where` it stands, unless it is a string that can be read and is not endless."""
    if not isinstance(text, str) or is_blank(text):
        raise DataError(f"{where} is {excerpt(text)}; expected a string that is not empty.")
    if len(text) > LONGEST_TEXT:
        raise DataError(
            f"{where} has {len(text):,} characters; expected at most {LONGEST_TEXT:,}. Cut it into passages first."
        )
    for fault, found in FAULTS.items():
        if found(text):
            raise DataError(f"{where} holds {fault}: {excerpt(text)}. Expected a string without.")


def tell_cut(count: int, texts: int, what: str, fate: str, remedy: str = "A larger max_length takes more.") -> None:
    """Say, if there are any, how many of some texts are too long, what becomes of these, and what helps."""
    if count:
        tell(f"{count:,} of {texts:,} {what}: {fate}. {remedy}".rstrip())


def beyond(texts: list[str], processor: Any, ids: list[list[int]], length: int, **settings: Any) -> int:
    """How many texts have more than `length` tokens. ids: those that are left of each when it is cut to the length."""
    full = [text for text, kept in zip(texts, ids, strict=True) if len(kept) >= length]
    whole = processor(full, verbose=False, **settings)["input_ids"] if full else []
    return sum(len(tokens) > length for tokens in whole)
