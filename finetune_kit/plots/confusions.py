"""Confusions: which classes were taken for which."""

from __future__ import annotations

from typing import Any

from matplotlib.colors import LinearSegmentedColormap

from .style import LONGEST_NAME, WIDTH, shortened, styled

SHADES = LinearSegmentedColormap.from_list("shades", ["#eef3f8", "#56B4E9", "#0072B2", "#00304d"])  # ever darker
MOST_NUMBERED = 30  # classes: the numbers of more would be too small to read


def confusion(table: Any, ax: Any = None) -> Any:
    """How many of each class were taken for which, from the table of `run.confusion()`; truth as rows.

    A cell is the darker, the larger its share of the row, so that a rare class shows its
    confusions as a common one does; the numbers are counts, and 0 is left out.
    """
    ax = styled(ax, confusion_size(table))
    counts = table.to_numpy()
    shares = counts / counts.sum(axis=1, keepdims=True).clip(1)  # of the examples of each true class
    ax.grid(False)
    ax.imshow(shares, cmap=SHADES, vmin=0, vmax=1, aspect="auto")
    for edge in range(1, len(table)):
        ax.axhline(edge - 0.5, color="white", linewidth=1)
        ax.axvline(edge - 0.5, color="white", linewidth=1)
    size = max(5, min(10, 150 / len(table)))
    names = [shortened(str(name)) for name in table.index]
    ax.set_yticks(range(len(names)), names, fontsize=size)
    ax.set_xticks(range(len(names)), names, fontsize=size)
    if sum(map(len, names)) > 50:  # side by side they would run into each other
        ax.tick_params(axis="x", rotation=45)
        for label in ax.get_xticklabels():
            label.set(horizontalalignment="right", rotation_mode="anchor")
    if len(names) <= MOST_NUMBERED:
        digits = len(str(counts.max()))
        size = min(size, 500 / len(table) / digits)  # as wide as a cell
        for row, column in zip(*counts.nonzero(), strict=True):
            color = readable_on(SHADES(shares[row, column]))
            ax.text(column, row, f"{counts[row, column]}", color=color, ha="center", va="center", fontsize=size)
    ax.set(xlabel=table.columns.name, ylabel=table.index.name)
    return ax


def confusion_size(table: Any) -> tuple[float, float]:
    """Width and height, in inches, that suit the picture of a confusion table: at most the width of a notebook."""
    longest = min(LONGEST_NAME, max(len(str(name)) for name in table.index))
    return min(WIDTH, 1.5 + 0.08 * longest + 0.6 * len(table)), 1.0 + 0.06 * longest + 0.3 * len(table)


def readable_on(ground: tuple[float, ...]) -> str:
    """Black or white, whichever shows better on a ground (red, green, blue, ... from 0 to 1)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in ground[:3]]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "black" if luminance > 0.179 else "white"  # where the contrasts of the two are equal (WCAG 2)
