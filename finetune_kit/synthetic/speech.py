"""Spoken words: eSpeak NG's voices, and what rooms, lines and microphones do to them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy import fft
from scipy.signal import resample_poly

from ..data.sounds import read, resample
from ..errors import ConfigError, DataError, FinetuneKitError

RATE = 16_000  # samples a second
PROGRAM = "espeak-ng"

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_WORDS = """
yes no stop go up down left right open close start finish again help wait come give take look listen play pause louder
quiet faster slower begin cancel repeat answer question forward backward follow enter bed bird cat dog cow horse sheep
mouse lion tiger fish rabbit chicken elephant monkey spider house home door window garden kitchen table chair floor
wall roof mirror bathroom stairs bread butter cheese milk water coffee apple orange banana lemon sugar salt pepper
potato tomato egg soup rice tree flower grass leaf river mountain ocean island forest desert valley beach stone sand
rain snow wind storm cloud thunder summer winter spring autumn morning evening night monday tuesday wednesday thursday
friday saturday sunday january february march april june july august september october november december red green
yellow purple brown black white silver golden happy angry sad tired hungry thirsty afraid proud gentle careful strong
heavy easy difficult cheap big small tall short wide narrow deep shallow round empty full clean dirty hot cold warm
dry mother father sister brother daughter uncle cousin baby child woman teacher doctor nurse farmer driver soldier
king queen head hand foot finger shoulder elbow stomach mouth tooth tongue ear neck back shirt trousers jacket button
pocket shoe glove scarf umbrella car train bicycle ship airplane station bridge street corner village city country
book paper pencil letter picture music guitar piano drum song story newspaper television telephone computer camera
school church hospital market office factory museum library theatre walk run jump swim fly climb drive push pull carry
throw catch break build cut cook eat drink sleep dream laugh cry smile sing dance talk shout whisper think learn teach
remember forget understand believe always never often sometimes maybe today tomorrow yesterday before after above
below between behind under money hundred thousand million dozen half quarter first second last next fire light shadow
smoke iron glass wood cotton leather plastic diamond game ball prize winner team gift party holiday birthday wedding
visual zebra vision judge thing that this then they with where what which who boy toy noise point voice join about now
how town hello goodbye please thanks sorry welcome friend neighbour stranger people cup plate fork knife spoon bottle
kettle basket box key lamp clock candle blanket pillow towel soap brush nothing something everything everybody another
enough together
"""
WORDS = tuple(_WORDS.split())
"""Commands and everyday words, no two of which sound alike; the digits are not among them."""

ACCENTS = (
    "en-029",
    "en-gb",
    "en-gb-scotland",
    "en-gb-x-gbclan",
    "en-gb-x-gbcwmd",
    "en-gb-x-rp",
    "en-us",
    "en-us-nyc",
)
# Those of eSpeak NG 1.51's variants that sound like people.
_VARIANTS = """
m1 m2 m3 m4 m5 m6 m7 m8 f1 f2 f3 f4 f5 Alex Alicia Andrea Andy Annie Denis Diogo Gene Gene2 Henrique Hugo Jacky Lee
Marco Mario Michael Mike Nguyen RicishayMax RicishayMax2 RicishayMax3 Storm Tweaky adam anika antonio aunty belinda
benjamin boris caleb david ed edward edward2 grandma grandpa gustave iven iven2 iven3 iven4 john kaukovalta klatt
klatt2 klatt3 klatt4 linda marcelo max michel miguel norbert pablo paul pedro quincy rob robert sandro shelby steph
steph2 steph3 travis victor zac whisper whisperf croak
"""
VARIANTS = tuple(_VARIANTS.split())
VOICES = tuple(f"{accent}+{variant}" for accent in ACCENTS for variant in VARIANTS)
"""Every accent in every variant, as eSpeak NG's -v takes them."""

SPEEDS = 110, 230  # words a minute
PITCHES = 15, 85  # of eSpeak NG's scale from 0 to 99


class SpeechError(FinetuneKitError, OSError):
    """eSpeak NG is missing, or did not speak."""


@dataclass(frozen=True)
class Speech:
    """Spoken words: `clips`, float32 (samples,) in [-1, 1]; `labels`, int64 (n,) into the words; `voices` of VOICES."""

    clips: list[np.ndarray]
    labels: np.ndarray
    voices: list[str]


