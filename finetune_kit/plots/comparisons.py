"""Comparisons as pictures: scores over labels, side by side, against time or the old task; sweeps, learning rates."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from matplotlib.ticker import NullFormatter

from ..comparisons import BASELINE, Comparison, LearningRates, Sweep
from ..errors import ConfigError
from ..forgetting import in_words
from .confusions import SHADES, readable_on
from .style import INK, STYLES, legend, shortened, styled

# A method keeps its look in every picture of a comparison: colour, line and marker all differ.
LOOKS = (
    *STYLES,
    ("#D55E00", (0, (6, 2)), "v"),
    ("#56B4E9", (0, (1, 1)), "P"),
    ("#a07800", (0, (3, 1, 1, 1)), "X"),
    ("#7a4fb5", (0, (8, 2, 2, 2)), "<"),
    ("#9c2c4b", (0, (2, 3)), ">"),
)  # as many as there are strategies
BASELINE_LOOKS = (("#888888", ":", None), ("#888888", "--", None))
MOST_INSIDE = 4  # methods whose legend hides no line
SPREAD = 0.25  # of a row's height: how far the seeds of one method lie apart


def _looks(comparison: Comparison) -> dict[str, tuple[str, Any, str | None]]:
    """Colour, line and marker of every method; baselines are grey lines without markers."""
    kinds = {result.method: result.kind for result in comparison.results}
    styles: dict[bool, Any] = {True: itertools.cycle(BASELINE_LOOKS), False: itertools.cycle(LOOKS)}
    return {method: next(styles[kinds[method] == BASELINE]) for method in comparison.methods}


def _score_label(comparison: Comparison) -> str:
    return f"{comparison.task.metric.name.replace('_', ' ')} on the {comparison.split} split"


def label_curve(comparison: Comparison, ax: Any = None) -> Any:
    """The main metric over the number of labels, a line a method; bars and bands show the spread over the seeds."""
    ax = styled(ax)
    table, metric = comparison.table, comparison.task.metric.name
    for method, (color, line, marker) in _looks(comparison).items():
        rows = table[table["method"] == method]
        spread = rows["spread"].fillna(0)
        ax.errorbar(
            rows["labels"], rows[metric], yerr=spread, label=method,
            color=color, linestyle=line, marker=marker, markersize=5, capsize=3,
        )  # fmt: skip
        if marker:
            low, high = rows[metric] - spread, rows[metric] + spread
            ax.fill_between(rows["labels"], low, high, color=color, alpha=0.15, linewidth=0)
    counts = comparison.counts
    if counts:
        ax.set_xscale("log")
        ax.set_xticks(counts, [f"{n:,}" if n > 9999 else str(n) for n in counts])
        ax.minorticks_off()
    ax.set(xlabel="labels to learn from", ylabel=_score_label(comparison))
    below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.2), "ncols": 2}
    legend(ax, **below if len(comparison.methods) > MOST_INSIDE else {})
    return ax


def side_by_side(comparison: Comparison, ax: Any = None) -> Any:
    """Every method at one height: a small mark a seed, a large one their mean, a bar the spread over the seeds.

    Where a comparison has several numbers of labels, each method stands there once for each.
    """
    rows = [(n, m) for n in comparison.counts for m in comparison.methods if comparison.cell(m, n)]
    ax = styled(ax, (5, 0.8 + 0.32 * len(rows)))
    looks, metric = _looks(comparison), comparison.task.metric.name
    for height, (labels, method) in enumerate(rows):
        scores = np.array([r.scores[metric] for r in comparison.cell(method, labels)])
        color, _, marker = looks[method]
        offsets = np.linspace(-SPREAD, SPREAD, len(scores)) if len(scores) > 1 else np.zeros(1)
        ax.plot(scores, height + offsets, marker or "|", linestyle="none", color=color, markersize=4, alpha=0.6)
        spread = scores.std(ddof=1) if len(scores) > 1 else 0.0
        ax.errorbar(
            scores.mean(), height, xerr=spread, fmt=marker or "|", color=color, markersize=9, capsize=4,
            markeredgecolor=INK, label=method,
        )  # fmt: skip
    several = len(comparison.counts) > 1
    ax.set_yticks(range(len(rows)), [f"{shortened(m)}, {n} labels" if several else shortened(m) for n, m in rows])
    ax.set(xlabel=_score_label(comparison))
    ax.invert_yaxis()
    ax.grid(axis="y", alpha=0)
    return ax


def time_and_score(comparison: Comparison, ax: Any = None) -> Any:
    """Seconds of training against the main metric, a mark a run; a line joins a method's means over the labels."""
    ax = styled(ax)
    metric = comparison.task.metric.name
    for method, (color, line, marker) in _looks(comparison).items():
        runs = [r for r in comparison.results if r.method == method and r.kind != BASELINE]
        if not runs:
            continue
        ax.plot(
            [r.seconds for r in runs], [r.scores[metric] for r in runs], marker, color=color, markersize=4, alpha=0.5
        )  # fmt: skip
        cells = [comparison.cell(method, n) for n in comparison.counts if comparison.cell(method, n)]
        means = [(np.mean([r.seconds for r in c]), np.mean([r.scores[metric] for r in c])) for c in cells]
        ax.plot(
            *zip(*means, strict=True), linestyle=line, marker=marker, color=color, markersize=8,
            markeredgecolor=INK, label=method,
        )  # fmt: skip
    ax.set(xlabel="seconds of training", ylabel=_score_label(comparison))
    ax.set_xlim(0, None)
    legend(ax)
    return ax


