"""Pictures in panels: thumbnails in tables and on cards, and one that the user uploads or takes from the data."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import ipywidgets as ipw

from . import uploads

THUMBNAIL = 80  # pixels a side, at most
LEAST = 64  # pixels: smaller pictures are enlarged, without smoothing, so that they can be seen
OFFERED = 24  # pictures of the data that can be tried
CARD, BOXED_CARD = 120, 176  # pixels a side of the picture on a card at most, without and with boxes

# Of boxes, by class: Okabe and Ito's colours and three kinds of line, which together tell 21 classes apart.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442")
LINES = ("solid", "dashed", "dotted")
CARD_STYLE = """<style>
.ftk-cards { display: flex; flex-wrap: wrap; gap: 14px 10px; padding: 4px }
.ftk-card { margin: 0; font-size: 12px; line-height: 1.35; overflow-wrap: anywhere }
.ftk-card figcaption { margin-top: 3px }
.ftk-card figcaption span { opacity: .8 }
.ftk-framed { position: relative; display: inline-block; line-height: 0 }
.ftk-box { position: absolute; outline-width: 2px; box-shadow: 0 0 0 3px rgba(255, 255, 255, .8) }
.ftk-key { display: inline-block; width: 16px; height: 10px; outline-width: 2px; margin: 0 7px 0 16px }
</style>"""


def is_picture(value: Any) -> bool:
    """Whether it is a PIL image."""
    return hasattr(value, "getexif")


def png(image: Any) -> bytes:
    """A PIL image as a file."""
    held = io.BytesIO()
    image.convert("RGB").save(held, "PNG")
    return held.getvalue()


def shown(raw: bytes, width: int | None = None, title: str = "picture") -> str:
    """A PNG as HTML, `width` pixels wide."""
    size = f' width="{width}"' if width else ""
    code = base64.b64encode(raw).decode("ascii")
    return f'<img alt="{title}" src="data:image/png;base64,{code}"{size} style="image-rendering:auto;max-width:100%">'


def thumbnail(image: Any, side: int = THUMBNAIL, title: str = "picture") -> str:
    """A PIL image as HTML, `side` pixels wide or high at most, and tiny ones enlarged. title: read out in its place."""
    from PIL import Image

    scale = min(side / image.width, side / image.height)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    how = Image.Resampling.NEAREST if max(image.size) < LEAST else Image.Resampling.LANCZOS
    return shown(png(image.convert("RGB").resize(size, how)), title=html.escape(title))


def cards(some: Iterable[str]) -> str:
    """Cards side by side, in as many columns as there is room for."""
    return f'{CARD_STYLE}<div class="ftk-cards">{"".join(some)}</div>'


def card(image: Any, head: str, lines: Iterable[str] = (), objects: Any = None, names: Sequence[str] = ()) -> str:
    """A picture as HTML above a line in bold and others; `cards` puts several side by side.

    objects: a frame of label, left, top, right and bottom in pixels, drawn as boxes. names: all
    classes in order, which give a box its colour and line; `legend` says which.
    """
    side = CARD if objects is None else BOXED_CARD
    title = ", ".join([head, *lines])
    boxes = "" if objects is None else "".join(_box(row, image.size, names) for row in objects.to_dict("records"))
    below = "".join(f"<br><span>{html.escape(line)}</span>" for line in lines)
    return (
        f'<figure class="ftk-card" style="width:{side}px">'
        f'<div class="ftk-framed">{thumbnail(image, side, title)}{boxes}</div>'
        f"<figcaption><b>{html.escape(head)}</b>{below}</figcaption></figure>"
    )


def _box(row: dict[str, Any], size: tuple[int, int], names: Sequence[str]) -> str:
    """A box over a picture of (width, height), placed in shares of it, whatever size it is shown at."""
    left, top = 100 * row["left"] / size[0], 100 * row["top"] / size[1]
    width, height = 100 * (row["right"] - row["left"]) / size[0], 100 * (row["bottom"] - row["top"]) / size[1]
    place = f"left:{left:.2f}%;top:{top:.2f}%;width:{width:.2f}%;height:{height:.2f}%"
    look = _look(list(names).index(row["label"]))
    return f'<div class="ftk-box" title="{html.escape(row["label"])}" style="{place};{look}"></div>'


def legend(names: Sequence[str]) -> str:
    """Which box stands for which class."""
    keys = (f'<span class="ftk-key" style="{_look(i)}"></span>{html.escape(name)}' for i, name in enumerate(names))
    return f'{CARD_STYLE}<div style="line-height:1.6">Boxes:{"".join(keys)}</div>'


def _look(number: int) -> str:
    """The line around the boxes of a class, which leaves what is in them free."""
    return f"outline-color:{COLOURS[number % len(COLOURS)]};outline-style:{LINES[number % len(LINES)]}"


class PictureBox(ipw.HBox):  # type: ignore[misc]
    """A picture to ask about: uploaded, or one of the data's. value: its bytes, a PIL image, or None.

    ask: called when another one is chosen. pictures: those of the data, PIL images.
    """

    def __init__(self, pictures: Sequence[Any], ask: Callable[[], None]):
        self.value: Any = None
        self.upload = ipw.FileUpload(accept="image/*", multiple=False, description="Your picture")
        numbers = range(min(OFFERED, len(pictures)))
        options = [("–", None), *((f"validation picture {number + 1}", number) for number in numbers)]
        self.choice = ipw.Dropdown(options=options, description="or", layout=ipw.Layout(width="280px"))
        self._pictures, self._ask = pictures, ask
        self.upload.observe(lambda change: self._take([raw for _, raw in uploads.files(change["new"])]), "value")
        self.choice.observe(lambda change: self._take(self._chosen(change["new"])), "value")
        super().__init__([self.upload, self.choice], layout=ipw.Layout(flex_flow="row wrap"))

    def _chosen(self, number: int | None) -> list[Any]:
        return [] if number is None else [self._pictures[number]]

    def _take(self, files: list[Any]) -> None:
        if files:
            self.value = files[-1]
            self._ask()
