"""Layers: how the weights of a model are spread over its groups, which of them train, and how far they moved."""

from __future__ import annotations

import itertools
from typing import Any

from ..layer_maps import LayerMap
from .comparisons import LOOKS
from .style import INK, STYLES, WIDTH, legend, styled


def layer_map(found: LayerMap, ax: Any = None) -> Any:
    """The weights of each layer group as a bar, the lowest group at the bottom: those that train hatched."""
    table = found.table
    ax = styled(ax, (5, layer_map_height(found)))
    places = range(len(table))
    trains, frozen = table["trainable"], table["parameters"] - table["trainable"]
    look = {"edgecolor": "#ffffff80", "height": 0.75}
    ax.barh(places, trains, color=STYLES[1][0], hatch="//", label="trains", **look)
    ax.barh(places, frozen, left=trains, color=f"{STYLES[0][0]}90", label="frozen", **look)
    for place, (whole, share) in enumerate(zip(table["parameters"], table["share"], strict=True)):
        text = "0 %" if share == 0 else f"{100 * share:.2g} %" if share < 1 else "100 %"
        ax.annotate(text, (whole, place), (4, 0), textcoords="offset points", va="center", fontsize="small", color=INK)
    ax.set_yticks(places, table["group"])
    ax.set_xlim(0, 1.15 * max(table["parameters"]))
    ax.xaxis.set_major_formatter(lambda weights, _: f"{weights / 1e6:g} M" if weights else "0")
    ax.set(xlabel=f"weights ({found.model}, strategy {found.strategy})")
    ax.grid(visible=False, axis="y")
    legend(ax, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
    return ax


def layer_map_height(found: LayerMap) -> float:
    """The height, in inches, that suits the picture of a layer map."""
    return _height(found.table)


def _height(table: Any) -> float:
    """Inches for a picture with a bar for each layer group."""
    return 1.2 + 0.27 * len(table)


def learning_rates(table: Any, ax: Any = None) -> Any:
    """The learning rate of each layer group over the steps, from `ftk.learning_rates`, on a scale of powers of ten.

    A line begins where its groups begin to train; groups that train alike share one.
    """
    ax = styled(ax, (6, 3))
    for (color, line, _), (names, rates) in zip(itertools.cycle(LOOKS), _alike(table), strict=False):
        name = names[0] if len(names) == 1 else f"{names[-1]} to {names[0]}"
        ax.plot(rates.where(rates > 0), color=color, linestyle=line, label=name)
    ax.set(yscale="log", xlabel="step", ylabel="learning rate")
    legend(ax, loc="center left", bbox_to_anchor=(1, 0.5))
    return ax


def _alike(table: Any) -> list[tuple[list[str], Any]]:
    """The groups that train, from top to bottom, those with equal rates in one, each with its rates."""
    found: list[tuple[list[str], Any]] = []
    for name in reversed([name for name in table if table[name].notna().any()]):
        if found and found[-1][1].equals(table[name]):
            found[-1][0].append(name)
        else:
            found.append(([name], table[name]))
    return found


def movement(table: Any, axes: Any = None) -> Any:
    """How far each layer group moved, the lowest at the bottom, from `run.movement()`; two Axes, returned as a list.

    Left the change of the weights in % of their size, right the alignment (CKA) of what they put out with
    what they put out before: 1 is as before. Where there is none, no mark stands.
    """
    if axes is None:
        import matplotlib.pyplot as plt

        axes = plt.subplots(1, 2, figsize=(WIDTH, _height(table)), sharey=True, layout="constrained")[1]
    weights, outputs = (styled(ax) for ax in axes)
    places = range(len(table))
    weights.barh(places, 100 * table["change"], height=0.75, color=STYLES[0][0], edgecolor="#ffffff80")
    weights.set_yticks(places, table["group"])
    weights.set(xlabel="change of the weights (%)", xlim=(0, None))
    weights.grid(visible=False, axis="y")
    color, line, marker = STYLES[1]
    outputs.plot(table["cka"], places, line, color=color, marker=marker, markersize=6)
    outputs.set_yticks(places, table["group"])
    outputs.set(xlabel="output as before (CKA)", xlim=(0, 1.03))
    return [weights, outputs]