@dataclass(frozen=True)
class Utterance:
    """One word as it is to be said: speed in words a minute, pitch on eSpeak NG's scale from 0 to 99."""

    word: str
    voice: str
    speed: int
    pitch: int


def split_voices(every: int = 8) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """VOICES for training and for validation: each `every`-th variant is held out in all its accents."""
    held_out = set(VARIANTS[every - 1 :: every])
    told_apart: tuple[list[str], list[str]] = ([], [])
    for voice in VOICES:
        told_apart[voice.partition("+")[2] in held_out].append(voice)
    return tuple(told_apart[0]), tuple(told_apart[1])


def speak(
    words: Sequence[str] = WORDS,
    count: int = 1_000,
    seed: int = 0,
    rate: int = RATE,
    workers: int | None = None,
    voices: Sequence[str] = VOICES,
) -> Speech:
    """`count` clips at `rate` samples a second, the words evenly often, each in a random voice, speed and pitch.

    The same arguments give the same clips. workers: how many are spoken at a time, by default one a
    core. Raises SpeechError when eSpeak NG is not installed, ConfigError for arguments out of range.
    """
    if not words or not voices or count < 1 or rate < 1:
        raise ConfigError(
            f"{len(words)} words, {len(voices)} voices, count={count!r}, rate={rate!r}: expected at least one of each."
        )
    program = find_program()
    plan, labels = _plan(words, count, seed, voices)
    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:  # threads, since the work is done by other processes
        clips = list(pool.map(lambda utterance: say(utterance, rate, program), plan))
    return Speech(clips, labels, [utterance.voice for utterance in plan])


def say(utterance: Utterance, rate: int = RATE, program: str = PROGRAM) -> np.ndarray:
    """One utterance, float32 (samples,), without the silence around it. Raises SpeechError when eSpeak NG fails."""
    settings = ["-v", utterance.voice, "-s", str(utterance.speed), "-p", str(utterance.pitch)]
    done = subprocess.run([program, *settings, "--stdout", "--", utterance.word], capture_output=True, check=False)
    if done.returncode or not done.stdout:
        raise SpeechError(
            f"eSpeak NG did not say {utterance.word!r} in the voice {utterance.voice!r}: "
            f"{done.stderr.decode(errors='replace').strip() or 'no sound came'}. `espeak-ng --voices` lists its voices."
        )
    clip, spoken = read(done.stdout)
    return np.clip(resample(trim(clip), spoken, rate), -1.0, 1.0)  # the low-pass may overshoot a little


def find_program() -> str:
    """The path of eSpeak NG. Raises SpeechError, saying where to get it, when it is not installed."""
    found = shutil.which(PROGRAM)
    if found is None:
        raise SpeechError(
            f"{PROGRAM} was not found; expected eSpeak NG, the free speech synthesiser, on the PATH. Install it: "
            "`apt-get install espeak-ng` (Debian, Ubuntu, Colab), `brew install espeak-ng` (macOS), or the installer "
            "(.msi) of its releases on GitHub (Windows)."
        )
    return found


def _plan(words: Sequence[str], count: int, seed: int, voices: Sequence[str]) -> tuple[list[Utterance], np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count, dtype=np.int64) % len(words))
    chosen = rng.integers(len(voices), size=count)
    speeds = rng.integers(SPEEDS[0], SPEEDS[1] + 1, size=count)
    pitches = rng.integers(PITCHES[0], PITCHES[1] + 1, size=count)
    drawn = zip(labels, chosen, speeds, pitches, strict=True)
    return [Utterance(words[w], voices[v], int(s), int(p)) for w, v, s, p in drawn], labels


# --- sound -----------------------------------------------------------------------------------------------


def trim(clip: np.ndarray, floor: float = 0.002) -> np.ndarray:
    """The clip from its first to its last sample above `floor` of its peak. Silence stays as it is."""
    heard = np.flatnonzero(np.abs(clip) > floor * np.abs(clip).max(initial=0.0))
    return clip[heard[0] : heard[-1] + 1] if len(heard) else clip


