"""Your data: upload a file or name one, say which columns count, see what was read; the panel holds the task."""

from __future__ import annotations

import inspect
import tempfile
from pathlib import Path
from typing import Any

import ipywidgets as ipw

from .. import catalog, tasks
from ..config import RunConfig
from ..data.loading import SUFFIXES
from ..data.rows import told
from ..errors import ConfigError, DataError
from ..tasks import Task
from . import parts, uploads
from .browser import data_browser
from .notice import Notice

ARCHIVES = (".zip", ".tar", ".tgz", ".gz")
HINTS = "a path, a name of the catalogue or a hub id"


def data_panel(task: str = "text-classification") -> DataPanel:
    """The panel in which a task gets data of your own: upload a file or an archive, or name a path or a hub id.

    task: a name from the catalogue. `panel.task` is what was read, ready for `ftk.fine_tune` and
    every other panel. Raises UnknownNameError for a task that there is not.
    """
    return DataPanel(task)


class DataPanel(ipw.VBox):  # type: ignore[misc]
    """The panel. Attributes of use in code: `task`, None until data were read, and `error`, a message or ''."""

    def __init__(self, task: str = "text-classification"):
        self.record = catalog.task(task)
        self.task: Task | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None  # of what was uploaded; it goes with the panel
        super().__init__(self._parts())
        self._show_code()

    @property
    def error(self) -> str:
        """What went wrong last, or ''."""
        return self.message.error

    def read(self) -> Task | None:
        """Read the data, as the button does, and return the task; None where something was wrong with them."""
        self.task = None
        self.browser.children = ()
        self.message.tell("Reading ...")
        self.message.guard(self._read)
        return self.task

    # --- what it looks like

    def _parts(self) -> list[Any]:
        self.message, self.code = Notice(), ipw.HTML()
        wide = ipw.Layout(width="min(100%, 560px)")
        accepted = ",".join((*SUFFIXES, *ARCHIVES))
        self.upload = ipw.FileUpload(accept=accepted, multiple=False, description="Your file")
        self.source = ipw.Text(placeholder=HINTS, description="or", layout=wide, continuous_update=False)
        self.columns = {
            name: ipw.Text(value=usual, description=name, continuous_update=False, layout=ipw.Layout(width="230px"))
            for name, usual in column_arguments(catalog.handler(self.record)).items()
        }
        self.drop = ipw.Checkbox(description="leave out rows that cannot be used", indent=False)
        self.button = ipw.Button(description="Read", button_style="primary", icon="check")
        self.browser = ipw.VBox()
        self.upload.observe(lambda change: self.message.guard(lambda: self._keep(change["new"])), "value")
        self.button.on_click(lambda _: self.read())
        for control in (self.source, *self.columns.values(), self.drop):
            control.observe(lambda _: self._show_code(), "value")
        drawer = ipw.Accordion(children=[self.code], selected_index=None)
        drawer.set_title(0, "Show code")
        rows = ipw.Layout(flex_flow="row wrap")
        return [
            ipw.HBox([self.upload, self.source], layout=rows),
            ipw.HBox(list(self.columns.values()), layout=rows),
            ipw.HBox([self.drop, self.button], layout=rows),
            self.message,
            self.browser,
            drawer,
        ]

    # --- what it does

    def _keep(self, value: Any) -> None:
        """Write an uploaded file where its task can read it, and name it."""
        found = uploads.files(value)
        if not found:
            return
        name, content = found[-1]
        if not content:
            raise DataError(f"{name} is empty; expected a file with examples.")
        self._folder = self._folder or tempfile.TemporaryDirectory(prefix="finetune-kit-", ignore_cleanup_errors=True)
        kept = Path(self._folder.name, Path(name.replace("\\", "/")).name)  # the name alone, whatever the browser says
        kept.write_bytes(content)
        self.source.value = str(kept)
        self.message.tell(f"{name}: {len(content):,} bytes. Press Read.")

    def _read(self) -> None:
        if not self.source.value.strip():
            raise ConfigError(f"There is no data yet; expected an uploaded file, or {HINTS}.")
        with told() as said:
            self.task = tasks.resolve(self._config())
        sizes = ", ".join(f"{len(part):,} {name}" for name, part in self.task.splits.items())
        classes = f" {len(self.task.classes)} classes: {', '.join(self.task.classes)}." if self.task.classes else ""
        remarks = "".join(f" {remark}" for remark in said)
        self.message.tell(f"Read: {sizes}.{classes}{remarks} Take it from the panel: panel.task")
        self._show_code()
        self.browser.children = (data_browser(self.task),)

    def _config(self) -> RunConfig:
        columns = {name: box.value.strip() for name, box in self._other_columns().items()}
        own = {name: columns.pop(name) for name in ("text", "label") if name in columns}
        settings = {"data": self.source.value.strip(), "settings": columns, "drop_bad_rows": self.drop.value}
        return tasks.configure(self.record.name, **own, **settings)

    def _other_columns(self) -> dict[str, Any]:
        """The boxes that name another column than the usual one."""
        usual = column_arguments(catalog.handler(self.record))
        return {name: box for name, box in self.columns.items() if box.value.strip() not in ("", usual[name])}

    def _show_code(self) -> None:
        arguments = [repr(self.source.value.strip() or "my_data.csv")]
        arguments += [f"{name}={box.value.strip()!r}" for name, box in self._other_columns().items()]
        arguments += ["drop_bad_rows=True"] if self.drop.value else []
        made = f"task = ftk.{catalog.handler(self.record).__name__}({', '.join(arguments)})"
        self.code.value = parts.code(f"import finetune_kit as ftk\n\n{made}\nftk.data_browser(task)")


def column_arguments(build: type[Task]) -> dict[str, str]:
    """The columns that a task's class reads, each with its usual name: its plain arguments of that kind."""
    makers = [vars(part)["__init__"] for part in build.__mro__ if "__init__" in vars(part)]
    found: dict[str, inspect.Parameter] = {}
    for maker in makers:  # the class itself first: what it calls its mixins with is none of the user's
        found = {**inspect.signature(maker).parameters, **found}
    kept = (p for p in found.values() if p.kind is p.POSITIONAL_OR_KEYWORD and isinstance(p.default, str))
    return {p.name: p.default for p in kept}
