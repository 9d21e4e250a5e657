"""Spans: where in a passage an answer begins and where it ends."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tasks.question_answering import SILENCE
from .style import INK, STYLES, legend, shortened, styled

WORTH = 0.05  # a token that is less likely than this at both ends is left out, but for those beside it


def span_scores(table: Any, ax: Any = None) -> Any:
    """How likely each token begins and ends the answer, from `ftk.span_scores`: bars upwards and downwards.

    Stretches of unlikely tokens become an ellipsis, for a passage has a hundred; no answer stands first.
    """
    shown = _shown(table)
    ax = styled(ax, (7, 3))
    places = np.arange(len(shown))
    (upper, *_), (lower, *_) = STYLES[:2]
    ax.bar(places, shown["start"], color=upper, label="begins the answer")
    ax.bar(places, -shown["end"], color=lower, hatch="///", edgecolor=INK, linewidth=0, label="ends it")
    ax.axhline(0, color=INK, linewidth=1)
    ax.set_xticks(places, [shortened(token) for token in shown["token"]], rotation=60, ha="right", fontsize="small")
    most = 1.05 * max(shown["start"].max(), shown["end"].max())
    ax.set(ylabel="probability", xlim=(-0.6, len(shown) - 0.4), ylim=(-most, most))
    ax.grid(visible=False, axis="x")
    ax.yaxis.set_major_formatter(lambda value, _: f"{abs(value):.1f}")
    legend(ax)
    return ax


def _shown(table: Any) -> Any:
    """The likely tokens with one neighbour on each side, and an ellipsis for each stretch between them."""
    import pandas as pd

    likely = table[["start", "end"]].max(axis=1) >= WORTH
    near = np.convolve(likely, [1, 1, 1], "same").astype(bool) | (table["token"] == SILENCE).to_numpy()
    rows, gap = [], {"token": "…", "start": 0.0, "end": 0.0}
    for keep, row in zip(near, table.to_dict("records"), strict=True):
        if keep:
            rows.append(row)
        elif rows[-1] is not gap:
            rows.append(gap)
    return pd.DataFrame(rows)
