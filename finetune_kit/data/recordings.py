"""Recordings: sounds of any length, of which never more than a block is in memory."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from math import gcd
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from .files import EMPTY, located
from .sounds import (
    DAMAGED,
    LOUDEST,
    NO_FORM,
    NO_RATE,
    NO_SAMPLES,
    NOT_FINITE,
    RATELESS,
    TOO_LOUD,
    BadSoundError,
    head_fault,
    require_readable,
    resample,
)
from .truncation import lacking

BLOCK = 10  # seconds that are read at a time
REACH = 10  # scipy's low-pass reaches so many samples of the lower rate to either side


class Recording:
    """A sound file, read block by block. rate: samples a second. channels, seconds: how many, as its head says.

    source: a path, or the bytes of a file. name: what messages call it, by default its path.
    Raises BadSoundError, a DataError, for what is no sound file.
    """

    def __init__(self, source: Any, name: str = ""):
        self.name = name or (str(source)[:200] if isinstance(source, (str, Path)) else "")
        try:
            self._source = located(source, "", BadSoundError, NO_FORM)
        except BadSoundError as error:
            raise BadSoundError(error.fault, error.found, self.name) from error
        with self._opened() as file:
            self.rate, self.channels, self.seconds = file.samplerate, file.channels, file.frames / file.samplerate

    def blocks(self, rate: int) -> Iterator[np.ndarray]:
        """The recording as mono samples at `rate` a second, float32 (samples,), about 10 seconds at a time.

        They are those of one `sounds.resample` of the whole. Raises BadSoundError where it comes to
        what cannot be used: samples that are no numbers, or the end of a file before its time.
        """
        return resampled(self._mono(), self.rate, rate)

    def piece(self, start: float, end: float, rate: int) -> np.ndarray:
        """What lies between two times in seconds, as mono samples at `rate` a second: float32 (samples,).

        Beyond the end there is nothing. Raises BadSoundError for what cannot be used.
        """
        first = max(0, round(start * self.rate))
        with self._opened() as file:
            file.seek(min(first, file.frames))
            found = file.read(max(0, round(end * self.rate) - first), dtype="float32", always_2d=True)
        if len(found):
            self._check(found, first)
        return resample(found.mean(axis=1), self.rate, rate)

    def _mono(self) -> Iterator[np.ndarray]:
        read = 0
        with self._opened() as file:
            while True:
                try:
                    block = file.read(BLOCK * self.rate, dtype="float32", always_2d=True)  # (samples, channels)
                except soundfile.LibsndfileError as error:
                    raise self._bad(DAMAGED, f"after {read / self.rate:,.1f} s of {self.seconds:,.1f} s") from error
                if not len(block):
                    break
                self._check(block, read)
                read += len(block)
                yield block.mean(axis=1)
            self._check_end(file, read)

    def _check(self, block: np.ndarray, read: int) -> None:
        """Raise BadSoundError for samples that cannot be used; `read` were before them."""
        where = f"after {read / self.rate:,.1f} s"
        if not np.isfinite(block).all():
            raise self._bad(NOT_FINITE, where)
        if np.abs(block).max() > LOUDEST:
            raise self._bad(TOO_LOUD, f"up to {np.abs(block).max():,.0f} {where}")

    def _check_end(self, file: soundfile.SoundFile, read: int) -> None:
        """Raise BadSoundError for a recording that ends before its time, which libsndfile often passes over."""
        if not read and not file.frames:
            raise self._bad(NO_SAMPLES)
        if lacking(b"", file.extra_info, read, file.frames):
            raise self._bad(DAMAGED, f"it breaks off after {read / self.rate:,.1f} s; all before was read")

    def _opened(self) -> soundfile.SoundFile:
        """The file, of which only the head is read yet."""
        source = self._source
        if not (len(source) if isinstance(source, bytes) else source.stat().st_size):
            raise self._bad(EMPTY)
        try:
            file = soundfile.SoundFile(io.BytesIO(source) if isinstance(source, bytes) else str(source))
        except (soundfile.LibsndfileError, OSError) as error:
            fault = head_fault(str(error))
            raise self._bad(fault, RATELESS if fault == NO_RATE else "") from error
        try:
            require_readable(file.samplerate, file.channels)
        except BadSoundError as error:
            file.close()
            raise self._bad(error.fault, error.found) from error
        return file

    def _bad(self, fault: str, found: str = "") -> BadSoundError:
        return BadSoundError(fault, found, self.name)


def resampled(blocks: Iterable[np.ndarray], rate: int, wanted: int) -> Iterator[np.ndarray]:
    """Blocks at `rate` samples a second as blocks at `wanted`: together what `sounds.resample` gives of the whole."""
    if rate == wanted:
        yield from blocks
        return
    up, down = wanted // gcd(rate, wanted), rate // gcd(rate, wanted)
    margin = down * (1 + REACH * max(up, down) // (up * down))  # samples to either side; a whole number comes of them
    held = np.zeros(margin, np.float32)  # the margin before what is to be resampled, and that
    for block in blocks:
        held = np.concatenate([held, block])
        ready = (len(held) - 2 * margin) // down * down
        if ready > 0:
            yield _middle(held[: ready + 2 * margin], rate, wanted, margin, ready)
            held = held[ready:]
    left = len(held) - margin
    if left:
        yield _middle(np.pad(held, (0, margin)), rate, wanted, margin, left)


def _middle(samples: np.ndarray, rate: int, wanted: int, margin: int, count: int) -> np.ndarray:
    """Of samples with a margin the `count` after it, resampled."""
    start = margin * wanted // rate
    return resample(samples, rate, wanted)[start : start + -(-count * wanted // rate)]
