"""The listening panel: run over a long recording, and see and hear what was detected where."""

from __future__ import annotations

import threading
from typing import Any

import ipywidgets as ipw

from .. import plots
from ..data.recordings import Recording
from ..errors import DataError
from ..listening import BACKGROUND
from ..runs import Run
from ..spotting import Detection
from ..vectors import RATE
from . import parts, sound
from .notice import Notice, failure
from .sound_box import ACCEPTED
from .uploads import files

LISTED = 12  # detections that are listed, the surest first
AROUND = 0.5  # seconds before and after a detection that are played with it


def listen_panel(run: Run, path: str = "") -> ListeningPanel:
    """The panel that runs a model over a long recording and shows the detections on a time line.

    run: of audio classification. path: the sound file to begin with; another one can be named or
    uploaded in the panel. Display it by naming it at the end of a cell; `panel.listen()` does what
    the button does, `panel.wait()` returns the detections. Raises DataError for a run of another task.
    """
    return ListeningPanel(run, path)


class ListeningPanel(ipw.VBox):  # type: ignore[misc]
    """The panel. Attributes of use in code: `detections`, those found so far, and `error`, the latest message or ''."""

    def __init__(self, run: Run, path: str = ""):
        if run.task.fields != ("audio",) or not run.task.classes:
            raise DataError(f"The task {run.config.task!r} does not classify sounds; expected audio classification.")
        self.run = run
        self.detections: list[Detection] = []
        self._recording: Recording | None = None
        self._worker = parts.Worker()
        super().__init__(self._parts(path))
        self._show_code()

    @property
    def error(self) -> str:
        """What went wrong last, or ''."""
        return self.message.error

    # --- what it looks like

    def _parts(self, path: str) -> list[Any]:
        wide = ipw.Layout(width="420px")
        self.path = ipw.Text(value=path, description="Recording", placeholder="The path of a sound file", layout=wide)
        self.upload = ipw.FileUpload(accept=ACCEPTED, multiple=False, description="or upload one")
        heard = [name for name in self.run.task.classes if name not in BACKGROUND]
        options = [("every command", ""), *((name, name) for name in heard)]
        self.label = ipw.Dropdown(options=options, value="", description="Command")
        self.threshold = ipw.FloatSlider(
            value=0.5, min=0.05, max=1.0, step=0.05, description="Threshold", continuous_update=False
        )
        self.start_button = ipw.Button(description="Listen", button_style="primary", icon="headphones")
        self.stop_button = ipw.Button(description="Stop", icon="stop", disabled=True)
        self.progress = ipw.FloatProgress(min=0.0, max=1.0, value=0.0, layout=ipw.Layout(width="300px"))
        self.message, self.table, self.code = Notice(), ipw.HTML(), ipw.HTML()
        self.line = parts.LivePicture(_line_png)
        self.line.widget.layout.max_width = "min(100%, 760px)"
        self.start_button.on_click(lambda _: self.listen())
        self.stop_button.on_click(lambda _: self._worker.stop())
        self.upload.observe(lambda change: self._take(files(change["new"])), "value")
        for control in (self.path, self.label, self.threshold):
            control.observe(lambda _: self._show_code(), "value")
        self._uploaded: list[tuple[str, bytes]] = []
        drawer = ipw.Accordion(children=[self.code], selected_index=None)
        drawer.set_title(0, "Show code")
        wrapped = ipw.Layout(flex_flow="row wrap", align_items="center")
        return [
            ipw.HBox([self.path, self.upload], layout=wrapped),
            ipw.HBox([self.label, self.threshold], layout=wrapped),
            ipw.HBox([self.start_button, self.stop_button, self.progress], layout=wrapped),
            self.message,
            self.line.widget,
            self.table,
            drawer,
        ]

    # --- what it does

    def _take(self, found: list[tuple[str, bytes]]) -> None:
        if found:
            self._uploaded = found[-1:]
            self.path.value = found[-1][0]

    def _source(self) -> Any:
        """The uploaded bytes while its name stands in the box, else the path there."""
        name = self.path.value.strip()
        return next((raw for known, raw in self._uploaded if known == name), name)

    def listen(self) -> ListeningPanel:
        """Begin to listen, as the button does; returns at once, except in Colab. One that is under way goes on."""
        if not self._worker.busy:
            self._set_busy(True)
            self._worker.start(self._work)
        return self

    def wait(self) -> list[Detection]:
        """The detections, when the recording is at its end or was stopped; an interrupt stops it first."""
        self._worker.wait()
        return self.detections

    def _work(self, stop: threading.Event) -> None:
        self.detections, self._recording = [], None
        self.table.value = ""
        self.line.hide()
        self.message.tell("Listening ...")
        wrong = failure(lambda: self._hear(stop))
        ended = wrong or self._ended(stop.is_set())
        self._show(force=True)
        self.message.tell(ended, "error" if wrong else "note")
        self._set_busy(False)

    def _hear(self, stop: threading.Event) -> None:
        source = self._source()
        if not source:
            raise DataError("There is no recording yet; expected the path of a sound file, or an upload.")
        self._recording = recording = Recording(source, self.path.value.strip())
        ignore = [name for name in self.run.task.classes if name not in self._wanted()]

        def told(seconds: float) -> None:
            self.progress.value = seconds / max(recording.seconds, 1e-9)
            self._show()
            if stop.is_set():
                raise _StoppedError

        try:
            for one in self.run.listen(source, threshold=self.threshold.value, ignore=ignore, progress=told):
                self.detections.append(one)
        except _StoppedError:
            pass

    def _wanted(self) -> list[str]:
        return [self.label.value] if self.label.value else [n for n in self.run.task.classes if n not in BACKGROUND]

    def _ended(self, stopped: bool) -> str:
        if self._recording is None:
            return ""
        seconds = self._recording.seconds * (self.progress.value if stopped else 1.0)
        how = "Stopped after" if stopped else "Heard"
        rate = 3600 * len(self.detections) / max(seconds, 1e-9)
        said = "1 detection" if len(self.detections) == 1 else f"{len(self.detections):,} detections"
        return f"{how} {_clock(seconds)}: {said}, {rate:,.1f} an hour."

    def _set_busy(self, busy: bool) -> None:
        for control in (self.path, self.upload, self.label, self.threshold, self.start_button):
            control.disabled = busy
        self.stop_button.disabled = not busy
        self.progress.value = 0.0 if busy else self.progress.value

    # --- what it shows

    def _show(self, force: bool = False) -> None:
        if self._recording is None:
            return
        self.line.update(list(self.detections), self._recording.seconds, force=force)
        if force:
            surest = sorted(self.detections, key=lambda one: -one.score)[:LISTED]
            rows = [[_clock(one.start), one.label, f"{one.score:.0%}", self._piece(one)] for one in surest]
            caption = f"The surest {len(rows)} of {len(self.detections):,}, with half a second around each:"
            self.table.value = parts.table(["at", "command", "probability", ""], rows, caption) if rows else ""

    def _piece(self, one: Detection) -> parts.Html:
        assert self._recording is not None
        clip = self._recording.piece(max(0.0, one.start - AROUND), one.end + AROUND, RATE)
        return parts.Html(sound.player(clip, f"{one.label} at {_clock(one.start)}"))

    def _show_code(self) -> None:
        settings = [f"threshold={self.threshold.value:g}"]
        if self.label.value:
            ignore = [name for name in self.run.task.classes if name != self.label.value]
            settings.append(f"ignore={ignore}")
        path = self.path.value.strip() or "recording.wav"
        lines = [
            "import finetune_kit as ftk",
            "from finetune_kit.data.recordings import Recording",
            "",
            f"detections = list(run.listen({path!r}, {', '.join(settings)}))",
            f"line = ftk.plots.timeline(detections, Recording({path!r}).seconds)",
        ]
        self.code.value = parts.code("\n".join(lines))


class _StoppedError(Exception):
    """The user stopped."""


def _clock(seconds: float) -> str:
    """A time in a recording: 1:02:03.4, or 2:03.4 within the first hour."""
    tenths = round(10 * seconds)
    hours, minutes, rest = tenths // 36_000, tenths // 600 % 60, tenths % 600 / 10
    return f"{hours}:{minutes:02}:{rest:04.1f}" if hours else f"{minutes}:{rest:04.1f}"


def _line_png(detections: list[Detection], seconds: float) -> bytes:
    height = plots.timeline_height(detections)
    return plots.png(lambda ax: plots.timeline(detections, seconds, ax=ax), height=height)
