"""Sounds: whatever stands in a cell becomes mono samples at the rate that is wanted; what cannot is named."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import gcd
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import soundfile

from .files import EMPTY, BadFileError, content, located, stored
from .truncation import lacking

# What can be wrong with a sound beside what can be with any file, as messages say it of one.
UNREADABLE = "is not a sound file that soundfile reads, such as WAV, FLAC, Ogg and MP3"
DAMAGED = "is truncated or damaged"
NO_SAMPLES = "holds no samples"
NO_RATE = "has a sampling rate outside of 2,000 to 384,000 Hz"
CHANNELS = "has more than 8 channels, which are no longer those of one sound"
RATELESS = "0 Hz, or no channel"  # what is found where there is no rate at all
TOO_LONG = "is longer than 10 minutes; run.listen slides over long recordings, or cut it into clips"
NOT_FINITE = "holds samples that are no finite numbers"
TOO_LOUD = "holds samples far beyond the full scale of -1 to 1"
NO_FORM = "is neither bytes nor a path, nor (array, rate), an array of samples with its sampling rate"

RATES = 2_000, 384_000  # hertz: lower ones carry no speech, and no recorder has higher ones
MOST_CHANNELS = 8  # of 7.1 surround sound
LONGEST = 600  # seconds
LOUDEST = 10.0  # times full scale, which decoders of MP3 overshoot a little, and unscaled integers a thousandfold
SILENT = 1e-3  # of full scale, -60 dB: what stays below it all along is silence
FULL, CLIPPED = 0.999, 1e-3  # a sound is clipped where this share of its samples is at full scale


class BadSoundError(BadFileError):
    """A sound that cannot be used. fault: one of the kinds above, or of those in `files`."""

    noun, advice = "sound", "Save it anew as WAV or FLAC, or leave it out."


@dataclass(frozen=True)
class Sound:
    """A sound as data sets keep it.

    raw: its file, as it was given; of an array a WAV file. rate: samples a second. channels,
    seconds: how many. silent: whether it stays below -60 dB of full scale. clipped: whether a
    thousandth of its samples or more stand at full scale.
    """

    raw: bytes
    rate: int
    channels: int
    seconds: float
    silent: bool
    clipped: bool


def sound(cell: Any, folder: str = "", name: str = "") -> Sound:
    """What stands in a cell of a column of sounds, decoded in full to be checked.

    cell: bytes, a path, a dict with `bytes` or `path`, or an array with its sampling rate: (array,
    rate) or a dict with `array` and `sampling_rate`, float from -1 to 1 or integers of full scale,
    (samples,) or (samples, channels). folder: where relative paths start. name: what a message
    calls the sound. Of a file of over 10 minutes no more than its head is read. Raises BadSoundError, a DataError.
    """
    with _faults(name or _path(cell)):
        raw = _bytes(cell, folder)
        return described(raw, *decoded(raw))


def described(raw: bytes, samples: np.ndarray, rate: int) -> Sound:
    """The Sound of a file. samples, rate: what `decoded` makes of its bytes."""
    strengths = np.abs(samples)
    return Sound(
        raw=raw,
        rate=rate,
        channels=samples.shape[1],
        seconds=len(samples) / rate,
        silent=bool(strengths.max() < SILENT),
        clipped=bool((strengths >= FULL).mean() >= CLIPPED),
    )


def as_stored(cell: Any, name: str = "") -> bytes:
    """What stands in a cell, as `sound` takes it, in the bytes in which data sets keep it. Raises BadSoundError."""
    return sound(cell, name=name).raw


def samples(cell: Any, rate: int, name: str = "") -> np.ndarray:
    """What stands in a cell, as `sound` takes it, as mono samples at `rate` a second: float32 (samples,).

    Channels become their mean. Raises BadSoundError.
    """
    return resample(*read(cell, name), rate)


def read(cell: Any, name: str = "") -> tuple[np.ndarray, int]:
    """What stands in a cell, as `samples` gives it, at the sampling rate that it has; and that rate."""
    with _faults(name or _path(cell)):
        found, rate = decoded(_bytes(cell))
        return found.mean(axis=1), rate


def seconds(raw: bytes) -> float:
    """How long the sound in the bytes of a file is, from its head alone. Raises BadSoundError."""
    with _faults(""), _opened(io.BytesIO(raw)) as file:
        return float(file.frames / file.samplerate)


def resample(clip: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """The clip at `wanted` samples a second in place of `rate`, low-passed so that nothing folds back."""
    if rate == wanted:
        return clip
    from scipy.signal import resample_poly

    common = gcd(rate, wanted)
    resampled: np.ndarray = resample_poly(clip, wanted // common, rate // common)
    return resampled.astype(np.float32)


def stored_sounds(dataset: datasets.Dataset, column: str = "audio") -> list[bytes]:
    """The bytes of each sound in a column of the feature Audio, as they are stored: nothing is decoded."""
    return stored(dataset, column)


def _path(cell: Any) -> str:
    """The path in a cell, shortened, or ''."""
    found = cell.get("path") if isinstance(cell, dict) else cell
    return str(found)[:200] if isinstance(found, (str, Path)) else ""


@contextlib.contextmanager
def _faults(name: str) -> Iterator[None]:
    """Raise as a BadSoundError whatever soundfile raises."""
    try:
        yield
    except BadSoundError as error:
        raise BadSoundError(error.fault, error.found, name) from error
    except MemoryError:
        raise
    except Exception as error:  # readers of damaged files raise whatever they stumble over
        raise BadSoundError(DAMAGED, _reason(error), name) from error


def _reason(error: Exception) -> str:
    """What soundfile says, without the object that it read from."""
    return re.sub(r"^Error opening <.*?>: ", "", " ".join(str(error).split()))[:100].rstrip(".")


# --- from a cell to the bytes of a file


def _bytes(cell: Any, folder: str = "") -> bytes:
    array, rate = _array(cell)
    if array is not None:
        return _encoded(array, rate)
    found = located(cell, folder, BadSoundError, NO_FORM)
    if isinstance(found, Path):
        with found.open("rb") as file, _opened(file):  # or a film would be read whole before it is refused
            pass
    return content(found)


def _array(cell: Any) -> tuple[Any, Any]:
    """The array of samples and the sampling rate in a cell; None, None where it holds none."""
    if isinstance(cell, dict) and cell.get("array") is not None:
        return cell["array"], cell.get("sampling_rate")
    return cell if is_pair(cell) else (None, None)


def is_pair(cell: Any) -> bool:
    """Whether it is (array, rate): samples with their sampling rate."""
    return isinstance(cell, tuple) and len(cell) == 2 and np.ndim(cell[0]) > 0 and np.ndim(cell[1]) == 0


def _encoded(array: Any, rate: Any) -> bytes:
    """Samples as a WAV file: floats and wide integers as 32-bit floats, others as the integers that they are."""
    array = np.asarray(array)
    whole = isinstance(rate, (int, np.integer)) or (isinstance(rate, float) and rate.is_integer())
    if array.ndim not in (1, 2) or array.dtype.kind not in "fiu" or not whole:
        raise BadSoundError(NO_FORM, f"found an array, {array.dtype} {array.shape}, and the rate {rate!r}")
    require_readable(int(rate), array.shape[1] if array.ndim == 2 else 1, len(array))
    if array.dtype == np.uint8:
        array = (array.astype(np.int16) - 128) * 256
    kind = "PCM_16" if array.dtype == np.int16 else "PCM_32" if array.dtype == np.int32 else "FLOAT"
    if kind == "FLOAT" and array.dtype.kind != "f":
        raise BadSoundError(NO_FORM, f"found an array of {array.dtype}; expected float, uint8, int16 or int32")
    buffer = io.BytesIO()
    soundfile.write(buffer, array if kind != "FLOAT" else array.astype(np.float32), int(rate), kind, format="WAV")
    return buffer.getvalue()


# --- from the bytes of a file to samples


@contextlib.contextmanager
def _opened(file: Any) -> Iterator[soundfile.SoundFile]:
    """A sound file of which only the head is read yet."""
    if not file.read(1):
        raise BadSoundError(EMPTY)
    file.seek(0)
    try:
        opened = soundfile.SoundFile(file)
    except Exception as error:
        reason = _reason(error)
        fault = head_fault(reason)
        raise BadSoundError(fault, {NO_RATE: RATELESS, DAMAGED: reason}.get(fault, "")) from error
    with opened:
        require_readable(opened.samplerate, opened.channels, opened.frames)
        yield opened


def head_fault(reason: str) -> str:
    """The kind of fault that libsndfile's words mean when it cannot open a file."""
    if "SF_INFO struct incomplete" in reason:  # what it says of a rate of 0
        return NO_RATE
    return DAMAGED if any(word in reason.lower() for word in ("malformed", "unspecified", "unexpected")) else UNREADABLE


