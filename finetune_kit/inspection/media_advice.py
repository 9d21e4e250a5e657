"""Advice on media: what in a task's pictures or sounds is worth a look before training, in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from ..data.repeats import Place, Repeat
from ..data.rows import listed
from .advice import UNEVEN


def empty(splits: Any) -> Iterator[str]:
    """Splits without anything."""
    for split, part in splits.items():
        if not len(part):
            yield f"The {split} split is empty."


def uneven(classes: dict[str, dict[str, int]], noun: str) -> Iterator[str]:
    """Classes that a split lacks, and those that are much rarer than others. noun: what is counted, of several."""
    for split, counts in classes.items():
        missing = [name for name, count in counts.items() if not count]
        if missing and any(counts.values()):
            yield f"The {split} split has no {noun} of {listed([repr(name) for name in missing])}."
    present = {name: count for name, count in classes.get("train", {}).items() if count}
    if present:
        most, least = max(present, key=present.__getitem__), min(present, key=present.__getitem__)
        if present[most] >= UNEVEN * present[least]:
            yield (
                f"The class {most!r} has {present[most]:,} {noun} to train on and {least!r} {present[least]:,}: "
                "a good score can come from the large ones alone, so look at each class."
            )


def leaks(repeats: Iterable[Repeat], noun: str, how: str = "") -> Iterator[str]:
    """What stands in two splits. noun: what it is, of several. how: how alike the two are."""
    found: dict[tuple[str, str], list[Place]] = defaultdict(list)
    for one in repeats:
        if one.leaks:
            found[one.first[0], one.again[0]].append(one.again)
    for (first, again), where in found.items():
        yield (
            f"{noun} of the {again} split that stand in the {first} split too{how}: "
            f"{places(where)}. Scores on them are too good."
        )


def places(found: list[Place]) -> str:
    """How many, and the first places."""
    return f"{len(found):,} ({listed([f'{split}[{row}]' for split, row in found])})"
