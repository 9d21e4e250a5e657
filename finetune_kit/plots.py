"""Plots: arrays in, Axes out; readable on light and dark ground, in grey and to the colour-blind."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from .comparisons import BASELINE, Comparison
from .errors import DataError
from .history import History
from .inspection import Inspection

# Okabe and Ito's colours, which colour-blind people can tell apart; line style and marker differ too.
STYLES = (("#0072B2", "-", "o"), ("#E69F00", "--", "s"), ("#009E73", "-.", "^"), ("#CC79A7", ":", "D"))
BASELINE_STYLES = (("#888888", ":", None), ("#888888", "--", None))
WIDTH = 7.0  # inches: of a picture that fills a notebook's page
BINS = 30  # of a histogram, at most
MOST_BARS = 40  # classes
HATCHES = ("", "//", "xx", "..")
INK = "#7a7a7a"  # axes and text: a grey that shows on white and on black
SHADES = LinearSegmentedColormap.from_list("shades", ["#eef3f8", "#56B4E9", "#0072B2", "#00304d"])  # ever darker
LONGEST_NAME = 28  # letters of a class's name
DIMMED, GLOWING = 0.3, 0.7  # how much of a picture a glow over it takes, where it is least and where it is most
MOST_NUMBERED = 30  # classes: the numbers of more would be too small to read


def _axes(ax: Any, size: tuple[float, float] = (5, 3)) -> Any:
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


def _legend(ax: Any, **where: Any) -> None:
    if ax.get_legend_handles_labels()[0]:
        ax.legend(frameon=False, labelcolor=INK, fontsize="small", **where)


def loss_curve(history: History, ax: Any = None) -> Any:
    """Training and validation loss over the steps."""
    ax = _axes(ax)
    for (color, line, marker), name in zip(STYLES, ("train_loss", "validation_loss"), strict=False):
        steps, values = history.series(name)
        if steps:
            dots = marker if name.startswith("validation") else None
            ax.plot(steps, values, line, color=color, marker=dots, markersize=4, label=name.split("_")[0])
    ax.set(xlabel="step", ylabel="loss", ylim=(0, None))
    ax.set_xlim(0, 1.03 * max(history.total_steps, 1))
    _legend(ax)
    return ax


def metric_curve(
    history: History,
    metric: str,
    before: float | None = None,
    ax: Any = None,
    after: float | None = None,
    higher_is_better: bool = True,
) -> Any:
    """One validation metric over the steps, from its value before training on; the best step is ringed.

    A metric that is too slow to take during training has two points, `before` and `after` it.
    """
    ax = _axes(ax)
    steps, values = history.series(f"validation_{metric}")
    if before is not None:
        steps, values = [0, *steps], [before, *values]
        ax.axhline(before, color=INK, linestyle=":", linewidth=1, label="before")
    if after is not None and len(steps) < 2:
        steps, values = [*steps, history.step], [*values, after]
    if steps:
        color, line, marker = STYLES[2]
        ax.plot(steps, values, line, color=color, marker=marker, markersize=4, label="validation")
        best = (max if higher_is_better else min)(range(len(values)), key=lambda i: values[i])
        ax.plot(steps[best], values[best], "o", markersize=11, fillstyle="none", color=color, label="best")
    ax.set(xlabel="step", ylabel=metric.replace("_", " "))
    ax.set_xlim(0, 1.03 * max(history.total_steps, 1))
    _legend(ax, loc="lower right" if higher_is_better else "lower left")  # where the curve does not come
    return ax


def perplexity_curve(history: History, ax: Any = None) -> Any:
    """Perplexity on held-out works over the steps, on a log axis, from its value before training on."""
    ax = _axes(ax)
    steps, values = history.series("validation_perplexity")
    before = history.before.get("perplexity")
    if before is not None:
        steps, values = [0, *steps], [before, *values]
    color, line, marker = STYLES[1]
    if steps:
        ax.plot(steps, values, line, color=color, marker=marker, markersize=4, label="held-out works")
        ax.set_yscale("log")
        ax.yaxis.set_major_formatter("{x:,.0f}")
        ax.yaxis.set_minor_formatter("{x:,.0f}")
        ax.tick_params(which="minor", colors=INK, labelsize="x-small")
    ax.set(xlabel="step", ylabel="perplexity")
    ax.set_xlim(0, 1.03 * max(history.total_steps, 1))
    _legend(ax)
    return ax


def label_curve(comparison: Comparison, ax: Any = None) -> Any:
    """The main metric over the number of labels, a line a method; bars show the spread over the seeds."""
    ax = _axes(ax)
    table, metric = comparison.table, comparison.task.metric.name
    kinds = {result.method: result.kind for result in comparison.results}
    styles = {True: iter(BASELINE_STYLES), False: iter(STYLES)}
    for method in table["method"].unique():
        rows = table[table["method"] == method].sort_values("labels")
        color, line, marker = next(styles[kinds[method] == BASELINE], (INK, ":", "x"))
        ax.errorbar(
            rows["labels"], rows[metric], yerr=rows["spread"].fillna(0), label=method,
            color=color, linestyle=line, marker=marker, capsize=3,
        )  # fmt: skip
    counts = sorted(table["labels"].unique())
    ax.set_xscale("log")
    ax.set_xticks(counts, [str(n) for n in counts])
    ax.minorticks_off()
    ax.set(xlabel="labels to learn from", ylabel=f"{metric.replace('_', ' ')} on the test split")
    _legend(ax)
    return ax


def confusion(table: Any, ax: Any = None) -> Any:
    """How many of each class were taken for which, from the table of `run.confusion()`; truth as rows.

    A cell is the darker, the larger its share of the row, so that a rare class shows its
    confusions as a common one does; the numbers are counts, and 0 is left out.
    """
    ax = _axes(ax, confusion_size(table))
    counts = table.to_numpy()
    shares = counts / counts.sum(axis=1, keepdims=True).clip(1)  # of the examples of each true class
    ax.grid(False)
    ax.imshow(shares, cmap=SHADES, vmin=0, vmax=1, aspect="auto")
    for edge in range(1, len(table)):
        ax.axhline(edge - 0.5, color="white", linewidth=1)
        ax.axvline(edge - 0.5, color="white", linewidth=1)
    size = max(5, min(10, 150 / len(table)))
    names = [_shortened(str(name)) for name in table.index]
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
            color = _on(SHADES(shares[row, column]))
            ax.text(column, row, f"{counts[row, column]}", color=color, ha="center", va="center", fontsize=size)
    ax.set(xlabel=table.columns.name, ylabel=table.index.name)
    return ax


def confusion_size(table: Any) -> tuple[float, float]:
    """Width and height, in inches, that suit the picture of a confusion table: at most the width of a notebook."""
    longest = min(LONGEST_NAME, max(len(str(name)) for name in table.index))
    return min(WIDTH, 1.5 + 0.08 * longest + 0.6 * len(table)), 1.0 + 0.06 * longest + 0.3 * len(table)


def _shortened(name: str) -> str:
    """A long name without its middle: names that begin alike may end otherwise."""
    half = LONGEST_NAME // 2
    short = name if len(name) <= LONGEST_NAME else f"{name[: half - 1]}…{name[-half:]}"
    return short.replace("$", r"\$")  # else matplotlib reads what stands between two of them as a formula


def _on(ground: tuple[float, ...]) -> str:
    """Black or white, whichever shows better on a ground (red, green, blue, ... from 0 to 1)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in ground[:3]]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "black" if luminance > 0.179 else "white"  # where the contrasts of the two are equal (WCAG 2)


