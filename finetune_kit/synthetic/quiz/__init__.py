"""Quiz questions, each with the kind of thing that answers it: a city, a sum of money, a reason.

The two levels of kinds follow Li and Roth 2002, "Learning Question Classifiers". No answer is true: the things are
drawn at random, for nobody could guess them from the question; the kind can be. quiz.txt holds the questions and
explains their form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ...config import require_number, require_seed
from ...errors import DataError
from ..facts.draw import Draw
from ..facts.grammar import Nodes, parse
from ..facts.lexicon import items, lists, read_lines, weighted
from ..facts.scribe import spell

SHEET = Path(__file__).parent / "quiz.txt"


@dataclass(frozen=True)
class Kind:
    """What answers a question: its name, things of this kind, and ways to ask for one."""

    name: str
    answers: tuple[str, ...]
    questions: tuple[str, ...]


@cache
def sheet() -> tuple[tuple[Kind, ...], dict[str, tuple[str, ...]]]:
    """All kinds, and the lists that their texts pick from. Raises DataError for a line of another form."""
    found: list[dict[str, str]] = []
    words = dict(lists())
    for key, value in read_lines(SHEET):
        if key.startswith("list "):
            words[key.removeprefix("list ")] = weighted(items(value))
        elif key == "kind":
            found.append({"name": value})
        elif key in ("answer", "ask") and found and key not in found[-1]:
            found[-1][key] = value
        else:
            raise DataError(f"{SHEET.name}: {key!r} is out of place; expected 'list NAME', 'kind', 'answer' or 'ask'.")
    kinds = tuple(Kind(one["name"], weighted(items(one["answer"])), tuple(items(one["ask"]))) for one in found)
    return kinds, words


@cache
def parsed(text: str) -> Nodes:
    """A text's nodes."""
    return parse(text)


def make(count: int, seed: int) -> Iterator[tuple[str, str]]:
    """`count` pairs of a question and its answer, the kind of thing before the thing: ("Who ...?", "person: ...").

    The same for the same seed on any platform. Raises ConfigError when `count` is below 1 or the seed cannot seed a
    generator.
    """
    require_number("count", count, int, 1, "a whole number, 1 or more")
    require_seed(seed)
    kinds, words = sheet()
    for number in range(count):
        draw = Draw(f"quiz {seed} {number}")
        kind = draw.of(kinds)
        question, answer = (spell(draw, words, parsed(draw.of(texts))) for texts in (kind.questions, kind.answers))
        yield _tidy(question), f"{kind.name}: {_tidy(answer)}"


def _tidy(text: str) -> str:
    """Without the spaces that an optional part leaves when it is not written."""
    return re.sub(r" (?=[?.])", "", " ".join(text.split()))
