"""The box for a sound to ask about: uploaded, recorded, or one of the data's; it is seen and heard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as ipw

from ..data import sounds
from ..errors import FinetuneKitError
from ..vectors import RATE
from . import parts, sound
from .recorder import Recorder
from .uploads import files

OFFERED = 24  # sounds of the data that can be tried
ACCEPTED = "audio/*,.wav,.flac,.ogg,.mp3"


class SoundBox(ipw.VBox):  # type: ignore[misc]
    """A sound to ask about. value: the bytes of its file, or None.

    ask: called when another one is chosen. dataset: the data's own, with a column `audio`.
    """

    def __init__(self, dataset: Any, ask: Callable[[], None]):
        self.value: bytes | None = None
        self._dataset, self._ask = dataset, ask
        self.upload = ipw.FileUpload(accept=ACCEPTED, multiple=False, description="Your sound")
        numbers = range(min(OFFERED, len(dataset)))
        options = [("–", None), *((f"validation sound {number + 1}", number) for number in numbers)]
        self.choice = ipw.Dropdown(options=options, description="or", layout=ipw.Layout(width="280px"))
        self.heard = ipw.HTML()
        self.upload.observe(lambda change: self._take(files(change["new"])), "value")
        self.choice.observe(lambda change: self._take(self._chosen(change["new"])), "value")
        self.recorder = Recorder(lambda raw: self._take([("your recording", raw)]))
        wrapped = ipw.Layout(flex_flow="row wrap", align_items="center")
        super().__init__([ipw.HBox([self.upload, self.recorder, self.choice], layout=wrapped), self.heard])

    def _chosen(self, number: int | None) -> list[tuple[str, bytes]]:
        if number is None:
            return []
        (raw,) = sounds.stored_sounds(self._dataset.select([number]))
        return [(f"validation sound {number + 1}", raw)]

    def _take(self, found: list[tuple[str, bytes]]) -> None:
        """Show and play the last of some files, by name, and ask about it; or say why it is no sound."""
        if not found:
            return
        name, raw = found[-1]
        try:
            clip = sounds.samples(raw, RATE, name)
            self.value, self.heard.value = raw, f"{sound.player(clip, name)}<br>{sound.look(clip)}"
        except FinetuneKitError as error:
            self.value, self.heard.value = None, parts.message(str(error), "error")
        self._ask()
