"""Pictures: contact sheets, and objects in their boxes."""

from __future__ import annotations

import io
import itertools
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ..errors import DataError
from .style import INK, WIDTH, shortened, styled

# A box that was found, one that was missed, one where nothing of the kind is.
VERDICTS = {"found": ("#009E73", "-"), "missed": ("#E69F00", "--"), "false": ("#D55E00", ":")}


class Sheet(Figure):  # type: ignore[misc]
    """A figure that a notebook shows even where pyplot was never imported."""

    def _repr_png_(self) -> bytes:
        out = io.BytesIO()
        self.savefig(out, format="png", bbox_inches="tight")
        return out.getvalue()


def contact_sheet(pictures: Any, titles: Any = (), columns: int = 8, most: int = 48) -> Sheet:
    """Pictures side by side, each under its title of one line or several.

    pictures: PIL images or arrays; of more than `most` the first. Raises DataError where there is none.
    """
    shown = list(pictures)[:most]
    if not shown:
        raise DataError("Found no picture to show.")
    lines = 0.13 * max([str(title).count("\n") + 1 for title in titles], default=0)  # inches
    figure, places = places_for(len(shown), columns, WIDTH / columns + lines)
    for ax, picture, title in itertools.zip_longest(places, shown, titles[: len(shown)]):
        show_picture(ax, picture)
        name = "\n".join(map(shortened, str(title).split("\n"))) if title is not None else ""
        ax.set_title(name, fontsize=7, color=INK, pad=2)
    return figure


def objects(picture: Any, boxes: Any, ax: Any = None) -> Any:
    """A picture with boxes, from a table with the columns label, left, top, right and bottom, in pixels.

    A column `verdict` (found, missed or false) gives colour and line style, a column `score` stands beside the label.
    """
    ax = styled(ax, (4, 4))
    ax.grid(False)
    ax.axis("off")
    show_picture(ax, picture)
    outline(ax, boxes, 1.8)
    return ax


def places_for(count: int, columns: int, height: float) -> tuple[Sheet, Any]:
    """A figure as wide as a notebook with places for so many pictures, each `height` inches with its title."""
    across, rows = min(columns, count), -(-count // columns)
    figure = Sheet(figsize=(WIDTH / columns * across, height * rows), layout="constrained")
    figure.patch.set_alpha(0)
    places = figure.subplots(rows, across, squeeze=False).ravel()
    for ax in places:
        ax.axis("off")
    return figure, places[:count]


def show_picture(ax: Any, picture: Any) -> None:
    """Draw a picture on Axes, its pixels sharp."""
    pixels = np.asarray(picture)
    ax.imshow(pixels, cmap="gray" if pixels.ndim == 2 else None, vmin=0, vmax=255, interpolation="nearest")


def outline(ax: Any, boxes: Any, width: float) -> None:
    """Draw boxes with their labels on Axes, as lines of so many points."""
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
