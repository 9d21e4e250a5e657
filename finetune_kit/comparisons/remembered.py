"""Remembered: what the models of each method still know of the task that their checkpoint was pretrained for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .. import forgetting
from .results import Result


def headline(results: Sequence[Result]) -> str | None:
    """The old score that is shown, such as `old_perplexity`; None where no run looked back."""
    return forgetting.headline({name for r in results for name in r.old_after})


def mean_and_spread(results: Sequence[Result], name: str) -> tuple[float, float]:
    """An old score over the seeds of a method; nan of one that has none, and the spread of a single seed too."""
    found = np.array([r.old_after[name] for r in results if name in r.old_after], float)
    mean = float(found.mean()) if len(found) else float("nan")
    return mean, float(found.std(ddof=1)) if len(found) > 1 else float("nan")


def in_words(results: Sequence[Result]) -> list[str]:
    """The old score before and after, by method and number of labels, in a sentence; none where no run looked back."""
    name = headline(results)
    if name is None:
        return []
    looked = [r for r in results if name in r.old_after]
    starts = {forgetting.shown(name, r.old_before[name]) for r in looked}
    alike = len(starts) == 1  # those of two models are not
    begun = f"{min(starts)} before fine-tuning" if alike else "before fine-tuning → after"
    cells: dict[int, dict[str, list[Result]]] = {}
    for result in sorted(looked, key=lambda r: r.labels):
        cells.setdefault(result.labels, {}).setdefault(result.method, []).append(result)
    said = {n: ", ".join(_cell(same, name, alike) for same in row.values()) for n, row in cells.items()}
    each = [f"with {n:,} labels {words}" for n, words in said.items()]
    return [f"The old task's {forgetting.in_words(name)}, {begun}: {'; '.join(each)}."]


def _cell(results: list[Result], name: str, alike: bool) -> str:
    """One method's old score at one number of labels. alike: the score before is said for all."""
    mean, spread = mean_and_spread(results, name)
    before = "" if alike else f"{forgetting.shown(name, results[0].old_before[name])} → "
    after = "" if np.isnan(spread) else f" ± {forgetting.shown(name, spread)}"
    return f"{results[0].method} {before}{forgetting.shown(name, mean)}{after}"
