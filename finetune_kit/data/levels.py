"""Levels: each sound of a data set in a few numbers, which find the bad ones and the copies among them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import datasets
import numpy as np

from .files import each_stored
from .sounds import decoded, described

QUIETEST = 1e-5  # of full scale: -100 dB, which stands for silence


@dataclass(frozen=True, eq=False)
class Levels:
    """What n sounds are like, a row each.

    seconds, loudness: how long they are, and the root mean square in dB of full scale, -100 at
    least; (n,) float64. rates: samples a second, and channels: how many; (n,) int64. silent,
    clipped: as a `sounds.Sound` has them, (n,) bool. digests: the same for sounds of the same
    samples (to 16 bits) and rate, whatever the file; n bytes objects.
    """

    seconds: np.ndarray
    loudness: np.ndarray
    rates: np.ndarray
    channels: np.ndarray
    silent: np.ndarray
    clipped: np.ndarray
    digests: list[bytes]


def levels(part: datasets.Dataset) -> Levels:
    """Decode and measure the sounds of a split, one at a time."""
    rows = [_level(raw) for raw in each_stored(part, "audio")]
    found, loudness, digests = zip(*rows, strict=True) if rows else [()] * 3
    return Levels(
        seconds=np.array([one.seconds for one in found], float),
        loudness=np.array(loudness, float),
        rates=np.array([one.rate for one in found], np.int64),
        channels=np.array([one.channels for one in found], np.int64),
        silent=np.array([one.silent for one in found], bool),
        clipped=np.array([one.clipped for one in found], bool),
        digests=list(digests),
    )


def _level(raw: bytes) -> tuple[Any, ...]:
    samples, rate = decoded(raw)
    strength = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
    coarse = np.rint(samples * 32_768).astype("<i4")
    digest = hashlib.blake2b(repr((rate, coarse.shape)).encode() + coarse.tobytes(), digest_size=16).digest()
    # The file's bytes need not be kept for as long as those of all others are read.
    return described(b"", samples, rate), 20 * np.log10(max(strength, QUIETEST)), digest
