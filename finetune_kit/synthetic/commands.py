"""Spoken commands to a home, in many voices, rooms and noises; other words, and no words at all.

python -m finetune_kit.synthetic.commands OUT    (needs espeak-ng; writes train, validation and test.parquet)
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import soundfile
from scipy import fft

from . import speech
from .speech import RATE

COMMANDS = (
    "lights on", "lights off", "brighter", "dimmer", "volume up", "volume down", "mute", "next song", "set timer",
    "stop timer", "blinds up", "blinds down", "heating on", "heating off",
)  # fmt: skip
UNKNOWN, SILENCE = "unknown", "silence"
NAMES = (*COMMANDS, UNKNOWN, SILENCE)

# What is said around the house and is no command; some of it sounds like one. Validation and test have their own too.
SAID = {
    "train": (
        "likes on", "night off", "simmer", "writer", "volume three", "column up", "newt", "next son", "sat near",
        "shop timer", "blind up", "minds down", "eating on", "meeting off", "lights", "timer", "heating",
        "good morning", "thank you", "dinner is ready", "shopping list", "apple juice", "where is it",
        "open the fridge", "clean the table", "wash your hands", "come over here", "not now", "turn around",
        "who is there", "see you later", "a cup of tea", "hello", "wonderful", "kitchen", "umbrella", "yesterday",
        "seven", "maybe", "sandwich",
    ),
    "validation": (
        "bright idea", "blinds", "tights off", "suit", "set dinner", "heat it up", "call her back", "garden gate",
        "biscuit", "monday",
    ),
    "test": (
        "light song", "summer", "volume", "moved", "next door", "lines down", "beating on", "my brother",
        "half past nine", "potato",
    ),
}  # fmt: skip
COUNTS = {"train": (80, 160, 120), "validation": (20, 40, 30), "test": (20, 40, 30)}  # a command, unknown, silence
SEEDS = {"train": 1, "validation": 2, "test": 3}
RATIOS = 3.0, 30.0  # dB of speech over what is heard beside it
LOUDNESS = -24.0, -1.0  # dB of full scale, of a clip's peak
MARGIN = 0.05, 0.25  # seconds before the words, and after them
PAUSE = 0.6, 1.5  # seconds of silence in a clip
QUALITY = 0.95  # soundfile's compression level for Opus: about 25 kilobits a second


@dataclass(frozen=True)
class Clips:
    """Clips, float32 (samples,) from -1 to 1 at 16 kHz; the class of each, what is said and by which voice, or ''."""

    clips: list[np.ndarray]
    labels: list[str]
    said: list[str]
    voices: list[str]


def voices(split: str) -> tuple[str, ...]:
    """The voices of a split, of which no variant is in another one.

    Validation and test take turns at the variants that `speech.split_voices` holds out, which
    pretraining on synthesised speech has not heard.
    """
    known, held_out = speech.split_voices()
    if split == "train":
        return known
    variants = sorted({voice.partition("+")[2] for voice in held_out})
    own = variants[(split == "test") :: 2]
    return tuple(voice for voice in held_out if voice.partition("+")[2] in own)


def say(split: str, counts: tuple[int, int, int] | None = None, seed: int | None = None) -> Clips:
    """The clips of a split, in an order drawn at random.

    counts: of each command, of other words and of silence, by default those of the data set. The
    same arguments give the same clips. Raises SpeechError without eSpeak NG.
    """
    each, unknown, silence = counts or COUNTS[split]
    seed = SEEDS[split] if seed is None else seed
    spoken = speech.speak(COMMANDS, each * len(COMMANDS), seed, voices=voices(split))
    own = unknowns(split, unknown, seed)
    other = speech.speak(own, unknown, seed + 100, voices=voices(split))
    words = [*(COMMANDS[i] for i in spoken.labels), *(own[i] for i in other.labels)]
    labels = [*words[: len(spoken.clips)], *[UNKNOWN] * unknown, *[SILENCE] * silence]
    said, speakers = [*words, *[""] * silence], [*spoken.voices, *other.voices, *[""] * silence]
    rngs = [np.random.default_rng([seed, number]) for number in range(len(labels))]
    heard: Sequence[np.ndarray | None] = [*spoken.clips, *other.clips, *[None] * silence]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        clips = list(pool.map(at_home, heard, rngs))
    order = np.random.default_rng(seed).permutation(len(labels))
    return Clips(*([some[i] for i in order] for some in (clips, labels, said, speakers)))


def unknowns(split: str, count: int, seed: int) -> list[str]:
    """What is said in `count` clips of the class unknown; in validation and test half of it is new."""
    known, new = SAID["train"], SAID[split]
    half = 0 if split == "train" else count // 2
    again = np.random.default_rng(seed).permutation(np.arange(count - half) % len(known))
    return [*(new[i % len(new)] for i in range(half)), *(known[i] for i in again)]


def at_home(clip: np.ndarray | None, rng: np.random.Generator) -> np.ndarray:
    """A clip as a microphone at home hears it, float32 (samples,) at 16 kHz; without one, what it hears then."""
    if clip is None:
        sound = background(round(rng.uniform(*PAUSE) * RATE), rng)
    else:
        before, after = (round(rng.uniform(*MARGIN) * RATE) for _ in range(2))
        sound = np.pad(speech.change_speed(clip, rng) if rng.random() < 0.5 else clip, (before, after))
        if rng.random() < 0.6:
            sound = speech.in_room(sound, rng)
        power, noise = np.mean(np.square(sound)), background(len(sound), rng)
        sound = sound + noise * np.sqrt(power / np.mean(np.square(noise)) / 10 ** (rng.uniform(*RATIOS) / 10))
    sound = speech.colour(sound, rng, most=6.0)
    return (sound / np.abs(sound).max() * 10 ** (rng.uniform(*LOUDNESS) / 20)).astype(np.float32)


# --- what is heard beside the words ------------------------------------------------------------------------


def background(size: int, rng: np.random.Generator) -> np.ndarray:
    """`size` samples of one to three of the noises below, each at a strength of its own."""
    chosen = rng.choice(len(NOISES), size=int(rng.integers(1, 4)), replace=False)
    sound = np.zeros(size)
    for number in chosen:
        noise = NOISES[number](size, rng)
        sound = sound + noise / max(float(np.sqrt(np.mean(np.square(noise)))), 1e-9) * 10 ** rng.uniform(-1.0, 0.0)
    return sound


def hiss(size: int, rng: np.random.Generator) -> np.ndarray:
    """Steady noise between white and brown, as of a microphone, rain or an extractor."""
    spectrum = fft.rfft(rng.standard_normal(size))
    spectrum[1:] *= np.arange(1, len(spectrum)) ** -rng.uniform(0.0, 1.0)
    return np.asarray(fft.irfft(spectrum, size))


def hum(size: int, rng: np.random.Generator) -> np.ndarray:
    """The hum of a refrigerator or a transformer: the mains' frequency and its multiples."""
    mains, times = rng.choice([50.0, 60.0]), np.arange(size) / RATE
    tones = [np.sin(2 * np.pi * (k * mains * times + rng.random())) * rng.random() / k for k in range(1, 9)]
    return np.asarray(np.sum(tones, axis=0))