def new_and_old(comparison: Comparison, ax: Any = None) -> Any:
    """The main metric against what is left of the old task, a mark a method; bars show the spread over the seeds.

    For a comparison with forgetting=True. The dotted line is the untouched checkpoint; where there are several numbers
    of labels a line joins a method's marks, and the larger mark has more. Of what started from random weights, which
    have no old task, the score alone is drawn, as a level. Raises ConfigError where no run looked back.
    """
    old, metric, table = comparison.old_metric, comparison.task.metric.name, comparison.table
    if old is None:
        raise ConfigError("No run of this comparison looked back at its old task; expected one with forgetting=True.")
    ax = styled(ax)
    for before in sorted({r.old_before[old] for r in comparison.results if old in r.old_before}):
        ax.axvline(before, color=INK, linestyle=":", linewidth=1)
        place = {"xycoords": ax.get_xaxis_transform(), "ha": "center", "va": "bottom"}
        ax.annotate("untouched", (before, 1), color=INK, fontsize="small", **place)
    for method, (color, line, marker) in _looks(comparison).items():
        rows = table[table["method"] == method].fillna({"spread": 0, "old_spread": 0})
        if marker and rows[old].isna().any():
            for level in rows[metric]:
                ax.axhline(level, color=color, linestyle=line, label=f"{method}: nothing to forget")
        elif marker:
            ax.plot(rows[old], rows[metric], linestyle=line, color=color, linewidth=1)
            sizes = np.linspace(6, 11, len(rows)) if len(rows) > 1 else [9]
            for size, row in zip(sizes, rows.to_dict("records"), strict=True):
                ax.errorbar(
                    row[old], row[metric], row["spread"], row["old_spread"], fmt=marker, color=color,
                    markersize=size, capsize=3, markeredgecolor=INK, label=method,
                )  # fmt: skip
    ax.set(xlabel=f"old task: {in_words(old)}", ylabel=_score_label(comparison))
    shown = dict(zip(*reversed(ax.get_legend_handles_labels()), strict=True))  # each name once
    ax.legend(list(shown.values()), list(shown), frameon=False, labelcolor=INK, fontsize="small")
    return ax


