"""Curves: losses and metrics over the steps of a run."""

from __future__ import annotations

from typing import Any

from ..history import History
from .style import INK, STYLES, legend, styled


def loss_curve(history: History, ax: Any = None) -> Any:
    """Training and validation loss over the steps."""
    ax = styled(ax)
    for (color, line, marker), name in zip(STYLES, ("train_loss", "validation_loss"), strict=False):
        steps, values = history.series(name)
        if steps:
            dots = marker if name.startswith("validation") else None
            ax.plot(steps, values, line, color=color, marker=dots, markersize=4, label=name.split("_")[0])
    ax.set(xlabel="step", ylabel="loss", ylim=(0, None))
    ax.set_xlim(0, 1.03 * max(history.total_steps, 1))
    legend(ax)
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
    ax = styled(ax)
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
    legend(ax, loc="lower right" if higher_is_better else "lower left")  # where the curve does not come
    return ax


def perplexity_curve(history: History, ax: Any = None) -> Any:
    """Perplexity on held-out works over the steps, on a log axis, from its value before training on."""
    ax = styled(ax)
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
    legend(ax)
    return ax
