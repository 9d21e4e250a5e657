"""A question on a passage."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Asked:
    """A question, its passage, and the characters (start, end) of the answer in it; None for no answer."""

    question: str
    context: str
    span: tuple[int, int] | None
