"""Distinct sentences of the grammar, drawn evenly over its patterns."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from random import Random

from ...errors import ConfigError
from . import patterns
from .grammar import PATTERNS, Choices, Sentence, enumerate_pattern, make

PATIENCE = 2000  # draws without a new sentence after which a pattern is enumerated
DISTINCT = 3_197_419  # the sum of `count()`, which takes minutes: count anew when lexicon or patterns change

__all__ = ["count", "draw", "patterns", "sentences"]


def count() -> dict[str, int]:
    """How many distinct English sentences each pattern makes, by making them all (minutes, 2 GB)."""
    seen: set[int] = set()
    made = {}
    for name in PATTERNS:
        before = len(seen)
        seen.update(hash(sentence.english) for sentence in enumerate_pattern(name))
        made[name] = len(seen) - before
    return made


class _Source:
    """The sentences of one pattern in random order: drawn while new ones come, then what enumeration still finds."""

    def __init__(self, name: str, seed: int):
        self.name = name
        self.random = Random(f"{seed} {name}")
        self.rest: list[Sentence] | None = None

    def next(self, seen: set[str]) -> Sentence | None:
        """A sentence whose English is not in `seen`, or None when there is none left."""
        if self.rest is None:
            for _ in range(PATIENCE):
                sentence = make(self.name, Choices(self.random))
                if sentence and sentence.english not in seen:
                    return sentence
            left = {s.english: s for s in enumerate_pattern(self.name) if s.english not in seen}
            self.rest = sorted(left.values(), key=lambda _: self.random.random())
        while self.rest:
            sentence = self.rest.pop()
            if sentence.english not in seen:
                return sentence
        return None


def draw(seed: int) -> Iterator[Sentence]:
    """All sentences of the grammar, each English one once, the patterns taking turns until they run dry."""
    sources = [_Source(name, seed) for name in PATTERNS]
    seen: set[str] = set()
    while sources:
        for source in list(sources):
            sentence = source.next(seen)
            if sentence is None:
                sources.remove(source)
            else:
                seen.add(sentence.english)
                yield sentence


def sentences(count: int, seed: int) -> list[tuple[str, str]]:
    """Pairs (English, French), no English sentence twice; the same for the same seed on any platform.

    The patterns take turns; the small ones are soon exhausted and the others go on. Raises ConfigError when `count`
    is below 1 or above what the grammar makes, which the message says.
    """
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= DISTINCT:
        raise ConfigError(
            f"count={count!r}: expected a whole number from 1 to {DISTINCT:,}, the distinct sentences that the grammar "
            "makes. Ask for fewer."
        )
    return [(sentence.english, sentence.french) for sentence in islice(draw(seed), count)]