def token_lengths(lengths: Inspection | dict[str, Any], max_length: int | None = None, ax: Any = None) -> Any:
    """How many tokens the examples have: a histogram a split, as shares of it, and a line at max_length.

    lengths: tokens an example by split, as `Inspection.lengths` has them, or the inspection itself.
    """
    if isinstance(lengths, Inspection):
        max_length = max_length or lengths.max_length
        lengths = lengths.lengths
    ax = _axes(ax)
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
    _legend(ax)
    return ax


def class_balance(classes: Inspection | dict[str, dict[str, int]], ax: Any = None) -> Any:
    """The share of each class in each split, as bars; a line where all would be equally large.

    classes: examples by class by split, as `Inspection.classes` has them, or the inspection
    itself. Of more than 40 classes the commonest of the first split.
    """
    classes = classes.classes if isinstance(classes, Inspection) else classes
    ax = _axes(ax)
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
    ax.set_yticks(range(len(names)), [_shortened(name) for name in names])
    ax.set(xlabel=f"share of the split{some}")
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    _legend(ax, loc="center left", bbox_to_anchor=(1, 0.5))
    return ax


def class_balance_height(classes: dict[str, dict[str, int]]) -> float:
    """The height, in inches, that suits the picture of these classes."""
    names = min(MOST_BARS, len(next(iter(classes.values()), {})))
    return max(2.2, 0.9 + 0.13 * names * (len(classes) + 1))


