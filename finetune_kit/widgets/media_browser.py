"""What the data browsers for pictures and for sounds have in common: tabs, filters, pages, balance, repeats, code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar

import ipywidgets as ipw

from .. import tasks
from ..data.repeats import Place
from ..inspection.media import MediaInspection
from ..tasks import Task
from . import parts
from .notice import Notice
from .paging import PageTurner

LISTED = 30  # repeats in the table

Tabs = dict[str, tuple[list[Any], Callable[[], None]]]


class MediaBrowser(ipw.VBox):  # type: ignore[misc]
    """The panel. Attributes of use in code: `inspection`, and `error`, a message or ''.

    task, model, settings: as in `fine_tune`; no model is read. Raises a FinetuneKitError for bad data.

    inspect: makes the inspection of a task. door: the function of the front door that does.
    per_page: how many are shown at a time.
    """

    inspection: Any  # of the kind that `inspect` makes
    inspect: ClassVar[type[MediaInspection]]
    door: ClassVar[str]
    per_page: ClassVar[int]

    def __init__(self, task: str | Task, model: str | None = None, **settings: Any):
        self.config = tasks.configure(task, model, **settings)
        self._given = isinstance(task, Task)
        self.inspection = type(self).inspect(task if isinstance(task, Task) else tasks.resolve(self.config))
        self._rows: list[int] = []
        self._fresh: set[str] = set()  # the tabs that are drawn
        super().__init__(self._parts())
        self._guarded(self._open)

    @property
    def error(self) -> str:
        """What went wrong last, or ''."""
        return self.message.error

    # --- what each kind adds

    def _own_tabs(self) -> Tabs:
        """The tabs that stand between 'Balance' and 'Repeats': their widgets, and what draws them."""
        raise NotImplementedError

    def _draw_cards(self, shown: list[int]) -> str:
        """These rows of the chosen split as HTML, or '' where there is none."""
        raise NotImplementedError

    def _example(self, place: Place) -> list[Any]:
        """An example in the table of repeats: what it is called, and itself."""
        raise NotImplementedError

    def _own_source(self, title: str) -> list[str]:
        """The code that does what a tab of this kind's own shows."""
        raise NotImplementedError

    def _page_source(self) -> list[str]:
        """The code that shows what is on the page, from `examples` on."""
        raise NotImplementedError

    def _beside(self) -> list[Any]:
        """Widgets around the page: above it what explains it."""
        return [self.page]

    # --- what it looks like

    @property
    def _noun(self) -> str:
        return type(self.inspection).noun.capitalize()

    def _parts(self) -> list[Any]:
        self.message, self.summary, self.code = Notice(), ipw.HTML(), ipw.HTML()
        self.page, self.class_table, self.repeats = ipw.HTML(), ipw.HTML(), ipw.HTML()
        self.balance = parts.balance_picture()
        self.balance.widget.layout.max_width = "min(100%, 760px)"
        tabs: Tabs = {
            self._noun: ([self._filters(), self._turner(), *self._beside()], self._draw_page),
            "Balance": ([self.balance.widget, self.class_table], self._draw_balance),
            **self._own_tabs(),
            "Repeats": ([self.repeats], self._draw_repeats),
        }
        self._draw = {title: draw for title, (_, draw) in tabs.items()}
        self.tabs = ipw.Tab(children=[ipw.VBox(some) for some, _ in tabs.values()])
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
        self.turner = PageTurner(self.per_page, lambda: self._guarded(self._draw_page))
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
        self._fresh.add(self._noun)
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
        self.page.value = self._draw_cards(self._rows[self.turner.page]) or parts.message(self._nothing())
        self.turner.tell()

    def _nothing(self) -> str:
        """Why nothing is shown."""
        if not len(self.inspection.splits[self.split.value]):
            return f"The {self.split.value} split is empty."
        wanted = [f"of the class {self.label.value!r}"] if self.label.value else []
        wanted += ["that stands anywhere else"] if self.order.value == "repeats" else []
        return f"The {self.split.value} split has no {self._noun.lower()[:-1]} {' and '.join(wanted)}."

    def _copies(self, place: Place) -> list[str]:
        """Where else an example stands, of which the first place is named."""
        copies = self.inspection.copies.get(place, []) if self.inspection.checked else []
        notes = [f"{kind} as {split}[{row}]" for kind, (split, row) in copies[:1]]
        return notes + ([f"and {len(copies) - 1} more"] if len(copies) > 1 else [])

    def _counted(self) -> str:
        """What the table of classes counts, of several."""
        return self._noun

    def _draw_balance(self) -> None:
        classes = self.inspection.classes
        self.balance.update(classes, force=True)
        rows = [[name, *(f"{counts[name]:,}" for counts in classes.values())] for name in self.inspection.names]
        self.class_table.value = parts.table(["class", *classes], rows, f"{self._counted()} of each class:")

    def _draw_repeats(self) -> None:
        noun = self._noun
        if not self.inspection.checked:
            count = sum(map(len, self.inspection.splits.values()))
            self.message.tell(f"Looking at {count:,} {noun.lower()} ...")
            self._fresh.discard(noun)  # whose cards can now say what repeats
        found = self.inspection.repeats
        self.message.tell("")
        counts = Counter((one.kind, one.first[0], one.again[0]) for one in found)
        kinds = [[kind, first, again, f"{count:,}"] for (kind, first, again), count in counts.items()]
        rows = [[one.kind, *self._example(one.first), *self._example(one.again)] for one in found[:LISTED]]
        caption = f"The first {len(rows)} of {len(found):,} pairs:" if len(found) > len(rows) else "The pairs:"
        table = parts.table(["", "first in", "again in", noun.lower()], kinds, f"{noun} that come again:")
        pairs = parts.table(["", "first", "", "again", ""], rows, caption)
        self.repeats.value = f"{table}<br>{pairs}" if rows else parts.message(self._no_repeats())
        self._sum_up()

    def _no_repeats(self) -> str:
        """What is said where nothing comes again."""
        return f"No {self._noun.lower()[:-1]} stands twice."

    # --- as code

    def _source(self) -> list[str]:
        """The code that does what the open tab shows."""
        given = {name: value for name, value in self.config.to_dict().items() if name not in ("task", "model")}
        task = "task" if self._given else repr(self.config.task)
        arguments = ", ".join([task, *(f"{name}={value!r}" for name, value in given.items())])
        head = ["import finetune_kit as ftk", "", f"inspection = ftk.{self.door}({arguments})"]
        if self._title == self._noun:
            return [*head, "print(inspection)", *self._find_source(), *self._page_source()]
        if self._title == "Augmentation":  # the random numbers are torch's
            return ["import torch", *head, *self._own_source(self._title)]
        common = {
            "Balance": ["bars = ftk.plots.class_balance(inspection.classes)"],
            "Repeats": ["repeats = inspection.repeats"],
        }
        return head + (common.get(self._title) or self._own_source(self._title))

    def _find_source(self) -> list[str]:
        wanted = {"label": self.label.value, "order": self.order.value}
        wanted = {name: value for name, value in wanted.items() if value not in ("", "as is")}
        find = [repr(self.split.value), *(f"{name}={value!r}" for name, value in wanted.items())]
        page = self.turner.page
        return [
            f"rows = inspection.find({', '.join(find)})",
            f"examples = inspection.examples({self.split.value!r}, rows[{page.start}:{page.stop}])",
        ]
