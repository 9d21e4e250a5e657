"""The data browser: what a task's examples look like to a model, before any training."""

from __future__ import annotations

import html
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets as ipw

from .. import catalog, checkpoints, plots, tasks
from ..data.splitting import text_column
from ..errors import DataError
from ..inspection import FORMATS, ORDERS, Example, Inspection
from ..tasks import Task
from . import parts
from .notice import Notice
from .paging import PageTurner
from .picture_browser import PictureBrowser
from .sound_browser import SoundBrowser

LENGTHS = (16, 32, 64, 128, 256, 512, 1024)
PAGE = 5  # examples a page
LISTED = 40  # repeats in the table
LONGEST = 160  # letters of a text in the table


def data_browser(
    task: str | Task = "sentiment", model: str | None = None, **settings: Any
) -> DataBrowser | PictureBrowser | SoundBrowser:
    """The panel that shows a task's data as a model reads them: pieces, lengths, balance, strange words, repeats.

    task, model, settings: as in `inspect`. A model that cannot be read is no exception but a
    message in the panel, where another can be chosen. Of a task over pictures a PictureBrowser, of one over sounds a
    SoundBrowser, for which no model is read. Raises a FinetuneKitError for bad data.
    """
    kind = task if isinstance(task, Task) else catalog.handler(catalog.task(task))
    panels = {"image": PictureBrowser, "audio": SoundBrowser}
    return panels.get(kind.fields[-1], DataBrowser)(task, model, **settings)