def picture_sizes(sizes: dict[str, Any], ax: Any = None) -> Any:
    """Width and height of pictures in pixels by split: a mark for each size, the larger, the more pictures have it.

    sizes: (n, 2) by split, as `PictureInspection.sizes` has them.
    """
    ax = _axes(ax, (5, 4))
    looks = zip(itertools.cycle(STYLES), sizes.items(), strict=False)
    for (color, _, marker), (split, found) in looks:
        if len(found):
            places, counts = np.unique(np.asarray(found), axis=0, return_counts=True)
            areas = 30 + 300 * counts / len(found)
            look = {"marker": marker, "edgecolors": color, "facecolors": f"{color}40"}
            ax.scatter(*places.T, areas, **look)
            ax.scatter([], [], 40, **look, label=split)  # in the legend all marks are of one size
    ax.set(xlabel="width in pixels", ylabel="height in pixels", xlim=(0, None), ylim=(0, None))
    _legend(ax, loc="center left", bbox_to_anchor=(1, 0.5))
    return ax


def object_areas(areas: dict[str, Any], ax: Any = None) -> Any:
    """How much of its picture an object's box covers: a histogram a split, as shares of its objects, on a log axis.

    areas: shares of the picture, above 0 and up to 1, (objects,) by split.
    """
    ax = _axes(ax)
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
    _legend(ax)
    return ax


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


class Sheet(Figure):  # type: ignore[misc]
    """A figure that a notebook shows even where pyplot was never imported."""

    def _repr_png_(self) -> bytes:
        out = io.BytesIO()
        self.savefig(out, format="png", bbox_inches="tight")
        return out.getvalue()


def contact_sheet(pictures: Any, titles: Any = (), columns: int = 8, most: int = 48) -> Sheet:
    """Pictures side by side, each under its title of one line or several.

    pictures: PIL images or arrays; of more than `most` the first.
    """
    shown = list(pictures)[:most]
    if not shown:
        raise DataError("Found no picture to show.")
    lines = 0.13 * max([str(title).count("\n") + 1 for title in titles], default=0)  # inches
    figure, places = _sheet(len(shown), columns, WIDTH / columns + lines)
    for ax, picture, title in itertools.zip_longest(places, shown, titles[: len(shown)]):
        _picture(ax, picture)
        name = "\n".join(map(_shortened, str(title).split("\n"))) if title is not None else ""
        ax.set_title(name, fontsize=7, color=INK, pad=2)
    return figure


