"""Sounds: a clip's waveform and spectrogram, and what was heard in a long recording over its time."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.ticker import FuncFormatter, MultipleLocator

from ..hearing import HOP, pitches
from ..spotting import Detection
from ..vectors import RATE
from .data import BINS
from .style import INK, STYLES, legend, shortened, styled

COLUMNS = 1_000  # of a waveform: of more samples the highest and the lowest in each column
DEPTH = 80.0  # dB below the loudest place of a spectrogram, where its colours end
SHADES = "inferno"  # ever lighter, so that it can be told apart in grey too
PITCHES = (250, 500, 1_000, 2_000, 4_000, 8_000, 16_000)  # hertz, written beside it
MINUTES = 180  # seconds from which on a time line is marked in minutes


def waveform(clip: Any, rate: int = RATE, ax: Any = None, scale: float | None = None) -> Any:
    """A clip's samples over its time in seconds.

    clip: mono, (samples,) from -1 to 1 at `rate` samples a second. scale: what the axis ends at, by
    default the clip's largest sample.
    """
    ax = styled(ax, (5, 1.6))
    clip = np.asarray(clip, float)
    edges = np.linspace(0, len(clip), min(COLUMNS, len(clip)) + 1).astype(int)
    columns = [clip[start:end] for start, end in itertools.pairwise(edges)]
    low, high = ([pick(column) for column in columns] for pick in (np.min, np.max))
    times = edges[:-1] / rate
    ax.fill_between(times, low, high, color=STYLES[0][0], linewidth=0.8)
    top = scale or 1.05 * max(np.abs(clip).max(initial=0.0), 1e-3)
    ax.set(xlabel="seconds", ylabel="amplitude", ylim=(-top, top), xlim=(0, max(len(clip), 1) / rate))
    return ax


def spectrogram(log_mel: Any, rate: int = RATE, ax: Any = None) -> Any:
    """The power of a clip over time and pitch: the lighter, the louder, over 80 dB below the loudest place.

    log_mel: (frames, bands) in decibels, as `ftk.log_mel` gives it. rate: samples a second of the clip.
    """
    ax = styled(ax, (5, 2.4))
    log_mel = np.asarray(log_mel)
    frames, bands = log_mel.shape
    top = float(log_mel.max())
    extent = (-HOP / 2, (frames - 0.5) * HOP, -0.5, bands - 0.5)  # the middle of a frame is its time
    look = {"cmap": SHADES, "vmin": top - DEPTH, "vmax": top, "interpolation": "nearest"}
    image = ax.imshow(log_mel.T, origin="lower", aspect="auto", extent=extent, **look)
    middles = pitches(rate, bands)
    shown = [pitch for pitch in PITCHES if middles[0] <= pitch <= middles[-1]]
    ax.set_yticks(np.interp(shown, middles, np.arange(bands)), [f"{pitch:,}" for pitch in shown])
    ax.grid(False)
    ax.set(xlabel="seconds", ylabel="pitch in hertz", xlim=(0, max(frames - 1, 1) * HOP))
    bar = ax.figure.colorbar(image, ax=ax, pad=0.01)
    bar.set_label("decibels", color=INK)
    bar.ax.tick_params(colors=INK)
    bar.outline.set_visible(False)
    return ax


def spectrogram_pixels(log_mel: Any, top: float | None = None) -> np.ndarray:
    """A spectrogram without axes, a pixel a frame and band, the highest band first: (bands, frames, 3) uint8.

    log_mel: as in `spectrogram`. top: the decibels of the lightest shade, by default the loudest
    place; one for several makes their loudness comparable.
    """
    log_mel = np.asarray(log_mel)
    top = float(log_mel.max()) if top is None else top
    strength = np.clip((log_mel - top) / DEPTH + 1, 0, 1)
    pixels: np.ndarray = colormaps[SHADES](strength.T[::-1], bytes=True)[..., :3]
    return pixels


def sound_lengths(seconds: dict[str, Any], most: float | None = None, ax: Any = None) -> Any:
    """How long sounds are: a histogram a split, as shares of it, and a line at the `most` seconds that are read.

    seconds: (n,) by split, as `SoundInspection.seconds` has them.
    """
    ax = styled(ax)
    every = np.concatenate([np.zeros(0), *(np.asarray(found, float) for found in seconds.values())])
    high = float(every.max(initial=0.1))
    edges = np.linspace(min(every.min(initial=high), 0.95 * high), high * 1.001, BINS + 1)
    for (color, line, _), (split, found) in zip(itertools.cycle(STYLES), seconds.items(), strict=False):
        if len(found):
            shares = np.histogram(found, edges)[0] / len(found)
            ax.stairs(shares, edges, color=color, linestyle=line, linewidth=1.5, label=split)
    if most is not None and most <= 3 * high:  # further off it would press the histogram together
        ax.axvline(most, color=INK, linewidth=1, label=f"{most:g} s are read")
    ax.set(xlabel="seconds", ylabel="share of the split", xlim=(0, None), ylim=(0, None))
    legend(ax)
    return ax


def timeline(detections: Iterable[Any], seconds: float, truth: Iterable[Any] | None = None, ax: Any = None) -> Any:
    """What was heard in a recording over its time, a row a label; what was truly said as frames below it.

    detections, truth: Detections, as `run.listen` yields them, or tuples of (label, start, end). seconds: the length
    of the recording.
    """
    found, said = _listed(detections), _listed(truth or ())
    labels = list(dict.fromkeys(one.label for one in sorted([*said, *found], key=lambda one: one.start)))
    ax = styled(ax, (7, timeline_height(detections=found, truth=said)))
    blue, orange = STYLES[0][0], STYLES[1][0]
    side_by_side = truth is not None
    for some, place, name, face, edge in ((found, -0.2, "detected", blue, blue), (said, 0.2, "said", "none", orange)):
        if some:
            places = [labels.index(one.label) + side_by_side * place for one in some]
            lengths, starts = [one.end - one.start for one in some], [one.start for one in some]
            # The line around a bar is wide enough to be seen where the bar is too short.
            look = {"facecolor": face, "edgecolor": edge, "linewidth": 1.5, "label": name}
            ax.barh(places, lengths, 0.34 if side_by_side else 0.5, starts, **look)
    ax.set_yticks(range(len(labels)), [shortened(label) for label in labels])
    ax.set_ylim(max(len(labels), 1) - 0.5, -0.5)
    ax.set(xlabel="seconds" if seconds < MINUTES else "minutes", xlim=(0, seconds))
    if seconds >= MINUTES:
        ax.xaxis.set_major_locator(_whole_minutes(seconds))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value / 60:,.0f}"))
    ax.grid(visible=False, axis="y")
    legend(ax, loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderaxespad=0)
    return ax


def timeline_height(detections: Iterable[Any], truth: Iterable[Any] | None = None) -> float:
    """The height, in inches, that suits a time line of these."""
    return 1.0 + 0.3 * max(1, len({one.label for one in (*_listed(detections), *_listed(truth or ()))}))


def _listed(some: Iterable[Any]) -> list[Detection]:
    return [one if isinstance(one, Detection) else Detection(*one) for one in some]


def _whole_minutes(seconds: float) -> Any:
    """Marks at whole minutes, at most about ten of them."""
    steps = (1, 2, 5, 10, 15, 30, 60, 120, 300)
    return MultipleLocator(60 * next((step for step in steps if seconds / 60 / step <= 10), 600))
