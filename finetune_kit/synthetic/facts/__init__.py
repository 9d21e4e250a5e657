"""Questions on passages that are made of facts: invented people, places and things, told and asked in many ways.

A passage is drawn as a table of facts first (who built which bridge, when, for how much) and only then written, so
that the answer of each question is known, or that there is none. The sheets in `fields` hold the ways of telling and
asking, `words` the lists of words and names; sheets.py and grammar.py explain their notation.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count as numbers
from itertools import islice

from ...config import require_number, require_seed
from .asked import Asked
from .passages import passage
from .relations import Relation, relations

__all__ = ["Asked", "Relation", "make", "relations"]


def make(count: int, seed: int) -> Iterator[Asked]:
    """`count` questions, two to four on each passage, about a fifth of them without an answer.

    The same for the same seed on any platform, and a smaller count gives the first of a larger one. Raises ConfigError
    when `count` is below 1 or the seed cannot seed a generator.
    """
    require_number("count", count, int, 1, "a whole number, 1 or more")
    require_seed(seed)
    return islice((asked for number in numbers() for asked in passage(seed, number)), count)