def require_readable(rate: int, channels: int, frames: int = 0) -> None:
    """Raise BadSoundError for a sound of which no more than its head need be known; without frames of any length."""
    if not RATES[0] <= rate <= RATES[1]:
        raise BadSoundError(NO_RATE, f"{rate:,} Hz")
    if channels > MOST_CHANNELS:
        raise BadSoundError(CHANNELS, f"{channels:,}")
    if frames > LONGEST * rate:
        raise BadSoundError(TOO_LONG, f"{frames / rate / 60:,.0f} minutes")


def decoded(raw: bytes) -> tuple[np.ndarray, int]:
    """All samples in the bytes of a file, float32 (samples, channels), and their rate. Raises BadSoundError."""
    with _opened(io.BytesIO(raw)) as file:
        rate, known = file.samplerate, file.frames
        # Bounded all the same, for the heads of some formats do not say how much follows.
        found = file.read(LONGEST * rate + 1, dtype="float32", always_2d=True)
        log = file.extra_info
    require_readable(rate, found.shape[1], len(found))
    broken = lacking(raw, log, len(found), known)
    if broken:
        raise BadSoundError(DAMAGED, broken)
    if not len(found):
        raise BadSoundError(NO_SAMPLES)
    if not np.isfinite(found).all():
        raise BadSoundError(NOT_FINITE, f"{(~np.isfinite(found)).sum():,} of {found.size:,}")
    if np.abs(found).max() > LOUDEST:
        raise BadSoundError(TOO_LOUD, f"up to {np.abs(found).max():,.0f}; divide 16-bit samples by 32,768")
    return found, rate