class DataBrowser(ipw.VBox):  # type: ignore[misc]
    """The panel. Attributes of use in code: `inspection`, None until a model was read, and `error`, a message or ''."""

    def __init__(self, task: str | Task = "sentiment", model: str | None = None, **settings: Any):
        self.config = tasks.configure(task, model, **settings)
        self._given = isinstance(task, Task)
        self.task = task if isinstance(task, Task) else tasks.resolve(self.config)
        if getattr(self.task, "splits", None) is None:
            raise DataError("This task has no data to show; expected one made with a source, as a file or a frame.")
        self.inspection: Inspection | None = None
        self._rows: list[int] = []
        self._fresh: set[str] = set()  # the tabs that show the present inspection
        self._draw = {"Examples": self._draw_examples, "Lengths": self._draw_lengths, "Balance": self._draw_balance,
                      "Words": self._draw_words, "Repeats": self._draw_repeats}  # fmt: skip
        super().__init__(self._parts())
        self._read()

    @property
    def error(self) -> str:
        """What went wrong last, or ''."""
        return self.message.error

    # --- what it looks like

    def _parts(self) -> list[Any]:
        self.message, self.summary, self.code = Notice(), ipw.HTML(), ipw.HTML()
        self.page, self.length_table, self.class_table, self.words, self.repeats = (ipw.HTML() for _ in range(5))
        self.lengths = parts.LivePicture(_lengths_png)
        self.balance = parts.balance_picture()
        for picture in (self.lengths, self.balance):
            picture.widget.layout.max_width = "min(100%, 760px)"
        tabs = {
            "Examples": [self._filters(), self._turner(), self.page],
            "Lengths": [self.lengths.widget, self.length_table],
            "Balance": [self.balance.widget, self.class_table],
            "Words": [self.words],
            "Repeats": [self.repeats],
        }
        if not self.task.classes:
            del tabs["Balance"]
        self._titles = list(tabs)
        self.tabs = ipw.Tab(children=[ipw.VBox(children) for children in tabs.values()])
        drawer = ipw.Accordion(children=[self.code], selected_index=None)
        drawer.set_title(0, "Show code")
        for place, title in enumerate(tabs):
            self.tabs.set_title(place, title)
        self.tabs.observe(lambda _: self._guarded(self._show_tab), "selected_index")
        return [self._reader(), self.message, self.summary, self.tabs, drawer]

    def _reader(self) -> Any:
        # A Combobox: a folder or a hub id can be typed in place of a listed model. It waits for Enter.
        self.model = ipw.Combobox(
            options=_models(self.config.task, self.config.model), value=self.config.model, description="Model",
            ensure_option=False, continuous_update=False, placeholder="A name, a folder or a hub id",
        )  # fmt: skip
        lengths = sorted({*LENGTHS, self.config.max_length})
        self.max_length = ipw.Dropdown(
            options=[(f"{n:,}", n) for n in lengths], value=self.config.max_length, description="max_length"
        )
        for control in (self.model, self.max_length):
            control.observe(lambda _: self._read(), "value")
        return ipw.HBox([self.model, self.max_length], layout=ipw.Layout(flex_flow="row wrap"))

    def _filters(self) -> Any:
        splits = list(self.task.splits)
        names: list[str] = self.task.classes
        self.split = ipw.Dropdown(options=[(name, name) for name in splits], value=splits[0], description="Split")
        self.label = parts.class_filter(names)
        self.search = ipw.Text(placeholder="Words, then Enter", description="Search", continuous_update=False)
        self.order = ipw.Dropdown(options=[(name, name) for name in ORDERS], value=ORDERS[0], description="Order")
        shown = [self.split, *([self.label] if names else []), self.search, self.order]
        for control in shown:
            control.observe(lambda _: self._guarded(self._find), "value")
        return ipw.HBox(shown, layout=ipw.Layout(flex_flow="row wrap"))

    def _turner(self) -> Any:
        self.numbers = ipw.Checkbox(value=False, description="Numbers of the pieces", indent=False)
        self.numbers.observe(lambda _: self._guarded(self._draw_page), "value")
        self.turner = PageTurner(PAGE, lambda: self._guarded(self._draw_page), [self.numbers])
        self.back, self.forth, self.position = self.turner.back, self.turner.forth, self.turner.position
        return self.turner

    # --- what it does

    def _read(self) -> None:
        """Read the data with the chosen model's tokenizer."""
        self._guarded(lambda: self._take(self.model.value.strip(), self.max_length.value))

    def _take(self, name: str, length: int) -> None:
        self.message.tell(f"Reading with {name} ...")
        changed = type(self.config).from_dict({**self.config.to_dict(), "model": name, "max_length": length})
        last = self.inspection
        self.inspection = last.again(name, length) if last else Inspection(self.task, changed)
        self.config = changed
        self._fresh.clear()
        self.message.tell("")
        self._show_tab()
        self._sum_up()

    def _guarded(self, work: Callable[[], None]) -> None:
        """Do some work, and show in the panel what goes wrong."""
        if self.inspection is not None:  # else the message says why nothing is shown
            self.message.tell("")
        self.message.guard(work)

    # --- what it shows

    def _show_tab(self) -> None:
        """Draw the open tab, unless it shows the present inspection already."""
        title = self._titles[self.tabs.selected_index or 0]
        if self.inspection is not None and title not in self._fresh:
            self._draw[title](self.inspection)
            self._fresh.add(title)

    def _sum_up(self) -> None:
        if self.inspection is not None:
            self.summary.value = parts.summed_up(self.inspection.summary, self.inspection.warnings)

    def _draw_examples(self, inspection: Inspection) -> None:
        self._find()

    def _find(self) -> None:
        if self.inspection is None:
            return
        self._rows = self.inspection.find(
            self.split.value, self.label.value or None, self.search.value, self.order.value
        )
        self.turner.begin(len(self._rows))
        self._draw_page()

    def _draw_page(self) -> None:
        if self.inspection is None:
            return
        shown = self._rows[self.turner.page]
        cards = [self._card(example) for example in self.inspection.examples(self.split.value, shown)]
        self.page.value = parts.PIECES_STYLE + "".join(cards) if cards else parts.message(self._nothing())
        self.turner.tell()
        self._show_code()

    def _nothing(self) -> str:
        """Why no example is shown."""
        if not len(self.task.splits[self.split.value]):
            return f"The {self.split.value} split is empty."
        wanted = [f"of the class {self.label.value!r}"] if self.label.value else []
        wanted += [f"that holds {self.search.value!r}"] if self.search.value.strip() else []
        wanted += ["whose text stands anywhere else"] if self.order.value == "repeats" else []
        return f"The {self.split.value} split has no example {' and '.join(wanted)}."

    def _card(self, example: Example) -> str:
        """An example as HTML: its class or answer, what there is to know of it, its texts in pieces."""
        split, row = example.place
        notes = [f"{split}[{row}]", f"{self.inspection.lengths[split][row]:,} tokens"]  # type: ignore[union-attr]
        notes += [f"read in {example.windows} windows"] if example.windows > 1 else []
        notes += self._repeats_of(example)
        truth = f"<b>{html.escape(example.truth)}</b> &nbsp; " if example.truth else ""
        head = f'<div>{truth}<span style="opacity:.8">{html.escape(", ".join(notes))}</span></div>'
        texts = ""
        for passage in example.passages:
            name = f'<div style="opacity:.8">{html.escape(passage.name)}:</div>' if len(example.passages) > 1 else ""
            texts += name + parts.pieces(passage, self.numbers.value)
        return (
            f'<div style="border-top:1px solid rgba(128,128,128,.4);padding:6px 0;line-height:1.4">{head}{texts}</div>'
        )

    def _repeats_of(self, example: Example) -> list[str]:
        """Where else the text of an example stands, of which the first place is named."""
        if self.inspection is None or not self.inspection.checked:
            return []
        pairs = [(kind, {a, b}) for kind, a, b in self.inspection.repeats if example.place in (a, b)]
        if not pairs:
            return []
        kind, places = pairs[0]
        split, row = next(iter(places - {example.place}))
        more = f" and {len(pairs) - 1} more" if len(pairs) > 1 else ""
        return [f"{kind} as {split}[{row}]{more}"]

    def _draw_lengths(self, inspection: Inspection) -> None:
        self.lengths.update(inspection, force=True)
        table = inspection.table
        forms: dict[str, Callable[[Any], str]] = {"split": str, **FORMATS}
        rows = [[forms.get(name, "{:,}".format)(row[name]) for name in table.columns] for _, row in table.iterrows()]
        self.length_table.value = parts.table(list(table.columns), rows, "Tokens of an example, and what it takes:")

    def _draw_balance(self, inspection: Inspection) -> None:
        classes = inspection.classes
        self.balance.update(classes, force=True)
        names = list(next(iter(classes.values())))
        rows = [[name, *(f"{counts[name]:,}" for counts in classes.values())] for name in names]
        self.class_table.value = parts.table(["class", *classes], rows, "Examples of each class:")

    def _draw_words(self, inspection: Inspection) -> None:
        words = inspection.words
        unknown = [[row.word, f"{row.times:,}"] for row in words[words["what"] == "unknown"].itertuples()]
        cut = [[row.word, row.pieces, f"{row.times:,}"] for row in words[words["what"] == "shattered"].itertuples()]
        none = f"{inspection.model} has pieces for everything in these texts."
        first = parts.table(["unknown", "times"], unknown, "What the model reads the same mark for:")
        second = parts.table(["word", "pieces", "times"], cut, "The commonest words that fall into 3 pieces or more:")
        self.words.value = (first if unknown else parts.message(none)) + "<br>" + (second if cut else "")

    def _draw_repeats(self, inspection: Inspection) -> None:
        if not inspection.checked:
            self.message.tell("Looking for repeats ...")
        found = inspection.repeats
        self.message.tell("")
        rows = [
            [kind.replace(" ", "\u00a0"), *self._where(one), *self._where(other)] for kind, one, other in found[:LISTED]
        ]
        caption = f"{len(rows)} of {len(found)} pairs of rows:" if len(found) > len(rows) else "Pairs of rows:"
        table = parts.table(["", "first", "text", "again", "text"], rows, caption)
        self.repeats.value = table if rows else parts.message("No text stands twice, nor one that is nearly the same.")
        self._sum_up()

    def _where(self, place: tuple[str, int]) -> list[str]:
        split, row = place
        part = self.task.splits[split]
        return [f"{split}[{row}]", parts.shortened(part[row][text_column(part)], LONGEST)]

    def _show_code(self) -> None:
        given = {name: value for name, value in self.config.to_dict().items() if name not in ("task", "model")}
        task = "task" if self._given else repr(self.config.task)
        arguments = [task, f"model={self.config.model!r}", *(f"{name}={value!r}" for name, value in given.items())]
        wanted = {"label": self.label.value, "search": self.search.value.strip(), "order": self.order.value}
        wanted = {name: value for name, value in wanted.items() if value not in ("", ORDERS[0])}
        find = [repr(self.split.value), *(f"{name}={value!r}" for name, value in wanted.items())]
        page = self.turner.page
        lines = [
            "import finetune_kit as ftk",
            "",
            f"inspection = ftk.inspect({', '.join(arguments)})",
            "print(inspection)",
            f"rows = inspection.find({', '.join(find)})",
            f"examples = inspection.examples({self.split.value!r}, rows[{page.start}:{page.stop}])",
        ]
        self.code.value = parts.code("\n".join(lines))


def _models(task: str, chosen: str) -> list[str]:
    """The names of models to choose from: those for the task, and those on this machine that have a tokenizer."""
    suited = [record.name for record in catalog.MODELS if task in record.tasks]
    here = [n for n in catalog.embedded("models") if Path(checkpoints.locate(n), "tokenizer.json").is_file()]
    return list(dict.fromkeys([*suited, *here, chosen]))


def _lengths_png(inspection: Inspection) -> bytes:
    return plots.png(lambda ax: plots.token_lengths(inspection, ax=ax))
