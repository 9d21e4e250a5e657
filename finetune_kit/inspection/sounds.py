"""Inspecting sounds: lengths, loudness, classes and repeats of a task's sounds, before any training."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import hearing, tasks
from ..data import sounds
from ..data.files import each_stored, stored
from ..data.levels import Levels, levels
from ..data.repeats import Place, Repeat, repeated_sounds
from ..data.splitting import has_sounds
from ..tasks import Task
from ..vectors import RATE
from .media import Key, MediaInspection
from .media_advice import empty, leaks, places, uneven

SMALL = 3600  # seconds of sound up to which everything is decoded unasked: that takes seconds


def inspect_sounds(
    task: str | Task = "audio-classification", model: str | None = None, **settings: Any
) -> SoundInspection:
    """Look at the sounds of a task before any training.

    task, model, settings: as in `fine_tune`; no model is loaded. Raises a FinetuneKitError for
    bad input, DataError for a task whose examples are no sounds.
    """
    config = tasks.configure(task, model, **settings)
    return SoundInspection(tasks.resolve(config) if isinstance(task, str) else task)


@dataclass(frozen=True, eq=False)
class SoundExample:
    """A sound and what is known of it. raw: its file. truth: its class. seconds: how long it is."""

    place: Place
    raw: bytes
    truth: str
    seconds: float

    @functools.cached_property
    def clip(self) -> np.ndarray:
        """It as models hear it: mono samples at 16 kHz, float32 (samples,) from -1 to 1."""
        return sounds.samples(self.raw, RATE)

    @functools.cached_property
    def log_mel(self) -> np.ndarray:
        """Its power over time and pitch in decibels, as `ftk.log_mel` gives it: (frames, bands) float32."""
        return hearing.log_mel(self.clip)


@dataclass(frozen=True, eq=False, repr=False)
class SoundInspection(MediaInspection):
    """What the sounds of a task are like. Only what is asked for is counted, and then once."""

    noun, page = "sounds", 8

    @staticmethod
    def _fits(part: Any) -> bool:
        return has_sounds(part)

    # --- numbers

    @functools.cached_property
    def seconds(self) -> dict[str, np.ndarray]:
        """How long each sound is by split, (n,) float64; nothing is decoded for it."""
        return {
            name: np.array([sounds.seconds(raw) for raw in each_stored(part, "audio")], float)
            for name, part in self.splits.items()
        }

    @functools.cached_property
    def levels(self) -> dict[str, Levels]:
        """Loudness, rate and faults of each sound by split; every one is decoded when first asked for."""
        return {name: levels(part) for name, part in self.splits.items()}

    @functools.cached_property
    def repeats(self) -> list[Repeat]:
        """The sounds that come again, sample by sample, the worst first; asks for the levels."""
        return repeated_sounds(self.splits, self.levels)

    @property
    def checked(self) -> bool:
        """Whether the levels are known, or take only seconds because there is little sound."""
        return "levels" in vars(self) or sum(float(found.sum()) for found in self.seconds.values()) <= SMALL

    @property
    def table(self) -> Any:
        """A row a split, as a pandas DataFrame: sounds, their lengths in seconds; where checked silent and clipped."""
        import pandas as pd

        rows = []
        for name, found in self.seconds.items():
            row: dict[str, Any] = {"split": name, "sounds": len(found), "minutes": found.sum() / 60}
            lengths = [found.min(), np.median(found), found.max()] if len(found) else [np.nan] * 3
            row |= dict(zip(("shortest", "median", "longest"), lengths, strict=True))
            if self.checked:
                faults = self.levels[name]
                row |= {"silent": int(faults.silent.sum()), "clipped": int(faults.clipped.sum())}
            rows.append(row)
        return pd.DataFrame(rows).round(2)

    # --- single sounds

    @property
    def keys(self) -> dict[str, Key]:
        """The orders beside 'as is' and 'repeats'."""
        return KEYS

    def examples(self, split: str = "train", rows: list[int] | None = None) -> list[SoundExample]:
        """Sounds with what is known of them. rows: from 0; the first 8 by default."""
        rows = self._rows(split, rows)
        labels, lengths = self.class_ids[split], self.seconds[split]
        return [
            SoundExample((split, row), raw, self.names[labels[row][0]], float(lengths[row]))
            for row, raw in zip(rows, stored(self.splits[split].select(rows), "audio"), strict=True)
        ]

    # --- in words

    @property
    def summary(self) -> str:
        """How many sounds and classes there are, how long and at which rates."""
        counts = ", ".join(f"{len(found):,} {name}" for name, found in self.seconds.items())
        every = np.concatenate(list(self.seconds.values()))
        low, high = (every.min(), every.max()) if len(every) else (0.0, 0.0)
        lengths = f"from {low:.2f} to {high:.2f} seconds" if high - low >= 0.01 else f"all of {low:.2f} seconds"
        minutes = f"{every.sum() / 60:,.1f} minutes in all"
        return f"{counts} sounds of {len(self.names)} classes, {lengths}, {minutes}{self._rates()}."

    def _rates(self) -> str:
        if not self.checked:
            return ""
        rates = np.unique(np.concatenate([found.rates for found in self.levels.values()]))
        said = ", ".join(f"{rate:,}" for rate in rates[:4]) + (" and others" if len(rates) > 4 else "")
        return f", at {said} samples a second"

    @property
    def warnings(self) -> list[str]:
        """What to look into before training, in words; what needs all sounds decoded only where it is `checked`."""
        rest = [*_faults(self), *_narrow(self), *_repeated(self)] if self.checked else [_unchecked(self)]
        return [*empty(self.splits), *uneven(self.classes, "sounds"), *_long(self), *rest]


# What the rows of a split are ordered by: (n,), the lowest first.
KEYS: dict[str, Key] = {
    "shortest": lambda heard, split: heard.seconds[split],
    "longest": lambda heard, split: -heard.seconds[split],
    "softest": lambda heard, split: heard.levels[split].loudness,
    "loudest": lambda heard, split: -heard.levels[split].loudness,
    "clipped": lambda heard, split: ~heard.levels[split].clipped,
}


def _long(heard: SoundInspection) -> Iterator[str]:
    most = getattr(heard.task, "seconds", None)
    every = np.concatenate(list(heard.seconds.values()))
    long = int((every > most).sum()) if most else 0
    if long:
        yield (
            f"{long:,} of {len(every):,} sounds are longer than the {most:g} seconds that the task reads at a time "
            f"(its settings `seconds` and `long` say what becomes of them). The order 'longest' shows them."
        )


def _faults(heard: SoundInspection) -> Iterator[str]:
    for name, what in (
        ("silent", "Sounds that are silent throughout, below -60 dB of full scale"),
        ("clipped", "Sounds that are clipped, a thousandth of the samples or more at full scale"),
    ):
        found = [(split, int(row)) for split, one in heard.levels.items() for row in np.flatnonzero(getattr(one, name))]
        if found:
            yield f"{what}: {places(found)}. The order '{'softest' if name == 'silent' else name}' shows them."


def _narrow(heard: SoundInspection) -> Iterator[str]:
    found = [(split, int(row)) for split, one in heard.levels.items() for row in np.flatnonzero(one.rates < RATE)]
    if found:
        yield (
            f"Sounds of fewer than {RATE:,} samples a second, which models read: {places(found)}. They are resampled, "
            "and hold no pitch above half of their own rate."
        )


def _repeated(heard: SoundInspection) -> Iterator[str]:
    yield from leaks(heard.repeats, "Sounds", ", sample by sample")
    for chosen, what in (
        ([one.again for one in heard.repeats if one.contradicts], "are another one but have another label"),
        ([one.again for one in heard.repeats if not one.leaks], "repeat one of their own split"),
    ):
        if chosen:
            yield f"Sounds that {what}, sample by sample: {places(chosen)}."


def _unchecked(heard: SoundInspection) -> str:
    hours = sum(float(found.sum()) for found in heard.seconds.values()) / 3600
    return (
        f"Silent, clipped and repeated sounds among {hours:,.0f} hours take long to find: the tab Repeats does it, "
        "or inspection.levels in code."
    )
