"""Hearing: sound as an ear takes it in, its power over time and pitch, on scales that follow hearing."""

from __future__ import annotations

import functools
import warnings

import numpy as np

from .errors import DataError
from .vectors import RATE

WINDOW, HOP = 0.025, 0.010  # seconds
BANDS = 40
FLOOR = 1e-10  # of power: -100 dB, which also stands for silence


def log_mel(clip: np.ndarray, rate: int = RATE, bands: int = BANDS) -> np.ndarray:
    """The power of a sound in `bands` bands of pitch, in decibels: (frames, bands) float32, from -100 on.

    clip: mono, (samples,) float from -1 to 1 at `rate` samples a second, at least one sample. A
    frame is 25 ms under a periodic Hann window, one every 10 ms, and in the middle of the first
    is the first sample, with zeros beyond the ends: 1 + samples // (0.01 x rate) frames. Bands
    are triangles from 0 to rate / 2 on Slaney's mel scale (linear below 1 kHz, logarithmic above),
    each of area 1 (Davis and Mermelstein 1980; Slaney 1998). Raises DataError for another clip,
    and for samples that are no numbers.
    """
    from transformers import audio_utils

    clip = np.asarray(clip)
    if clip.ndim != 1 or not clip.size:
        raise DataError(f"Found an array of the shape {clip.shape}; expected one sound, (samples,), that is not empty.")
    if not np.isfinite(clip).all():
        raise DataError("The sound holds samples that are no finite numbers; expected floats from -1 to 1.")
    length, hop = round(WINDOW * rate), max(1, round(HOP * rate))
    frames = audio_utils.spectrogram(
        clip,
        audio_utils.window_function(length, "hann"),
        length,
        hop,
        _points(length),
        power=2.0,
        pad_mode="constant",
        mel_filters=_filters(rate, bands, _points(length)),
        mel_floor=FLOOR,
        log_mel="dB",
    )
    return np.ascontiguousarray(frames.T, np.float32)


def pitches(rate: int = RATE, bands: int = BANDS) -> np.ndarray:
    """The middle of each band of `log_mel` in hertz, from the lowest on: (bands,) float64."""
    from transformers import audio_utils

    mels = np.linspace(0.0, audio_utils.hertz_to_mel(rate / 2, "slaney"), bands + 2)[1:-1]
    hertz: np.ndarray = audio_utils.mel_to_hertz(mels, "slaney")
    return hertz


def _points(length: int) -> int:
    """The samples of the Fourier transform of a window: the next power of two, the rest zeros."""
    return int(1 << (length - 1).bit_length())


@functools.lru_cache(maxsize=8)
def _filters(rate: int, bands: int, points: int) -> np.ndarray:
    from transformers import audio_utils

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "At least one mel filter has all zero values")  # which is then the floor
        return audio_utils.mel_filter_bank(
            points // 2 + 1, bands, 0.0, rate / 2, rate, norm="slaney", mel_scale="slaney"
        )
