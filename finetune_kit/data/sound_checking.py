"""Sound checking: what a data set of sounds is like, and which of them are silent, clipped or there twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import datasets
import numpy as np

from .levels import levels
from .looks import class_counts
from .repeats import SHOWN, Pair, Place, repeated_sounds


@dataclass(frozen=True)
class SoundReport:
    """Counts and warning signs of a data set of sounds.

    rows and classes: by split; 0 too. seconds: of the shortest sound, the median one and the
    longest. rates, channels: how many sounds have so many samples a second, and so many channels.

    silent, clipped: sounds below -60 dB of full scale all along, and those of which a thousandth of
    the samples or more stand at full scale, as (split, row). duplicates: sounds of the same samples
    as another one, behind the first such, within and across splits, as (split, row, split, row).
    leaks: those whose two places are in different splits; contradictions: those with another
    label. Of each list 100 at most, and of all the count.
    """

    rows: dict[str, int]
    classes: dict[str, dict[str, int]]
    seconds: tuple[float, float, float]
    rates: dict[int, int]
    channels: dict[int, int]
    silent: list[Place]
    silent_count: int
    clipped: list[Place]
    clipped_count: int
    duplicates: list[Pair]
    duplicate_count: int
    leaks: list[Pair]
    leak_count: int
    contradictions: list[Pair]
    contradiction_count: int


def sound_report(splits: datasets.DatasetDict) -> SoundReport:
    """Decode every sound of what `sounded` made, and count."""
    heard = {name: levels(part) for name, part in splits.items()}
    found = repeated_sounds(splits, heard)
    lists: dict[str, list[Any]] = {
        mark: [(name, int(row)) for name, one in heard.items() for row in np.flatnonzero(getattr(one, mark))]
        for mark in ("silent", "clipped")
    }
    lists["duplicates"] = [one.pair for one in found]
    lists["leaks"] = [one.pair for one in found if one.leaks]
    lists["contradictions"] = [one.pair for one in found if one.contradicts]
    lengths = np.sort(np.concatenate([one.seconds for one in heard.values()]))
    rates, channels = (
        dict(sorted(Counter(np.concatenate([getattr(one, name) for one in heard.values()]).tolist()).items()))
        for name in ("rates", "channels")
    )
    return SoundReport(
        rows={name: len(part) for name, part in splits.items()},
        classes={name: class_counts(part) for name, part in splits.items()},
        seconds=(float(lengths[0]), float(lengths[len(lengths) // 2]), float(lengths[-1])),
        rates=rates,
        channels=channels,
        **{kind: some[:SHOWN] for kind, some in lists.items()},  # type: ignore[arg-type]
        **{f"{kind.removesuffix('s')}_count": len(some) for kind, some in lists.items()},  # type: ignore[arg-type]
    )
