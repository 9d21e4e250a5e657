"""Pictures in panels: thumbnails in tables, and one that the user uploads or takes from the data."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as ipw

THUMBNAIL = 80  # pixels a side, at most
LEAST = 64  # pixels: smaller pictures are enlarged, without smoothing, so that they can be seen
OFFERED = 24  # pictures of the data that can be tried


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


def thumbnail(image: Any, side: int = THUMBNAIL) -> str:
    """A PIL image as HTML, `side` pixels wide or high at most, and tiny ones enlarged."""
    from PIL import Image

    scale = min(side / image.width, side / image.height)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    how = Image.Resampling.NEAREST if max(image.size) < LEAST else Image.Resampling.LANCZOS
    return shown(png(image.convert("RGB").resize(size, how)))


def uploaded(value: Any) -> list[bytes]:
    """The files in a FileUpload's value: a dict by name in ipywidgets 7, a tuple of dicts in 8."""
    files = value.values() if isinstance(value, dict) else value
    return [bytes(file["content"]) for file in files]


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
        self.upload.observe(lambda change: self._take(uploaded(change["new"])), "value")
        self.choice.observe(lambda change: self._take(self._chosen(change["new"])), "value")
        super().__init__([self.upload, self.choice], layout=ipw.Layout(flex_flow="row wrap"))

    def _chosen(self, number: int | None) -> list[Any]:
        return [] if number is None else [self._pictures[number]]

    def _take(self, files: list[Any]) -> None:
        if files:
            self.value = files[-1]
            self._ask()
