"""Style: what all plots share, from colours and Axes to a figure's bytes; readable on light and dark ground."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# Okabe and Ito's colours, which colour-blind people can tell apart; line style and marker differ too.
STYLES = (("#0072B2", "-", "o"), ("#E69F00", "--", "s"), ("#009E73", "-.", "^"), ("#CC79A7", ":", "D"))
WIDTH = 7.0  # inches: of a picture that fills a notebook's page
INK = "#7a7a7a"  # axes and text: a grey that shows on white and on black
LONGEST_NAME = 28  # letters of a class's name


def styled(ax: Any, size: tuple[float, float] = (5, 3)) -> Any:
    """Give Axes, or new ones of so many inches, the look of the kit: no frame, grey text, a clear ground."""
    if ax is None:
        import matplotlib.pyplot as plt

        _, ax = plt.subplots(figsize=size, layout="constrained")
    ax.patch.set_alpha(0)
    ax.figure.patch.set_alpha(0)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("bottom", "left"):
        ax.spines[side].set_color(INK)
    ax.tick_params(colors=INK)
    for label in (ax.xaxis.label, ax.yaxis.label, ax.title):
        label.set_color(INK)
    ax.grid(alpha=0.25, color=INK)
    return ax


def legend(ax: Any, **where: Any) -> None:
    """Add a legend to Axes on which something has a name."""
    if ax.get_legend_handles_labels()[0]:
        ax.legend(frameon=False, labelcolor=INK, fontsize="small", **where)


def shortened(name: str) -> str:
    """A long name without its middle: names that begin alike may end otherwise."""
    half = LONGEST_NAME // 2
    short = name if len(name) <= LONGEST_NAME else f"{name[: half - 1]}…{name[-half:]}"
    return short.replace("$", r"\$")  # else matplotlib reads what stands between two of them as a formula


def png(draw: Callable[[Any], Any], columns: int = 1, width: float = WIDTH, height: float = 2.6) -> bytes:
    """A figure as PNG bytes, drawn without pyplot and so safe in any thread.

    `draw` gets the Axes, or a list of them where there are several columns; sizes in inches, at 150 pixels each.
    """
    figure = Figure(figsize=(width, height), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, columns)
    draw(axes if columns == 1 else list(axes))
    out = io.BytesIO()
    figure.savefig(out, format="png", facecolor="none")
    return out.getvalue()
