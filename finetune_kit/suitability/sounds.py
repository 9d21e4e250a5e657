"""Sounds: whether a task's were recorded as finely as a model hears, and are no longer than it reads."""

from __future__ import annotations

import datasets
import numpy as np

from ..data import sounds
from ..data.files import each_stored
from ..data.splitting import has_sounds
from ..diagnosis.examples import truncation
from ..diagnosis.facts import Facts, cut_sounds
from ..diagnosis.findings import Finding
from ..history import History
from ..tasks.sounds import extractor_of
from .pair import Pair

READ = 500  # sounds of a split whose lengths are read
HEARD = 60  # sounds of the training split that are decoded
BELOW = 60.0  # decibels under its strongest pitch: what is weaker does not count
# The highest pitch in a clip, at the median over `commands` (16 kHz): 8.0 kHz, and 4.5 kHz once it has gone through
# 8 kHz, as it is in 1,500 real digits recorded at 8 kHz.
NARROW = 0.75  # of the highest pitch that the model can hear
POINTS = 512  # samples of a window, of which the spectra are averaged (Welch 1967)


def findings(pair: Pair) -> list[Finding | None]:
    """What speaks against the model, of the band and the length of the sounds."""
    return [narrow(pair), long(pair)]


def narrow(pair: Pair) -> Finding | None:
    """Sounds without the upper part of the pitches that the model listens to."""
    train, rate = pair.task.splits["train"], int(extractor_of(pair.processor).sampling_rate)
    every = np.linspace(0, len(train) - 1, min(HEARD, len(train))).round().astype(int)
    read = [_read(train, row) for row in every.tolist()]
    tops = np.array([highest(sounds.resample(clip, own, rate), rate) for clip, own in read])
    top, fewest = float(np.median(tops)), np.array([own for _, own in read])
    if top >= NARROW * rate / 2:
        return None
    slower = int((fewest < rate).sum())
    stored = f"{slower} of {len(read)} files hold fewer samples a second than that" if slower else (
        f"the files hold {int(np.median(fewest)):,}, so that they were filtered, or converted from a lower rate"
    )  # fmt: skip
    return Finding(
        "narrow band",
        "low",
        "The sounds lack the upper part of what the model hears, as over a telephone: s and f sound alike.",
        f"Half of {len(read)} sounds have next to nothing above {top / 1000:.1f} kHz; the model reads {rate:,} samples "
        f"a second, which go up to {rate / 2000:g} kHz; {stored}.",
        "Sounds recorded at the model's own rate, where they can be had; else make sure that it learns from the band "
        "that it will listen to later, for where the two differ the most is lost.",
    )


def _read(train: datasets.Dataset, row: int) -> tuple[np.ndarray, int]:
    return sounds.read(next(each_stored(train.select([row]), "audio")))


def highest(clip: np.ndarray, rate: int) -> float:
    """The highest pitch in hertz at which a sound is not yet 60 dB below its strongest; 0 of silence.

    clip: mono, (samples,) float32 at `rate` samples a second.
    """
    from scipy.signal import welch

    hertz, power = welch(clip, rate, nperseg=min(POINTS, len(clip)))
    strongest = power.max(initial=0.0)
    return float(hertz[np.flatnonzero(power > strongest * 10 ** (-BELOW / 10))[-1]]) if strongest > 0 else 0.0


def long(pair: Pair) -> Finding | None:
    """Sounds of which a part is never heard."""
    cut = cut_sounds(pair.task, [part for part in pair.parts(READ) if has_sounds(part)])
    return truncation(Facts(pair.task, History(), dict(pair.task.splits), None, None, 0.0, 0.0, cut=cut))
