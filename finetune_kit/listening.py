"""Listening: a window slides over a recording of any length, and what a model hears in it becomes detections."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from .data.recordings import Recording
from .errors import ConfigError, unknown_name
from .spotting import Detection
from .vectors import RATE

BACKGROUND = ("silence", "unknown")  # classes that are no commands, by default
WINDOW = 1.0  # seconds that are heard at a time, by default
BATCH = 32  # windows that are classified at a time
SHORTEST = 0.02  # seconds between windows at least

Window = tuple[float, np.ndarray]  # where its middle begins in seconds, and the probabilities of the classes
Heard = tuple[float, str, float]  # where a window's middle begins in seconds, its class, that class's probability


def listen(
    classify: Callable[[list[np.ndarray]], np.ndarray],
    classes: Sequence[str],
    source: Any,
    *,
    window: float = WINDOW,
    hop: float = 0.25,
    smooth: float = 0.75,
    threshold: float = 0.5,
    gap: float = 0.25,
    ignore: Iterable[str] | None = None,
    progress: Callable[[float], None] | None = None,
    rate: int = RATE,
) -> Iterator[Detection]:
    """Detections of the classes in a recording, each as soon as it has ended; memory stays flat with the length.

    classify: from clips, float32 (samples,) at `rate` samples a second, to the probabilities of the classes, (clips,
    classes). source: the path of a sound file of any length and rate, or its bytes. window: seconds
    that are heard at a time. hop: seconds from one window to the next; each window speaks for so
    much in its middle. smooth: over so many seconds around each middle the probabilities are averaged (Chen,
    Parada and Heigold 2014, "Small-footprint keyword spotting using deep neural networks"): what one window
    alone takes for a command is no command; 0 for none. threshold: the averaged probability from which on the
    likeliest class is heard. Windows of one class that are `gap` seconds or less apart make one detection,
    with the highest of their probabilities. ignore: classes that are no commands, by default "silence" and
    "unknown" where there are such. progress: called with the seconds heard so far. Raises ConfigError and
    UnknownNameError for settings and BadSoundError for a source that cannot be used, at once; what
    is wrong within the recording is raised where it comes.
    """
    _check(window, hop, smooth, threshold, gap)
    ignored = _ignored(classes, ignore)
    recording = Recording(source)
    heard = _smoothed(_heard(classify, recording, window, hop, progress, rate), max(0, round((smooth / hop - 1) / 2)))
    found = ((start, classes[int(shares.argmax())], float(shares.max())) for start, shares in heard)
    loud = ((start, name if share >= threshold and name not in ignored else "", share) for start, name, share in found)
    return _merged(loud, hop, gap, recording.seconds)


def _check(window: float, hop: float, smooth: float, threshold: float, gap: float) -> None:
    given = (window, hop, smooth, threshold, gap)
    if not all(isinstance(value, (int, float)) and math.isfinite(value) for value in given):
        raise ConfigError(f"{window=!r}, {hop=!r}, {smooth=!r}, {threshold=!r}, {gap=!r}: expected numbers.")
    if not SHORTEST <= hop <= window <= 60:
        raise ConfigError(
            f"{window=!r}, {hop=!r}: expected seconds, the hop from {SHORTEST} to the window, at most 60."
        )
    if not 0 <= threshold <= 1 or gap < 0:
        raise ConfigError(f"{threshold=!r}, {gap=!r}: expected a probability from 0 to 1, and seconds from 0 on.")
    if not 0 <= smooth <= 60:
        raise ConfigError(f"{smooth=!r}: expected seconds from 0 to 60.")


def _ignored(classes: Sequence[str], ignore: Iterable[str] | None) -> set[str]:
    if ignore is None:
        return {name for name in classes if name in BACKGROUND}
    if isinstance(ignore, str):
        raise ConfigError(f"{ignore=!r}: expected a list of classes, or an empty one.")
    ignored = set(ignore)
    for name in ignored:
        if name not in classes:
            raise unknown_name("class", name, classes)
    return ignored


def _heard(
    classify: Callable[[list[np.ndarray]], np.ndarray],
    recording: Recording,
    window: float,
    hop: float,
    progress: Callable[[float], None] | None,
    rate: int,
) -> Iterator[Window]:
    """Where the middle of each window begins, in seconds, and the probabilities of the classes in it, (classes,)."""
    size, step = round(window * rate), round(hop * rate)
    windows, number = _windows(recording.blocks(rate), size, step), 0
    while clips := list(itertools.islice(windows, BATCH)):
        for shares in classify(clips):
            yield round(number * step / rate, 6), shares
            number += 1
        if progress:
            progress(min(number * step / rate, recording.seconds))


def _windows(blocks: Iterable[np.ndarray], size: int, step: int) -> Iterator[np.ndarray]:
    """Windows of `size` samples whose middles, of `step` samples, lie end to end; silence is put at both ends."""
    before = (size - step) // 2
    held, left = np.zeros(before, np.float32), 0  # left: samples whose middle is still to come
    for block in blocks:
        held, left = np.concatenate([held, block]), left + len(block)
        while len(held) >= size:
            yield held[:size]
            held, left = held[step:], left - step
    while left > 0:
        yield np.pad(held, (0, max(0, size - len(held))))[:size]
        held, left = held[step:], left - step


def _smoothed(heard: Iterable[Window], around: int) -> Iterator[Window]:
    """Each window with the mean of its probabilities and those of the `around` windows on each side, where they are."""
    near: deque[Window | None] = deque(maxlen=2 * around + 1)
    for one in itertools.chain(heard, [None] * around):
        near.append(one)
        middle = near[-1 - around] if len(near) > around else None
        if middle:
            yield middle[0], np.mean([window[1] for window in near if window], axis=0)


def _merged(heard: Iterable[Heard], hop: float, gap: float, seconds: float) -> Iterator[Detection]:
    """Windows in which something was heard as detections; a class of '' is nothing."""
    open_: Detection | None = None
    for start, label, score in heard:
        if open_ and ((label and label != open_.label) or start - open_.end > gap + 1e-6):
            yield open_
            open_ = None
        if label:
            new = Detection(label, start, min(round(start + hop, 6), seconds), score)
            open_ = new if open_ is None else dataclasses.replace(open_, end=new.end, score=max(open_.score, score))
    if open_:
        yield open_
