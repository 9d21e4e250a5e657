"""The data browser for pictures: a contact sheet, balance, sizes, augmentation and repeats, before any training."""

from __future__ import annotations

from typing import Any

import ipywidgets as ipw
import numpy as np

from .. import plots
from ..data.repeats import Place
from ..inspection.picture_examples import PictureExample
from ..inspection.pictures import PictureInspection
from . import parts, pictures
from .augmenting import PictureAugmenter
from .media_browser import MediaBrowser, Tabs


class PictureBrowser(MediaBrowser):
    """The panel. Attributes of use in code: `inspection`, a PictureInspection, and `error`, a message or ''."""

    inspect, door, per_page = PictureInspection, "inspect_pictures", 24

    def _own_tabs(self) -> Tabs:
        self.size_table, self.object_table = ipw.HTML(), ipw.HTML()
        self.sizes, self.areas = parts.LivePicture(_sizes_png), parts.LivePicture(_areas_png)
        for picture in (self.sizes, self.areas):
            picture.widget.layout.max_width = "min(100%, 760px)"
        self.augmenter = PictureAugmenter(self.inspection, self._guarded)
        sizes = [self.size_table, self.sizes.widget, self.object_table, self.areas.widget]
        return {"Sizes": (sizes, self._draw_sizes), "Augmentation": ([self.augmenter], self.augmenter.draw)}

    def _beside(self) -> list[Any]:
        self.key = ipw.HTML()
        return [self.key, self.page]

    def _counted(self) -> str:
        return "Objects" if self.inspection.boxed else "Pictures"

    def _no_repeats(self) -> str:
        return "No picture stands twice, nor one that is nearly the same."

    def _draw_cards(self, shown: list[int]) -> str:
        made = [self._card(example) for example in self.inspection.examples(self.split.value, shown)]
        self.key.value = pictures.legend(self.inspection.names) if self.inspection.boxed else ""
        return pictures.cards(made) if made else ""

    def _card(self, example: PictureExample) -> str:
        place, truth, size = example.title.split("\n")
        notes = self._copies(example.place)
        return pictures.card(example.image, truth, [place, size, *notes], example.objects, self.inspection.names)

    def _example(self, place: Place) -> list[Any]:
        (example,) = self.inspection.examples(place[0], [place[1]])
        return [f"{place[0]}[{place[1]}]: {example.truth}", example.image]

    def _draw_sizes(self) -> None:
        seen = self.inspection
        rows = [[*map(_said, row)] for row in seen.table.to_numpy()]
        self.size_table.value = parts.table(list(seen.table.columns), rows, "Width x height of the pictures in pixels:")
        if len(np.unique(np.concatenate(list(seen.sizes.values())), axis=0)) > 1:
            self.sizes.update(seen.sizes, force=True)
        if seen.boxed:
            self.areas.update({name: np.concatenate([np.zeros(0), *a]) for name, a in seen.areas.items()}, force=True)
            rows = [[*map(_said, row[:3]), *(f"{share:.2%}" for share in row[3:])] for row in seen.objects.to_numpy()]
            said = "How much of its picture the box of an object covers:"
            self.object_table.value = parts.table(list(seen.objects.columns), rows, said)

    def _own_source(self, title: str) -> list[str]:
        if title == "Augmentation":
            return self.augmenter.source("" if self._given else self.config.task)
        sizes = ["sizes = ftk.plots.picture_sizes(inspection.sizes)"]
        return [*sizes, "print(inspection.objects)"] if self.inspection.boxed else sizes

    def _page_source(self) -> list[str]:
        sheet = "sheet = ftk.plots.contact_sheet([e.image for e in examples], [e.title for e in examples])"
        boxes = "first = ftk.plots.objects(examples[0].image, examples[0].objects)"
        return [boxes if self.inspection.boxed else sheet]


def _said(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:,}"


def _sizes_png(sizes: dict[str, np.ndarray]) -> bytes:
    return plots.png(lambda ax: plots.picture_sizes(sizes, ax), height=3.4)


def _areas_png(areas: dict[str, np.ndarray]) -> bytes:
    return plots.png(lambda ax: plots.object_areas(areas, ax))
