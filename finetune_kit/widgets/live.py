"""The live panel: a button that starts long work, one that stops it, progress, a picture, an error inside."""

from __future__ import annotations

import threading
from typing import Any

import ipywidgets as ipw

from .. import plots
from ..errors import FinetuneKitError
from ..history import History
from . import parts
from .notice import failure


class LivePanel(ipw.VBox):  # type: ignore[misc]
    """Base of the panels that train. A panel says what its controls are, what it does and what it draws.

    Attributes of use in code: `result`, what the latest work gave, and `error`, the latest message or ''.
    """

    verb = "Train"
    idle = "Not trained."

    def __init__(self) -> None:
        self.result: Any = None
        self.error = ""
        self._worker = parts.Worker()
        narrow = ipw.Layout(width="auto")
        self.start_button = ipw.Button(description=self.verb, button_style="primary", icon="play", layout=narrow)
        self.stop_button = ipw.Button(description="Stop", icon="stop", disabled=True, layout=narrow)
        self.progress = ipw.IntProgress(min=0, max=1, value=0, layout=ipw.Layout(width="220px"))
        self.status = ipw.HTML(parts.message("Ready."))
        self.message = ipw.HTML()
        self.picture = parts.LivePicture(self._draw)
        self.code = ipw.HTML()
        self.start_button.on_click(lambda _: self.start())
        self.stop_button.on_click(lambda _: self.stop())
        controls = self._controls()
        for control in controls:
            control.observe(lambda _: self._show_code(), "value")
        self._inputs = controls
        super().__init__(
            [
                ipw.HBox(controls, layout=ipw.Layout(flex_flow="row wrap")),
                ipw.HBox([self.start_button, self.stop_button, self.progress, self.status]),
                self.message,
                self.picture.widget,
                *self._outputs(),
                self._code_drawer(),
            ]
        )
        self._show_code()

    def _code_drawer(self) -> Any:
        drawer = ipw.Accordion(children=[self.code], selected_index=None)
        drawer.set_title(0, "Show code")
        return drawer

    # --- what each panel provides

    def _controls(self) -> list[Any]:
        """The controls, in order; they are still while work runs."""
        raise NotImplementedError

    def _outputs(self) -> list[Any]:
        """What lies between the picture and the code."""
        raise NotImplementedError

    def _work(self, history: History, stop: threading.Event) -> Any:
        """Do the work and return its result."""
        raise NotImplementedError

    def _show_result(self) -> None:
        """Show `result`."""
        raise NotImplementedError

    def _clear(self) -> None:
        """Take the latest result off the panel."""
        raise NotImplementedError

    def _curves(self, history: History, axes: list[Any]) -> None:
        """Draw the history on two Axes."""
        raise NotImplementedError

    def _source(self) -> str:
        """The code that does what the button does."""
        raise NotImplementedError

    # --- what it does

    def start(self) -> LivePanel:
        """Start the work, as the button does; returns at once, except in Colab. A running one goes on."""
        if self._worker.busy:
            return self
        self._set_busy(True)
        self._fail("")
        self.picture.hide()
        self._clear()
        self._worker.start(self._run)
        return self

    def stop(self) -> None:
        """Stop the running work; what it has learned so far becomes the result."""
        self.status.value = parts.message("Stopping ...")
        self._worker.stop()

    def wait(self) -> Any:
        """The result, when the work has ended. Raises FinetuneKitError with the panel's message if there is none."""
        self._worker.wait()
        if self.result is None:
            raise FinetuneKitError(self.error or "Nothing was trained yet; start it first.")
        return self.result

    def _run(self, stop: threading.Event) -> None:
        self.result = None
        history = History()
        history.subscribe(self._follow)

        def work() -> None:
            self.result = self._work(history, stop)
            self._show_result()

        try:
            wrong = failure(work)
            if wrong:
                self._fail(wrong)
        finally:
            self._set_busy(False)

    # --- what it shows

    def _set_busy(self, busy: bool) -> None:
        self.start_button.disabled, self.stop_button.disabled = busy, not busy
        for control in self._inputs:
            control.disabled = busy

    def _fail(self, text: str) -> None:
        self.error = text
        self.message.value = parts.message(text, "error")
        if text:
            self.status.value = parts.message(self.idle)

    def _follow(self, history: History) -> None:
        self.progress.max = max(1, history.total_steps)
        self.progress.value = history.step
        left = history.seconds_left
        steps = f" step {history.step} of {history.total_steps}" if history.phase == "training" else ""
        time_left = f", {left:.0f} s left" if steps and left else ""
        self.status.value = parts.message(f"{history.phase.capitalize()}{steps}{time_left}")
        if history.total_steps:
            self.picture.update(history, force=history.phase in ("finished", "stopped"))

    def _draw(self, history: History) -> bytes:
        return plots.png(lambda axes: self._curves(history, axes), columns=2)

    def _show_code(self) -> None:
        self.code.value = parts.code(self._source())


def call(door: str, *arguments: str) -> str:
    """Source code that calls a front-door function, an argument a line."""
    names = {"fine_tune": "run", "pretrain": "pretrained", "compare": "comparison", "label_curve": "curve"}
    name = names[door]
    lines = [f"    {argument}," for argument in arguments]
    return "\n".join(["import finetune_kit as ftk", "", f"{name} = ftk.{door}(", *lines, ")", name])