def _sheet(count: int, columns: int, height: float) -> tuple[Sheet, Any]:
    """A figure as wide as a notebook with places for so many pictures, each `height` inches with its title."""
    across, rows = min(columns, count), -(-count // columns)
    figure = Sheet(figsize=(WIDTH / columns * across, height * rows), layout="constrained")
    figure.patch.set_alpha(0)
    places = figure.subplots(rows, across, squeeze=False).ravel()
    for ax in places:
        ax.axis("off")
    return figure, places[:count]


def _picture(ax: Any, picture: Any) -> None:
    pixels = np.asarray(picture)
    ax.imshow(pixels, cmap="gray" if pixels.ndim == 2 else None, vmin=0, vmax=255, interpolation="nearest")


def attribution_map(picture: Any, values: Any, signed: bool = False, ax: Any = None) -> Any:
    """A picture in grey under a map of it: of what was looked at, or, `signed`, of what spoke for a prediction.

    values: (rows, columns) over the whole picture, a PIL image. What was looked at, from `ftk.grad_cam` or
    `ftk.attention_map`, glows, from dark to yellow at the largest value; no value below 0. Of signed ones, from
    `ftk.occlusion_map`, those above 0 are blue, those below orange, the stronger, the larger; those of less than a
    twentieth are left out.
    """
    ax = _axes(ax, (3, 3))
    ax.grid(False)
    ax.axis("off")
    grey, values = np.asarray(picture.convert("L")), np.asarray(values)
    ax.imshow(grey, cmap="gray", vmin=0, vmax=255)
    extent = (-0.5, grey.shape[1] - 0.5, grey.shape[0] - 0.5, -0.5)
    if not signed:
        # Ever lighter, so that it shows on black as on white, and in grey.
        glow = values / (values.max() or 1)
        alpha = DIMMED + (GLOWING - DIMMED) * glow
        ax.imshow(glow, "inferno", vmin=0, vmax=1, alpha=alpha, extent=extent, interpolation="bicubic")
        return ax
    strength = values / max(np.abs(values).max(), 0.05)
    tints = np.where(strength[..., None] > 0, (0.0, 0.447, 0.698), (0.902, 0.624, 0.0))  # of the same palette
    layer = np.dstack([tints, 0.65 * np.abs(strength) * (np.abs(values) >= 0.05)])
    ax.imshow(layer, extent=extent, interpolation="nearest")
    return ax


def occlusion_map(picture: Any, changes: Any, ax: Any = None) -> Any:
    """A picture in grey under the places that moved its prediction, from `ftk.occlusion_map`: blue for, orange against.

    The colours are the stronger, the larger the change; those of less than a twentieth are left out.
    """
    return attribution_map(picture, changes, True, ax)


def query_attention(picture: Any, attention: Any, columns: int = 4, most: int = 12) -> Sheet:
    """Where a detector looked for each object, from `ftk.query_attention`: the picture once an object, with its box.

    attention: a `QueryAttention`; of more objects than `most` the surest. Raises DataError where there is none.
    """
    rows = attention.objects.head(most)
    if rows.empty:
        raise DataError("Found no object to show; a task with a lower `threshold` shows less sure ones.")
    figure, places = _sheet(len(rows), columns, WIDTH / columns * picture.height / picture.width)
    for number, (ax, shares) in enumerate(zip(places, attention.maps, strict=False)):
        attribution_map(picture, shares, ax=ax)
        _outlined(ax, rows.iloc[[number]], 1.0)
    return figure


# A box that was found, one that was missed, one where nothing of the kind is.
VERDICTS = {"found": ("#009E73", "-"), "missed": ("#E69F00", "--"), "false": ("#D55E00", ":")}


def objects(picture: Any, boxes: Any, ax: Any = None) -> Any:
    """A picture with boxes, from a table with the columns label, left, top, right and bottom, in pixels.

    A column `verdict` (found, missed or false) gives colour and line style, a column `score` stands beside the label.
    """
    ax = _axes(ax, (4, 4))
    ax.grid(False)
    ax.axis("off")
    _picture(ax, picture)
    _outlined(ax, boxes, 1.8)
    return ax


def _outlined(ax: Any, boxes: Any, width: float) -> None:
    """Boxes with their labels, as lines of so many points."""
    for row in boxes.to_dict("records"):
        color, line = VERDICTS[row.get("verdict", "found")]
        corner, size = (row["left"], row["top"]), (row["right"] - row["left"], row["bottom"] - row["top"])
        for shade, thick in (("white", 2 * width), (color, width)):  # on any ground
            ax.add_patch(Rectangle(corner, *size, fill=False, edgecolor=shade, linewidth=thick, linestyle=line))
        name = f"{row['label']} {row['score']:.2f}" if row.get("score", 1.0) < 1 else str(row["label"])
        ax.text(
            *corner,
            name,
            fontsize=7,
            color="white",
            verticalalignment="bottom",
            bbox={"facecolor": color, "edgecolor": "none", "pad": 1.0},
        )


__all__ = [
    "attribution_map",
    "class_balance",
    "class_balance_height",
    "confusion",
    "confusion_size",
    "contact_sheet",
    "label_curve",
    "loss_curve",
    "metric_curve",
    "object_areas",
    "objects",
    "occlusion_map",
    "perplexity_curve",
    "picture_sizes",
    "png",
    "query_attention",
    "token_lengths",
]
