"""Evaluation: what a run was sure of, and what it forgot while it learnt."""

from __future__ import annotations

from typing import Any

from ..forgetting import HEADLINES
from ..runs import Calibration
from .style import INK, STYLES, WIDTH, legend, styled

LARGEST = 16  # points: the diameter of the mark of a bin that holds all examples
SMALLEST = 3


def calibration(found: Calibration, ax: Any = None) -> Any:
    """A reliability diagram: accuracy over confidence, before and after; a mark is the larger, the more it holds.

    On the dotted line confidence is what it says; below it the model is too sure.
    """
    ax = styled(ax, (4.2, 4))
    ax.plot([0, 1], [0, 1], ":", color=INK, linewidth=1)
    for (color, line, marker), when in zip((STYLES[1], STYLES[0]), ("before", "after"), strict=False):
        bins = found.table[(found.table["when"] == when) & (found.table["examples"] > 0)]
        shares = bins["examples"] / bins["examples"].sum()
        name = f"{when}: error {getattr(found, when):.3f}"
        thin = {"linewidth": 1, "markersize": SMALLEST}
        ax.plot(bins["confidence"], bins["accuracy"], line, color=color, marker=marker, label=name, **thin)
        sizes = (SMALLEST + (LARGEST - SMALLEST) * shares**0.5) ** 2
        ax.scatter(bins["confidence"], bins["accuracy"], sizes, color=color, marker=marker, alpha=0.6, zorder=3)
    ax.set(xlabel="confidence", ylabel=f"accuracy on the {found.split} split", xlim=(0, 1.03), ylim=(0, 1.03))
    ax.set_aspect("equal")
    legend(ax, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
    return ax


def forgetting(table: Any, axes: Any = None) -> Any:
    """The old task and the new one over the steps, side by side, from `run.forgetting()`; two Axes, returned as a list.

    The dotted line is the untouched checkpoint.
    """
    old, new = next(name for name in HEADLINES if name in table), table.columns[-1]
    titles = f"old task: {_words(old.removeprefix('old_'))}", f"new task: {_words(new)}"
    axes = [styled(ax) for ax in (_pair() if axes is None else axes)]
    for ax, name, title, look in zip(axes, (old, new), titles, (STYLES[1], STYLES[2]), strict=True):
        color, line, marker = look
        known = table[table[name].notna()]
        ax.plot(known["step"], known[name], line, color=color, marker=marker, markersize=4)
        if len(known) and known["step"].iloc[0] == 0:
            ax.axhline(known[name].iloc[0], color=INK, linestyle=":", linewidth=1, label="before")
        ax.set(xlabel="step", ylabel=title)
        ax.set_xlim(0, 1.03 * max(table["step"].max(), 1))
        legend(ax)
    return axes


def _words(name: str) -> str:
    return name.replace("_", " ")


def _pair() -> Any:
    import matplotlib.pyplot as plt

    return plt.subplots(1, 2, figsize=(WIDTH, 2.6), layout="constrained")[1]
