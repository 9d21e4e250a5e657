"""The data browser for sounds: heard and seen page by page; balance, lengths, augmentation and repeats."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import ipywidgets as ipw
import numpy as np

from .. import hearing, plots
from ..data.repeats import Place
from ..inspection.sounds import SoundExample, SoundInspection
from ..sound_augmentation import WAYS, SoundAugmentation
from ..vectors import RATE
from . import parts, sound
from .augmenting import Augmenter
from .media_browser import MediaBrowser, Tabs

STEEPEST = 40  # dB: the highest signal-to-noise ratio to choose


class SoundBrowser(MediaBrowser):
    """The panel. Attributes of use in code: `inspection`, a SoundInspection, and `error`, a message or ''."""

    inspect, door, per_page = SoundInspection, "inspect_sounds", 8

    def _own_tabs(self) -> Tabs:
        self.length_table = ipw.HTML()
        self.lengths = parts.LivePicture(_lengths_png)
        self.lengths.widget.layout.max_width = "min(100%, 760px)"
        self.augmenter = SoundAugmenter(self.inspection, self._guarded)
        lengths = [self.lengths.widget, self.length_table]
        return {"Lengths": (lengths, self._draw_lengths), "Augmentation": ([self.augmenter], self.augmenter.draw)}

    def _beside(self) -> list[Any]:
        self.closer = ipw.Dropdown(description="Look closer", options=[("–", None)])
        self.closer.observe(lambda _: self._guarded(self._look_closer), "value")
        self.look = ipw.HTML()
        return [self.page, self.closer, self.look]

    def _draw_cards(self, shown: list[int]) -> str:
        examples = self.inspection.examples(self.split.value, shown)
        self.closer.options = [("–", None), *((f"{_name(one.place)}: {one.truth}", one.place) for one in examples)]
        self.closer.value = None
        made = [
            sound.card(one.clip, one.truth, [f"{_name(one.place)}, {self._levels(one)}", *self._copies(one.place)])
            for one in examples
        ]
        return sound.cards(made) if made else ""

    def _levels(self, example: SoundExample) -> str:
        said = [f"{example.seconds:.2f} s"]
        if self.inspection.checked:
            split, row = example.place
            heard = self.inspection.levels[split]
            said += [f"{heard.rates[row]:,} Hz"] if heard.rates[row] != RATE else []
            said += [f"{heard.channels[row]} channels"] if heard.channels[row] > 1 else []
            said += [mark for mark in ("silent", "clipped") if getattr(heard, mark)[row]]
        return ", ".join(said)

    def _look_closer(self) -> None:
        place = self.closer.value
        self.look.value = "" if place is None else sound.look(self.inspection.examples(place[0], [place[1]])[0].clip)

    def _example(self, place: Place) -> list[Any]:
        (example,) = self.inspection.examples(place[0], [place[1]])
        return [f"{_name(place)}: {example.truth}", {"bytes": example.raw, "path": None}]

    def _draw_lengths(self) -> None:
        heard = self.inspection
        self.lengths.update(heard.seconds, getattr(heard.task, "seconds", None), force=True)
        table = heard.table
        rows = [[*map(_said, row)] for row in table.astype(object).to_numpy()]
        self.length_table.value = parts.table(list(table.columns), rows, "Lengths of the sounds in seconds:")

    def _own_source(self, title: str) -> list[str]:
        if title == "Augmentation":
            return self.augmenter.source("" if self._given else self.config.task)
        return ["lengths = ftk.plots.sound_lengths(inspection.seconds)", "print(inspection.table)"]

    def _page_source(self) -> list[str]:
        place, page = self.closer.value, [self.split.value, self._rows[self.turner.page]]
        number = page[1].index(place[1]) if place is not None and place[1] in page[1] else 0
        return [
            f"wave = ftk.plots.waveform(examples[{number}].clip)",
            f"heat = ftk.plots.spectrogram(examples[{number}].log_mel)",
        ]


@dataclass(frozen=True, eq=False)
class _Draw:
    """A clip as training may hear it, float32 (samples,) at 16 kHz."""

    clip: np.ndarray


class SoundAugmenter(Augmenter):
    """The preview for sounds: heard and seen. `shown` have a `clip` each, mono samples at 16 kHz."""

    known, draws, noun = WAYS, 5, "sound"
    advice = (
        "Augmentation alters the sounds that training hears, anew at every step. It is off for validation and test, "
        "whose scores are those of the sounds as they are. Choose only what leaves the class as it is, and listen: "
        "a word that you no longer understand teaches nothing."
    )

    def _more(self) -> Iterable[Any]:
        low, high = self.inspection.task.augment.ratios
        edges = min(-10, low), max(STEEPEST, high)
        self.ratios = ipw.FloatRangeSlider(
            value=(low, high), min=edges[0], max=edges[1], step=1, description="Noise", continuous_update=False,
            readout_format=".0f", layout=ipw.Layout(width="420px"),
        )  # fmt: skip
        return [self.ratios, ipw.HTML(parts.message("The noise is at so many decibels below the sound: 0 is as loud."))]

    def _draw(self, original: SoundExample) -> list[_Draw]:
        augment = SoundAugmentation(self.ways, tuple(self.ratios.value))
        return [_Draw(augment(original.clip)) for _ in range(self.draws)]

    def _cards(self, heads: list[str]) -> str:
        top = float(hearing.log_mel(self.shown[0].clip).max())  # of all, so that louder is lighter
        return sound.cards(
            sound.card(one.clip, head, [f"{len(one.clip) / RATE:.2f} s"], top)
            for head, one in zip(heads, self.shown, strict=True)
        )

    def source(self, task: str) -> list[str]:
        """The lines of code that make these draws. task: the name of a task that fine_tune takes, or ''."""
        ratios = tuple(self.ratios.value)
        return [
            f"augment = ftk.SoundAugmentation({self.ways}, {ratios})",
            f"torch.manual_seed({self.seed})",
            f"(example,) = inspection.examples('train', [{self.row.value}])",
            f"draws = [augment(example.clip) for _ in range({self.draws})]",
            "heat = ftk.plots.spectrogram(ftk.log_mel(draws[0]))",
            "# To hear it: IPython.display.Audio(draws[0], rate=16_000)",
            self._use(task, {"augment": self.ways, "ratios": list(ratios)}),
        ]


def _name(place: Place) -> str:
    return f"{place[0]}[{place[1]}]"


def _said(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"


def _lengths_png(seconds: dict[str, np.ndarray], most: float | None) -> bytes:
    return plots.png(lambda ax: plots.sound_lengths(seconds, most, ax))
