"""The data browser for pictures: a contact sheet, balance, sizes, augmentation and repeats, before any training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import ipywidgets as ipw
import numpy as np

from .. import plots, tasks
from ..data.repeats import Place
from ..inspection.picture_examples import PictureExample
from ..inspection.pictures import PictureInspection
from ..tasks import Task
from . import parts, pictures
from .augmenting import Augmenter
from .notice import Notice
from .paging import PageTurner

PAGE = 24  # pictures a page
LISTED = 30  # repeats in the table


class PictureBrowser(ipw.VBox):  # type: ignore[misc]
    """The panel. Attributes of use in code: `inspection`, and `error`, a message or ''.

    task, model, settings: as in `inspect_pictures`. Raises a FinetuneKitError for bad data.
    """

    def __init__(self, task: str | Task = "image-classification", model: str | None = None, **settings: Any):
        self.config = tasks.configure(task, model, **settings)
        self._given = isinstance(task, Task)
        self.inspection = PictureInspection(task if isinstance(task, Task) else tasks.resolve(self.config))
        self._rows: list[int] = []
        self._fresh: set[str] = set()  # the tabs that are drawn
        super().__init__(self._parts())
        self._guarded(self._open)

    @property
    def error(self) -> str:
        """What went wrong last, or ''."""
        return self.message.error

    # --- what it looks like

    def _parts(self) -> list[Any]:
        self.message, self.summary, self.code = Notice(), ipw.HTML(), ipw.HTML()
        self.key, self.page, self.class_table, self.size_table, self.object_table, self.repeats = (
            ipw.HTML() for _ in range(6)
        )
        self.balance = parts.balance_picture()
        self.sizes, self.areas = parts.LivePicture(_sizes_png), parts.LivePicture(_areas_png)
        for picture in (self.balance, self.sizes, self.areas):
            picture.widget.layout.max_width = "min(100%, 760px)"
        self.augmenter = Augmenter(self.inspection, self._guarded)
        self._draw: dict[str, Callable[[], None]] = {
            "Pictures": self._draw_page,
            "Balance": self._draw_balance,
            "Sizes": self._draw_sizes,
            "Augmentation": self.augmenter.draw,
            "Repeats": self._draw_repeats,
        }
        children: list[list[Any]] = [
            [self._filters(), self._turner(), self.key, self.page],
            [self.balance.widget, self.class_table],
            [self.size_table, self.sizes.widget, self.object_table, self.areas.widget],
            [self.augmenter],
            [self.repeats],
        ]
        self.tabs = ipw.Tab(children=[ipw.VBox(some) for some in children])
        drawer = ipw.Accordion(children=[self.code], selected_index=None)
        drawer.set_title(0, "Show code")
        for place, title in enumerate(self._draw):
            self.tabs.set_title(place, title)
        self.tabs.observe(lambda _: self._guarded(self._show_tab), "selected_index")
        return [self.message, self.summary, self.tabs, drawer]

    def _filters(self) -> Any:
        splits, names = list(self.inspection.splits), self.inspection.names
        self.split = ipw.Dropdown(options=[(name, name) for name in splits], value=splits[0], description="Split")
        self.label = parts.class_filter(names)
        self.order = ipw.Dropdown(options=[(o, o) for o in self.inspection.orders], value="as is", description="Order")
        shown = [self.split, self.label, self.order]
        for control in shown:
            control.observe(lambda _: self._guarded(self._find), "value")
        return ipw.HBox(shown, layout=ipw.Layout(flex_flow="row wrap"))

    def _turner(self) -> Any:
        self.turner = PageTurner(PAGE, lambda: self._guarded(self._draw_page))
        self.back, self.forth, self.position = self.turner.back, self.turner.forth, self.turner.position
        return self.turner

    # --- what it does

    def _guarded(self, work: Callable[[], None]) -> None:
        """Do some work and show its code, or in the panel what goes wrong."""

        def shown() -> None:
            work()
            self.code.value = parts.code("\n".join(self._source()))

        self.message.tell("")
        self.message.guard(shown)

    def _open(self) -> None:
        self._sum_up()
        self._fresh.add("Pictures")
        self._find()

    def _find(self) -> None:
        self._rows = self.inspection.find(self.split.value, self.label.value or None, self.order.value)
        self.turner.begin(len(self._rows))
        self._draw_page()

    def _show_tab(self) -> None:
        """Draw the open tab, unless it is drawn already."""
        if self._title not in self._fresh:
            self._draw[self._title]()
            self._fresh.add(self._title)

    @property
    def _title(self) -> str:
        return list(self._draw)[self.tabs.selected_index or 0]

    # --- what it shows

    def _sum_up(self) -> None:
        self.summary.value = parts.summed_up(self.inspection.summary, self.inspection.warnings)

    def _draw_page(self) -> None:
        shown = self._rows[self.turner.page]
        cards = [self._card(example) for example in self.inspection.examples(self.split.value, shown)]
        self.key.value = pictures.legend(self.inspection.names) if self.inspection.boxed else ""
        self.page.value = pictures.cards(cards) if cards else parts.message(self._nothing())
        self.turner.tell()

    def _nothing(self) -> str:
        """Why no picture is shown."""
        if not len(self.inspection.splits[self.split.value]):
            return f"The {self.split.value} split is empty."
        wanted = [f"of the class {self.label.value!r}"] if self.label.value else []
        wanted += ["that stands anywhere else"] if self.order.value == "repeats" else []
        return f"The {self.split.value} split has no picture {' and '.join(wanted)}."

    def _card(self, example: PictureExample) -> str:
        place, truth, size = example.title.split("\n")
        copies = self.inspection.copies.get(example.place, []) if self.inspection.checked else []
        notes = [f"{kind} as {split}[{row}]" for kind, (split, row) in copies[:1]]
        notes += [f"and {len(copies) - 1} more"] if len(copies) > 1 else []
        return pictures.card(example.image, truth, [place, size, *notes], example.objects, self.inspection.names)

    def _draw_balance(self) -> None:
        classes = self.inspection.classes
        self.balance.update(classes, force=True)
        rows = [[name, *(f"{counts[name]:,}" for counts in classes.values())] for name in self.inspection.names]
        noun = "Objects" if self.inspection.boxed else "Pictures"
        self.class_table.value = parts.table(["class", *classes], rows, f"{noun} of each class:")

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

    def _draw_repeats(self) -> None:
        if not self.inspection.checked:
            self.message.tell(f"Looking at {sum(map(len, self.inspection.splits.values())):,} pictures ...")
            self._fresh.discard("Pictures")  # whose cards can now say what repeats
        found = self.inspection.repeats
        self.message.tell("")
        counts = Counter((one.kind, one.first[0], one.again[0]) for one in found)
        kinds = [[kind, first, again, f"{count:,}"] for (kind, first, again), count in counts.items()]
        rows = [[one.kind, *self._shown(one.first), *self._shown(one.again)] for one in found[:LISTED]]
        caption = f"The first {len(rows)} of {len(found):,} pairs:" if len(found) > len(rows) else "The pairs:"
        table = parts.table(["", "first in", "again in", "pictures"], kinds, "Pictures that come again:")
        pairs = parts.table(["", "first", "", "again", ""], rows, caption)
        none = "No picture stands twice, nor one that is nearly the same."
        self.repeats.value = f"{table}<br>{pairs}" if rows else parts.message(none)
        self._sum_up()

    def _shown(self, place: Place) -> list[Any]:
        (example,) = self.inspection.examples(place[0], [place[1]])
        return [f"{place[0]}[{place[1]}]: {example.truth}", example.image]

    # --- as code

    def _source(self) -> list[str]:
        """The code that does what the open tab shows."""
        given = {name: value for name, value in self.config.to_dict().items() if name not in ("task", "model")}
        task = "task" if self._given else repr(self.config.task)
        arguments = ", ".join([task, *(f"{name}={value!r}" for name, value in given.items())])
        head = ["import finetune_kit as ftk", "", f"inspection = ftk.inspect_pictures({arguments})"]
        if self._title == "Augmentation":
            return ["import torch", *head, *self.augmenter.source("" if self._given else self.config.task)]
        if self._title == "Pictures":
            return [*head, "print(inspection)", *self._sheet_source()]
        sizes = ["sizes = ftk.plots.picture_sizes(inspection.sizes)"]
        return (
            head
            + {
                "Balance": ["bars = ftk.plots.class_balance(inspection.classes)"],
                "Sizes": [*sizes, "print(inspection.objects)"] if self.inspection.boxed else sizes,
                "Repeats": ["repeats = inspection.repeats"],
            }[self._title]
        )

    def _sheet_source(self) -> list[str]:
        wanted = {"label": self.label.value, "order": self.order.value}
        wanted = {name: value for name, value in wanted.items() if value not in ("", "as is")}
        find = [repr(self.split.value), *(f"{name}={value!r}" for name, value in wanted.items())]
        page = self.turner.page
        sheet = "sheet = ftk.plots.contact_sheet([e.image for e in examples], [e.title for e in examples])"
        boxes = "first = ftk.plots.objects(examples[0].image, examples[0].objects)"
        return [
            f"rows = inspection.find({', '.join(find)})",
            f"examples = inspection.examples({self.split.value!r}, rows[{page.start}:{page.stop}])",
            boxes if self.inspection.boxed else sheet,
        ]


def _said(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:,}"


def _sizes_png(sizes: dict[str, np.ndarray]) -> bytes:
    return plots.png(lambda ax: plots.picture_sizes(sizes, ax), height=3.4)


def _areas_png(areas: dict[str, np.ndarray]) -> bytes:
    return plots.png(lambda ax: plots.object_areas(areas, ax))