def sweep_map(sweep: Sweep, ax: Any = None) -> Any:
    """The mean validation score at every point of a sweep: the darker the better, the best framed and starred.

    A sweep of one setting is a row, one of two a table. Raises ConfigError for more settings.
    """
    names = list(sweep.grid)
    if len(names) > 2:
        raise ConfigError(
            f"This sweep has {len(names)} settings ({', '.join(names)}); a map shows one or two. Its table has all."
        )
    across, down = names[0], names[1] if len(names) == 2 else None
    columns, rows = sweep.grid[across], sweep.grid[down] if down else [None]
    ax = styled(ax, (1.6 + 0.8 * len(columns), 1.0 + 0.45 * len(rows)))
    scores = _scores(sweep, across, down)
    ax.grid(False)
    better = scores if sweep.task.metric.higher_is_better else -scores
    known = np.isfinite(better)
    low, high = (better[known].min(), better[known].max()) if known.any() else (0.0, 1.0)
    shades = np.where(known, (better - low) / ((high - low) or 1.0), np.nan)
    ax.imshow(np.ma.masked_invalid(shades), cmap=SHADES, vmin=0, vmax=1, aspect="auto")
    best = np.unravel_index(np.nanargmax(np.where(known, better, -np.inf)), better.shape) if known.any() else None
    scale = 100 if sweep.task.metric.is_share else 1
    for (row, column), score in np.ndenumerate(scores):
        if not np.isfinite(score):
            ax.text(column, row, "-", color=INK, ha="center", va="center")
            continue
        star = "★ " if (row, column) == best else ""
        color = readable_on(SHADES(float(shades[row, column])))
        ax.text(column, row, f"{star}{scale * score:.1f}", color=color, ha="center", va="center", fontsize="small")
    if best is not None:
        ax.add_patch(_frame(best))
    ax.set_xticks(range(len(columns)), [_short(v) for v in columns])
    ax.set_yticks(range(len(rows)), [_short(v) for v in rows] if down else [""])
    unit = " (%)" if scale == 100 else ""
    ax.set(xlabel=across.replace("_", " "), ylabel=down.replace("_", " ") if down else "")
    ax.set_title(f"{_score_label(sweep)}{unit}", fontsize="small", color=INK)
    return ax


def _scores(sweep: Sweep, across: str, down: str | None) -> np.ndarray:
    """Mean scores, (values of `down`, values of `across`) float64; nan where nothing was run yet."""
    rows, columns = sweep.grid[down] if down else [None], sweep.grid[across]
    found = np.full((len(rows), len(columns)), np.nan)
    for point in sweep.table.to_dict("records"):
        row = rows.index(point[down]) if down else 0
        found[row, columns.index(point[across])] = point[sweep.task.metric.name]
    return found


def _frame(place: Any) -> Any:
    """A frame around a cell, which shows in grey too."""
    from matplotlib.patches import Rectangle

    row, column = place
    return Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor="#E69F00", linewidth=2.5)


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)


def rate_curve(found: LearningRates, ax: Any = None) -> Any:
    """Training loss over the learning rate of a range test, on a log axis, with its running mean and the suggestion."""
    ax = styled(ax)
    (color, _, _), (mean, _, _), (mark, dashed, _) = STYLES[0], STYLES[1], STYLES[2]
    ax.plot(found.rates, found.losses, ".", color=color, markersize=5, alpha=0.8, label="loss of a step")
    ax.plot(found.rates, found.smoothed, "-", color=mean, linewidth=2, label="running mean")
    if found.suggested is not None:
        ax.axvline(found.suggested, color=mark, linestyle=dashed, label=f"suggested: {found.suggested:.1g}")
    ax.set_xscale("log")
    ax.xaxis.set_minor_formatter(NullFormatter())
    known = found.smoothed[np.isfinite(found.smoothed)]
    if known.size:
        ax.set_ylim(0, 1.3 * max(known[0], known.min() * 1.5))  # where it diverges, no more than that it does
    ax.set(xlabel="learning rate", ylabel="training loss")
    legend(ax)
    return ax
