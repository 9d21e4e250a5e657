"""Augmentation of sounds: clips altered at random as training hears them; what is said in them stays known.

Park et al. 2019, "SpecAugment"; Ko et al. 2015, "Audio Augmentation for Speech Recognition".
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable

import numpy as np
import torch

from .errors import ConfigError, DataError, unknown_name
from .synthetic import speech

RATIOS = (5.0, 30.0)  # dB between which the signal-to-noise ratio is drawn
SHIFT = 0.1  # of a clip's length, to either side
GAIN = 10.0  # dB by which a clip gets louder or softer at most
PIECE = 0.2  # of a clip's length that a mask in time takes at most
BAND = 0.2  # of the mel scale that a mask in pitch takes at most

Way = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def shift(clip: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Earlier or later by up to a tenth of its length, with silence where it was."""
    by = round(rng.uniform(-SHIFT, SHIFT) * len(clip))
    moved = np.zeros_like(clip)
    if by >= 0:
        moved[by:] = clip[: len(clip) - by]
    else:
        moved[:by] = clip[-by:]
    return moved


def gain(clip: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Louder or softer by up to 10 dB, never beyond full scale."""
    return clip * 10 ** (rng.uniform(-GAIN, GAIN) / 20)  # what is beyond full scale is brought back after all ways


def time_mask(clip: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Silence over a piece of up to a fifth of its length (SpecAugment's time mask, on the samples)."""
    length = round(rng.uniform(0, PIECE) * len(clip))
    start = int(rng.integers(len(clip) - length + 1))
    masked = clip.copy()
    masked[start : start + length] = 0
    return masked


def band_mask(clip: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Without a band of up to a fifth of the mel scale (SpecAugment's frequency mask, on the spectrum)."""
    from transformers.audio_utils import hertz_to_mel, mel_to_hertz

    top = hertz_to_mel(speech.RATE / 2, "slaney")
    width = rng.uniform(0, BAND) * top
    low = rng.uniform(0, top - width)
    spectrum, pitches = np.fft.rfft(clip), np.fft.rfftfreq(len(clip), 1 / speech.RATE)
    spectrum[(pitches >= mel_to_hertz(low, "slaney")) & (pitches < mel_to_hertz(low + width, "slaney"))] = 0
    return np.fft.irfft(spectrum, len(clip))


# In the order in which they are carried out. speed, room and noise are those of pretraining.
WAYS: dict[str, Way] = {
    "speed": speech.change_speed, "room": speech.in_room, "shift": shift, "noise": speech.add_noise, "gain": gain,
    "time_mask": time_mask, "band_mask": band_mask,
}  # fmt: skip


class SoundAugmentation:
    """Some of WAYS one after the other, each drawn anew for each clip, seeded by torch's generator.

    ways: names of WAYS, in any order; none leaves clips as they are. ratios: the signal-to-noise
    ratios in dB between which `noise` draws; two of the same choose one. Raises UnknownNameError
    for another name and ConfigError for what is no list of names or no pair of ratios.
    """

    def __init__(self, ways: Iterable[str] = (), ratios: tuple[float, float] = RATIOS):
        if isinstance(ways, str) or not all(isinstance(way, str) for way in ways):
            raise ConfigError(f"augment={ways!r}: expected a list of {', '.join(WAYS)}, or an empty one.")
        for way in ways:
            if way not in WAYS:
                raise unknown_name("way of augmenting sounds", way, WAYS)
        self.ways = [way for way in WAYS if way in ways]
        self.ratios = _pair(ratios)

    def __call__(self, clip: np.ndarray) -> np.ndarray:
        """An altered clip, float32 (samples,) from -1 to 1; `speed` changes its length.

        clip: float32 (samples,) from -1 to 1 at 16 kHz. What gets louder than full scale is made
        softer as a whole. Raises DataError for a clip that is empty or no row of samples.
        """
        if clip.ndim != 1 or not len(clip):
            raise DataError(f"Found a clip of the shape {clip.shape}; expected (samples,), at least one.")
        if not self.ways:
            return clip
        rng = np.random.default_rng(int(torch.randint(2**31, ()).item()))  # the Trainer seeds torch for each batch
        for way in self.ways:
            alter = functools.partial(speech.add_noise, ratios=self.ratios) if way == "noise" else WAYS[way]
            clip = alter(clip, rng)
        return (clip / max(1.0, np.abs(clip).max())).astype(np.float32)


def _pair(ratios: tuple[float, float]) -> tuple[float, float]:
    found = [float(r) for r in ratios if isinstance(r, (int, float))] if isinstance(ratios, (tuple, list)) else []
    if len(found) != 2 or len(ratios) != 2 or not np.isfinite(found).all() or found[0] > found[1]:
        raise ConfigError(f"ratios={ratios!r}: expected two signal-to-noise ratios in dB, such as {RATIOS}.")
    return found[0], found[1]