def degrade(clip: np.ndarray, rng: np.random.Generator, rate: int = RATE) -> np.ndarray:
    """The clip as if from another throat, room, line and microphone, drawn afresh from `rng`.

    In this order, each by chance: speed, a margin before and after, room, tone, telephone band,
    noise, gain. clip: float32 (samples,) in [-1, 1] at `rate` samples a second. Gives the like,
    of another length. (Ko et al. 2015 and 2017 measured what speed and rooms are worth.)
    """
    if not len(clip):
        raise DataError("An empty clip cannot be degraded; expected at least one sample.")
    sound = change_speed(clip, rng)
    sound = np.pad(sound, tuple(rng.integers(0, int(0.1 * rate) + 1, size=2)))
    if rng.random() < 0.5:
        sound = in_room(sound, rng, rate)
    sound = colour(sound, rng)
    if rng.random() < 0.5:
        sound = telephone(sound, rate)
    if rng.random() < 0.8:
        sound = add_noise(sound, rng)
    peak = np.abs(sound).max()
    loudness = 10 ** rng.uniform(-1.3, 0.0)  # of the peak: 26 dB down to full scale
    return (sound * (loudness / peak if peak else 0.0)).astype(np.float32)


def change_speed(clip: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Faster and higher or slower and lower by up to a quarter, the resonances of the throat with it."""
    return resample_poly(clip, 20, int(rng.integers(16, 26)))


def in_room(clip: np.ndarray, rng: np.random.Generator, rate: int = RATE) -> np.ndarray:
    """The clip with the echo of a room: noise that dies away by 60 dB within 0.1 to 0.5 s; of the clip's length."""
    seconds = rng.uniform(0.1, 0.5)
    times = np.arange(int(seconds * rate)) / rate
    response = rng.standard_normal(len(times), dtype=np.float32) * np.exp(-3 * np.log(10) * times / seconds)
    share = 10 ** (-rng.uniform(0.0, 15.0) / 10)  # of the echo's power in that of the direct sound
    response *= np.sqrt(share / np.sum(response**2))
    response[0] += 1.0
    size = _quick(len(clip) + len(response))
    return fft.irfft(fft.rfft(clip, size) * fft.rfft(response, size), size)[: len(clip)]


def colour(clip: np.ndarray, rng: np.random.Generator, most: float = 10.0) -> np.ndarray:
    """The clip through a smooth random frequency response of about `most` dB up and down, as of a microphone."""
    size = _quick(len(clip))
    spectrum = fft.rfft(clip, size)
    place = np.linspace(0.0, 1.0, len(spectrum)) ** 0.5  # finer at low frequencies, where speech has most to tell
    decibels = np.zeros(len(spectrum))
    for ripples in range(1, 5):
        decibels += rng.uniform(-most / 2, most / 2) * np.cos(np.pi * ripples * place + rng.uniform(0, 2 * np.pi))
    return fft.irfft(spectrum * np.exp(decibels * (np.log(10) / 20)), size)[: len(clip)]


def telephone(clip: np.ndarray, rate: int = RATE) -> np.ndarray:
    """The clip as 8,000 samples a second carry it, back at `rate`: nothing above 4 kHz."""
    if rate <= 8_000:
        return clip
    return resample(resample(clip, rate, 8_000), 8_000, rate)[: len(clip)]


def add_noise(clip: np.ndarray, rng: np.random.Generator, ratios: tuple[float, float] = (5.0, 40.0)) -> np.ndarray:
    """The clip in noise between white and brown, at a signal-to-noise ratio drawn from `ratios`, in dB."""
    size = _quick(len(clip))
    spectrum = fft.rfft(rng.standard_normal(size, dtype=np.float32))
    # From the second bin on, for the first has no frequency.
    spectrum[1:] *= np.exp(-rng.uniform(0.0, 1.0) * np.log(np.arange(1, len(spectrum), dtype=np.float32)))
    noise = fft.irfft(spectrum, size)[: len(clip)]
    power, against = np.mean(np.square(clip)), np.mean(np.square(noise))
    ratio = 10 ** (rng.uniform(*ratios) / 10)
    return clip + noise * (np.sqrt(power / (ratio * against)) if against else 0.0)


def _quick(size: int) -> int:
    """A length of at least `size` whose transform is quick; a clip's own may be a prime number."""
    return int(fft.next_fast_len(size, real=True))
