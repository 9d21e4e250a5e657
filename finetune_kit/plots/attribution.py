"""Attribution: where in a picture a model looked, and which places moved its prediction."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import DataError
from .pictures import Sheet, outline, places_for
from .style import WIDTH, styled

DIMMED, GLOWING = 0.3, 0.7  # how much of a picture a glow over it takes, where it is least and where it is most


def attribution_map(picture: Any, values: Any, signed: bool = False, ax: Any = None) -> Any:
    """A picture in grey under a map of it: of what was looked at, or, `signed`, of what spoke for a prediction.

    values: (rows, columns) over the whole picture, a PIL image. What was looked at, from `ftk.grad_cam` or
    `ftk.attention_map`, glows, from dark to yellow at the largest value; no value below 0. Of signed ones, from
    `ftk.occlusion_map`, those above 0 are blue, those below orange, the stronger, the larger; those of less than a
    twentieth are left out.
    """
    ax = styled(ax, (3, 3))
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
    figure, places = places_for(len(rows), columns, WIDTH / columns * picture.height / picture.width)
    for number, (ax, shares) in enumerate(zip(places, attention.maps, strict=False)):
        attribution_map(picture, shares, ax=ax)
        outline(ax, rows.iloc[[number]], 1.0)
    return figure