def fan(size: int, rng: np.random.Generator) -> np.ndarray:
    """Noise that swells and falls a few times a second, as of a fan or a washing machine."""
    beat = 1 + 0.8 * np.sin(2 * np.pi * (rng.uniform(2.0, 12.0) * np.arange(size) / RATE + rng.random()))
    return hiss(size, rng) * beat


def clatter(size: int, rng: np.random.Generator) -> np.ndarray:
    """Plates, cutlery and keys: a few short rings of some high tones, over a trace of hiss."""
    sound, times = hiss(size, rng) * 0.02, np.arange(size) / RATE
    for _ in range(int(rng.integers(1, 5))):
        start = int(rng.integers(size))
        ring = sum(np.sin(2 * np.pi * rng.uniform(600, 6_000) * times) * rng.random() for _ in range(4))
        sound[start:] += (ring * np.exp(-times / rng.uniform(0.01, 0.08)))[: size - start] * rng.uniform(0.2, 1.0)
    return sound


NOISES = (hiss, hum, fan, clatter)


# --- the files ---------------------------------------------------------------------------------------------


def encoded(clip: np.ndarray) -> bytes:
    """A clip as an Ogg file of Opus; its bytes differ each time by the serial number that Ogg asks for."""
    buffer = io.BytesIO()
    soundfile.write(buffer, clip, RATE, "OPUS", format="OGG", compression_level=QUALITY)
    return buffer.getvalue()


def frame(made: Clips) -> Any:
    """Clips as a pandas DataFrame: audio ({bytes, path}), label, said, voice."""
    audio = [{"bytes": encoded(clip), "path": None} for clip in made.clips]
    return pd.DataFrame({"audio": audio, "label": made.labels, "said": made.said, "voice": made.voices})


def write(out: Path) -> None:
    """Write train, validation and test.parquet into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    for split in COUNTS:
        frame(say(split)).to_parquet(out / f"{split}.parquet", index=False)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    write(Path(sys.argv[1]))
