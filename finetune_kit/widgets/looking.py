"""Looking: where a model looked in a picture, as a small picture beside its answer."""

from __future__ import annotations

import html
from typing import Any

import numpy as np

from .. import attribution, plots
from ..errors import FinetuneKitError
from ..runs import Run
from . import pictures

SIDE = 1.6  # inches
LEAST = 2  # rows and columns of a map: one of a single place says nothing


def looked(run: Run, row: dict[str, Any], said: str) -> str:
    """HTML of an answer, and beside it of where the model looked; the answer alone where that cannot be told.

    row: the prediction, of `run.predict`; said: the answer in HTML. By Grad-CAM, which costs one prediction, else by
    attention.
    """
    ways = (
        (attribution.grad_cam, f"What speaks for {row['prediction']} glows:"),
        (attribution.attention_map, "What the model looked at glows:"),
    )
    for way, says in ways:
        try:
            found = way(run, row["image"])
            if min(found.shape) >= LEAST and found.any():
                look = _drawn(attribution.as_seen(run, row["image"]), found, says)
                return f'<div style="display:flex;flex-wrap:wrap;gap:8px 24px"><div>{said}</div>{look}</div>'
        except FinetuneKitError:  # the prediction stands without
            continue
    return said


def _drawn(picture: Any, found: np.ndarray, says: str) -> str:
    size = (SIDE, SIDE * picture.height / picture.width)
    glowing = plots.png(lambda ax: plots.attribution_map(picture, found, ax=ax), 1, *size)
    title = html.escape(says)
    return f'<div style="line-height:1.4">{title}<br>{pictures.shown(glowing, round(96 * SIDE), title)}</div>'
