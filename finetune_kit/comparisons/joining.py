"""Joining: two comparisons as one, where they are of the same data."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..errors import ConfigError, DataError
from ..tasks import Task
from .results import BASELINE, Result

if TYPE_CHECKING:
    from .comparison import Comparison


def joined(first: Comparison, other: Comparison) -> Comparison:
    """See `Comparison.joined`."""
    differing = _differing(first, other)
    if differing:
        raise DataError(
            f"These comparisons cannot be set side by side: {'; '.join(differing)}. Run both on the same data."
        )
    named = first.model != other.model
    both = [*_named(first, named), *_named(other, named)]
    keys = [(r.method, r.labels, r.seed) for r in both]
    twice = next((r for r, key in zip(both, keys, strict=True) if r.kind != BASELINE and keys.count(key) > 1), None)
    if twice:
        raise ConfigError(f"Both hold {twice.method}, {twice.labels} labels, seed {twice.seed}; expected each once.")
    once = list(dict(zip(keys, both, strict=True)).values())
    models = f"{first.model}, {other.model}" if named else first.model
    return dataclasses.replace(first, model=models, results=once, stopped=first.stopped or other.stopped)


def _differing(first: Comparison, other: Comparison) -> list[str]:
    """What keeps two comparisons apart, in words."""
    pairs = (
        ("metric", first.task.metric.name, other.task.metric.name),
        ("measured split", first.split, other.split),
    )
    found = [f"the {what}: {mine!r} here, {theirs!r} there" for what, mine, theirs in pairs if mine != theirs]
    if not (first.data and other.data):
        return [*found, "one was made by hand and knows nothing of its data"]
    return [*found, *differing_splits(first.task, other.task, first.data, other.data)]


def differing_splits(mine: Task, theirs: Task, here: dict[str, str], there: dict[str, str]) -> list[str]:
    """Which splits of two tasks differ, in words; here, there: their fingerprints by split."""
    words = []
    for name in dict.fromkeys([*here, *there]):
        if here.get(name) != there.get(name):
            sizes = [f"{len(t.splits[name]):,} rows" if name in t.splits else "none" for t in (mine, theirs)]
            shown = f"{sizes[0]} here, {sizes[1]} there" if sizes[0] != sizes[1] else f"{sizes[0]} each, not the same"
            words.append(f"the split {name!r}: {shown}")
    return words


def _named(comparison: Comparison, named: bool) -> Iterable[Result]:
    """The results; `named`: with the model's short name behind each trained method."""
    short = comparison.model.replace("\\", "/").rstrip("/").rpartition("/")[2]
    for result in comparison.results:
        rename = named and result.kind != BASELINE
        yield dataclasses.replace(result, method=f"{result.method} ({short})") if rename else result
