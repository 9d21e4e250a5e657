"""Data: how long examples are, how many of each class, how large pictures and the objects in them."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from ..inspection import Inspection
from .style import INK, STYLES, legend, shortened, styled

BINS = 30  # of a histogram, at most
MOST_BARS = 40  # classes
HATCHES = ("", "//", "xx", "..")


def token_lengths(lengths: Inspection | dict[str, Any], max_length: int | None = None, ax: Any = None) -> Any:
    """How many tokens the examples have: a histogram a split, as shares of it, and a line at max_length.

    lengths: tokens an example by split, as `Inspection.lengths` has them, or the inspection itself.
    """
    if isinstance(lengths, Inspection):
        max_length = max_length or lengths.max_length
        lengths = lengths.lengths
    ax = styled(ax)
    every = np.concatenate([np.zeros(0, int), *(np.asarray(values, int) for values in lengths.values())])
    low, high = (int(every.min()), int(every.max())) if len(every) else (0, 0)
    step = 1 + (high - low) // BINS
    edges = np.arange(low, high + 1 + step, step) - 0.5  # between whole numbers
    for (color, line, _), (split, values) in zip(itertools.cycle(STYLES), lengths.items(), strict=False):
        if len(values):
            shares = np.histogram(values, edges)[0] / len(values)
            ax.stairs(shares, edges, color=color, linestyle=line, linewidth=1.5, label=split)
    if max_length is not None and max_length <= 3 * max(high, 1):  # further off it would press the histogram together
        ax.axvline(max_length, color=INK, linewidth=1, label=f"max_length={max_length:,}")
    ax.set(xlabel="tokens of an example", ylabel="share of the split", xlim=(0, None), ylim=(0, None))
    legend(ax)
    return ax


def class_balance(classes: Inspection | dict[str, dict[str, int]], ax: Any = None) -> Any:
    """The share of each class in each split, as bars; a line where all would be equally large.

    classes: examples by class by split, as `Inspection.classes` has them, or the inspection
    itself. Of more than 40 classes the commonest of the first split.
    """
    classes = classes.classes if isinstance(classes, Inspection) else classes
    ax = styled(ax)
    first = next(iter(classes.values()), {})
    names = sorted(first, key=lambda name: -first[name])[:MOST_BARS] if len(first) > MOST_BARS else list(first)
    looks = zip(itertools.cycle(STYLES), itertools.cycle(HATCHES), classes.items(), strict=False)
    for place, ((color, _, _), hatch, (split, counts)) in enumerate(looks):
        shares = [counts.get(name, 0) / max(1, sum(counts.values())) for name in names]
        heights = np.arange(len(names)) + (place + 0.5) * 0.8 / len(classes) - 0.4
        ax.barh(heights, shares, 0.8 / len(classes), label=split, facecolor=color, edgecolor="#ffffff80", hatch=hatch)
    if first:
        ax.axvline(1 / len(first), color=INK, linestyle=":", linewidth=1.5, label="if all were equal")
    some = f", the {MOST_BARS} commonest of {len(first)} classes" if len(first) > MOST_BARS else ""
    ax.set_yticks(range(len(names)), [shortened(name) for name in names])
    ax.set(xlabel=f"share of the split{some}")
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    legend(ax, loc="center left", bbox_to_anchor=(1, 0.5))
    return ax


def class_balance_height(classes: dict[str, dict[str, int]]) -> float:
    """The height, in inches, that suits the picture of these classes."""
    names = min(MOST_BARS, len(next(iter(classes.values()), {})))
    return max(2.2, 0.9 + 0.13 * names * (len(classes) + 1))


def picture_sizes(sizes: dict[str, Any], ax: Any = None) -> Any:
    """Width and height of pictures in pixels by split: a mark for each size, the larger, the more pictures have it.

    sizes: (n, 2) by split, as `PictureInspection.sizes` has them.
    """
    ax = styled(ax, (5, 4))
    looks = zip(itertools.cycle(STYLES), sizes.items(), strict=False)
    for (color, _, marker), (split, found) in looks:
        if len(found):
            places, counts = np.unique(np.asarray(found), axis=0, return_counts=True)
            areas = 30 + 300 * counts / len(found)
            look = {"marker": marker, "edgecolors": color, "facecolors": f"{color}40"}
            ax.scatter(*places.T, areas, **look)
            ax.scatter([], [], 40, **look, label=split)  # in the legend all marks are of one size
    ax.set(xlabel="width in pixels", ylabel="height in pixels", xlim=(0, None), ylim=(0, None))
    legend(ax, loc="center left", bbox_to_anchor=(1, 0.5))
    return ax


def object_areas(areas: dict[str, Any], ax: Any = None) -> Any:
    """How much of its picture an object's box covers: a histogram a split, as shares of its objects, on a log axis.

    areas: shares of the picture, above 0 and up to 1, (objects,) by split.
    """
    ax = styled(ax)
    every = np.concatenate([np.ones(1), *(np.asarray(found, float) for found in areas.values())])
    edges = np.geomspace(every.min() / 1.001, 1, BINS + 1)
    for (color, line, _), (split, found) in zip(itertools.cycle(STYLES), areas.items(), strict=False):
        if len(found):
            shares = np.histogram(found, edges)[0] / len(found)
            ax.stairs(shares, edges, color=color, linestyle=line, linewidth=1.5, label=split)
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
    ax.tick_params(which="minor", colors=INK)
    ax.set(xlabel="part of its picture that an object covers", ylabel="share of the objects", ylim=(0, None))
    legend(ax)
    return ax
