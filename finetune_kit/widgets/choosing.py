"""Choosing: labelled examples page by page, each with a choice of what shall become of it."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import ipywidgets as ipw

from ..tasks import Task
from . import parts, pictures, sound
from .paging import PageTurner

PAGE = 6  # examples a page
LONGEST = 300  # letters of a text that are shown
KEEP, DROP = -1, -2  # values of a choice; any other is the number of a class


class Pages(ipw.VBox):  # type: ignore[misc]
    """The examples of a split in the order of a table, as `cleaning.losses` gives it, a few at a time.

    choices: by split and row, DROP or the number of another class; kept when the page is turned
    and when another split is shown. changed: called when one of them changes. rows: the widgets
    of the page, each with a Dropdown `choice`.
    """

    def __init__(self, task: Task, splits: list[str], changed: Callable[[], None]):
        self.task, self.choices = task, {name: dict[int, int]() for name in splits}
        self._changed = changed
        self._split = splits[0]
        self._table: Any = None
        self.rows = [ExampleRow(self._choose) for _ in range(PAGE)]
        self.turner = PageTurner(PAGE, self._draw, order=", worst first")
        self.back, self.forth, self.position = self.turner.back, self.turner.forth, self.turner.position
        super().__init__([*self.rows, self.turner])
        self.clear()

    def clear(self) -> None:
        """Show nothing; the choices stay."""
        self._table = None
        self.turner.begin(0)
        self.layout.display = "none"

    def show(self, split: str, table: Any) -> None:
        """Show a split from the first row of its table on."""
        self._split, self._table = split, table
        self.turner.begin(len(table))
        self._draw()
        self.layout.display = ""

    def hold(self, still: bool) -> None:
        """Let nothing be chosen, or let it again; pages can be turned all the time."""
        for widget in self.rows:
            widget.choice.disabled = still

    def changes(self, split: str) -> tuple[dict[int, str], list[int]]:
        """The choices of a split as `clean` takes them: classes by row, and the rows to drop."""
        chosen = sorted(self.choices.get(split, {}).items())
        relabel = {row: self.task.classes[value] for row, value in chosen if value != DROP}
        return relabel, [row for row, value in chosen if value == DROP]

    def _draw(self) -> None:
        page = self._table.iloc[self.turner.page]
        part = self.task.splits[self._split].select(page["row"])
        asked = self.task.questions(part)
        for place, widget in enumerate(self.rows):
            if place < len(page):
                found = page.iloc[place]
                chosen = self.choices[self._split].get(found["row"], KEEP)
                widget.show(found["row"], card(asked[place], found), self._options(found), chosen)
            else:
                widget.hide()
        self.turner.tell()

    def _options(self, found: Any) -> list[tuple[str, int]]:
        """What may become of an example; the class that the run takes it for comes before the others."""
        others = [(name, number) for number, name in enumerate(self.task.classes) if name != found["truth"]]
        others.sort(key=lambda one: one[0] != found["prediction"])
        return [("Keep", KEEP), ("Drop", DROP), *((f"→ {name}", number) for name, number in others)]

    def _choose(self, row: int, value: int) -> None:
        chosen = self.choices[self._split]
        chosen.pop(row, None)
        if value != KEEP:
            chosen[row] = value
        self._changed()


class ExampleRow(ipw.HBox):  # type: ignore[misc]
    """One example, and what shall become of it. choose: called with the example's row and another choice."""

    def __init__(self, choose: Callable[[int, int], None]):
        self.row: int | None = None
        self.shown = ipw.HTML(layout=ipw.Layout(flex="1 1 380px"))
        self.choice = ipw.Dropdown(options=[("Keep", KEEP)], layout=ipw.Layout(width="280px"))
        self._choose = choose
        self.choice.observe(lambda change: self._take(change["new"]), "value")
        layout = ipw.Layout(flex_flow="row wrap", align_items="center", max_width="860px")
        super().__init__([self.shown, self.choice], layout=layout)

    def _take(self, value: int | None) -> None:
        if self.row is not None and value is not None:
            self._choose(self.row, value)

    def show(self, row: int, text: str, options: list[tuple[str, int]], value: int) -> None:
        """Show another example, as HTML, and what was chosen for it."""
        self.row = None  # the events of the options and of the value are no choice of the user's
        self.shown.value, self.choice.options, self.choice.value = text, options, value
        self.choice.description = f"Row {row}"
        self.row = int(row)
        self.layout.display = ""

    def hide(self) -> None:
        """Show nothing."""
        self.row = None
        self.layout.display = "none"


def card(asked: dict[str, Any], found: Any) -> str:
    """An example as HTML: what it is, its label, and what the run says of it.

    asked: the question's fields. found: the example's row of `cleaning.losses`.
    """
    truth, said = (f"<b>{html.escape(found[name])}</b>" for name in ("truth", "prediction"))
    verdict = f"labelled {truth} ({found['probability']:.1%})<br>the run says {said} ({found['confidence']:.0%})"
    if found["truth"] == found["prediction"]:
        verdict = f"labelled {truth}<br>the run says so too ({found['confidence']:.0%})"
    images = "".join(pictures.thumbnail(value) for value in asked.values() if pictures.is_picture(value))
    images += "".join(sound.played(value) for value in asked.values() if sound.is_sound(value))
    others = (v for v in asked.values() if not pictures.is_picture(v) and not sound.is_sound(v))
    texts = [html.escape(parts.shortened(value, LONGEST)) for value in others]
    look = "display:flex;align-items:center;gap:12px;line-height:1.4;padding:4px 0"
    beside = f'<div style="flex:none">{images}</div>' if images else ""
    return f'<div style="{look}">{beside}<div>{"<br>".join([*texts, verdict])}</div></div>'
