"""Sounds in panels: players in tables and on cards, and one clip seen and heard."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .. import hearing, plots
from ..data import sounds
from ..vectors import RATE
from . import pictures

PLAYED = 30  # seconds of a long sound that a player holds: more would make the notebook large
WIDTH = 232  # pixels: of a card, and of the player on it
HEIGHT = 80  # pixels of the spectrogram on a card
STYLE = f"""<style>
.ftk-sounds {{ display: flex; flex-wrap: wrap; gap: 14px 12px; padding: 4px }}
.ftk-sound {{ margin: 0; width: {WIDTH}px; font-size: 12px; line-height: 1.35; overflow-wrap: anywhere }}
.ftk-sound span {{ opacity: .8 }}
.ftk-sound img {{ width: 100%; height: {HEIGHT}px; image-rendering: auto; display: block; margin-bottom: 3px }}
</style>"""


def is_sound(value: Any) -> bool:
    """Whether it is a cell of a column of sounds: a file's bytes and its path."""
    return isinstance(value, dict) and isinstance(value.get("bytes"), bytes)


def player(clip: np.ndarray, title: str = "sound", rate: int = RATE) -> str:
    """A clip as HTML that plays it, as every browser can: mono in 16 bits; of a long one the beginning.

    clip: (samples,) from -1 to 1 at `rate` samples a second. title: read out in its place.
    """
    import soundfile

    held = io.BytesIO()
    soundfile.write(held, np.clip(clip[: PLAYED * rate], -1, 1), rate, "PCM_16", format="WAV")
    code = base64.b64encode(held.getvalue()).decode("ascii")
    seconds = len(clip) / rate
    cut = f"<div>The first {PLAYED} of {seconds:,.0f} s.</div>" if seconds > PLAYED else ""
    name, style = html.escape(title), f"width:{WIDTH}px;height:36px;vertical-align:middle"
    source = f'src="data:audio/wav;base64,{code}"'
    return f'<audio controls aria-label="{name}" title="{name}" {source} style="{style}"></audio>{cut}'


def played(cell: Any, title: str = "sound") -> str:
    """What stands in a cell of a column of sounds as HTML that plays it."""
    return player(sounds.samples(cell, RATE), title)


def cards(some: Iterable[str]) -> str:
    """Cards side by side, in as many columns as there is room for."""
    return f'{STYLE}<div class="ftk-sounds">{"".join(some)}</div>'


def card(clip: np.ndarray, head: str, lines: Sequence[str] = (), top: float | None = None) -> str:
    """A clip at 16 kHz as HTML: its spectrogram, a player, a line in bold and others.

    `cards` puts several side by side. top: the decibels of the lightest shade, by default those
    of the clip's loudest place.
    """
    from PIL import Image

    title = ", ".join([head, *lines])
    pixels = plots.spectrogram_pixels(hearing.log_mel(clip), top)
    seen = pictures.shown(pictures.png(Image.fromarray(pixels)), title=html.escape(f"spectrogram of {title}"))
    below = "".join(f"<br><span>{html.escape(line)}</span>" for line in lines)
    return f'<div class="ftk-sound">{seen}{player(clip, title)}<div><b>{html.escape(head)}</b>{below}</div></div>'


def look(clip: np.ndarray) -> str:
    """The waveform and the spectrogram of a clip at 16 kHz side by side, as HTML."""

    def draw(axes: list[Any]) -> None:
        plots.waveform(clip, ax=axes[0])
        plots.spectrogram(hearing.log_mel(clip), ax=axes[1])

    return pictures.shown(plots.png(draw, 2), round(96 * plots.WIDTH), "waveform and log-mel spectrogram")
