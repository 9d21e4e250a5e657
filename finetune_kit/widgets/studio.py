"""The studio: choose labels and a strategy, train live, see what changed, play with the result."""

from __future__ import annotations

import threading
from typing import Any

import ipywidgets as ipw

from .. import catalog, plots, runs, strategies, tasks
from ..config import RunConfig
from ..errors import FinetuneKitError
from ..history import History
from ..runs import Run
from ..tasks import Task
from . import parts

LABELS = (8, 16, 32, 64, 128, 256, 512, 1024)
STRATEGIES = ("scratch", "head", "last-1", "last-2", "full")
SHOWN = 4  # examples of each kind of change


def studio(task: str | Task = "sentiment", **settings: Any) -> Studio:
    """The studio panel for a task: a catalogue name, or a task object over your own data.

    settings: those of RunConfig to start from, such as labels=32, strategy="full", seed=1.
    Display it by naming it at the end of a cell; `studio.train()` does what the button does,
    `studio.wait()` returns the Run.
    """
    return Studio(task, **settings)


class Studio(ipw.VBox):  # type: ignore[misc]
    """The panel. Attributes of use in code: `run`, the latest Run, and `error`, the latest message or ''."""

    def __init__(self, task: str | Task = "sentiment", **settings: Any):
        self.task = task if isinstance(task, Task) else None
        name = task.record if isinstance(task, Task) else task
        self.config = RunConfig.from_dict({"task": name, "labels": 32, **settings})
        strategies.parse(self.config.strategy)
        self.task = self.task or tasks.resolve(self.config)
        self.run: Run | None = None
        self.error = ""
        self._worker = parts.Worker()
        self._build()
        super().__init__(self._rows())
        self._show_code()

    # --- what it looks like

    def _build(self) -> None:
        available = len(self.task.splits["train"])  # type: ignore[union-attr]
        counts = [n for n in LABELS if n <= available]
        chosen = self.config.labels or available
        options = [(str(n), n) for n in sorted({*counts, chosen, available})]
        narrow = ipw.Layout(width="auto")
        self.labels = ipw.SelectionSlider(options=options, value=chosen, description="Labels", continuous_update=False)
        names = list(dict.fromkeys([*STRATEGIES, self.config.strategy]))
        self.strategy = ipw.Dropdown(
            options=[(n, n) for n in names], value=self.config.strategy, description="Strategy"
        )
        models = list(dict.fromkeys([*(record.name for record in catalog.MODELS), self.config.model]))
        # A Combobox: a folder or a hub id can be typed in place of a listed model.
        self.model = ipw.Combobox(
            options=models,
            value=self.config.model,
            description="Model",
            ensure_option=False,
            placeholder="A name, a folder or a hub id",
        )
        self.train_button = ipw.Button(description="Train", button_style="primary", icon="play", layout=narrow)
        self.stop_button = ipw.Button(description="Stop", icon="stop", disabled=True, layout=narrow)
        self.progress = ipw.IntProgress(min=0, max=1, value=0, layout=ipw.Layout(width="220px"))
        self.status = ipw.HTML(parts.message("Ready."))
        self.message = ipw.HTML()
        self.picture = parts.LivePicture(self._draw)
        self.scores = ipw.HTML()
        self.changes = ipw.HTML()
        self.sentence = ipw.Text(
            placeholder="Type a sentence and press Enter", description="Try it",
            layout=ipw.Layout(width="480px"), continuous_update=False,
        )  # fmt: skip
        self.answer = ipw.HTML()
        self.code = ipw.HTML()
        self.train_button.on_click(lambda _: self.train())
        self.stop_button.on_click(lambda _: self.stop())
        self.sentence.observe(lambda _: self.try_sentence(), "value")
        for control in (self.labels, self.strategy, self.model):
            control.observe(lambda _: self._show_code(), "value")

    def _rows(self) -> list[Any]:
        show_code = ipw.Accordion(children=[self.code], selected_index=None)
        show_code.set_title(0, "Show code")
        return [
            ipw.HBox([self.labels, self.strategy, self.model], layout=ipw.Layout(flex_flow="row wrap")),
            ipw.HBox([self.train_button, self.stop_button, self.progress, self.status]),
            self.message,
            self.picture.widget,
            self.scores,
            self.changes,
            ipw.VBox([self.sentence, self.answer]),
            show_code,
        ]

    # --- what it does

    def settings(self) -> RunConfig:
        """The configuration that the controls stand for. Raises ConfigError."""
        return RunConfig.from_dict(
            {
                **self.config.to_dict(),
                "labels": None if self.labels.value == self.labels.options[-1][1] else self.labels.value,
                "strategy": self.strategy.value,
                "model": self.model.value.strip(),
            }
        )

    def train(self) -> Studio:
        """Start training, as the button does; returns at once, except in Colab. A running one goes on."""
        if self._worker.busy:
            return self
        self._set_busy(True)
        self._fail("")
        self.picture.hide()
        for widget in (self.scores, self.changes, self.answer):
            widget.value = ""
        self._worker.start(self._train)
        return self

    def stop(self) -> None:
        """Stop the running training; what it has learned so far becomes the run."""
        self.status.value = parts.message("Stopping ...")
        self._worker.stop()

    def wait(self) -> Run:
        """The run, when it has finished. Raises FinetuneKitError with the panel's message when there is none."""
        self._worker.wait()
        if self.run is None:
            raise FinetuneKitError(self.error or "Nothing was trained yet; call .train() first.")
        return self.run

    def _train(self, stop: threading.Event) -> None:
        self.run = None
        history = History()
        history.subscribe(self._follow)
        try:
            self.run = runs.execute(self.settings(), self.task, history, stop)
            self._show_run(self.run)
        except FinetuneKitError as error:
            self._fail(str(error))
        except Exception as error:  # a thread's exception would vanish: show whatever it is
            self._fail(f"{type(error).__name__}: {error}")
        finally:
            self._set_busy(False)

    def try_sentence(self) -> None:
        """Show what the latest run says about the sentence in the box."""
        text = self.sentence.value
        if not text.strip():
            self.answer.value = ""
            return
        if self.run is None:
            self.answer.value = parts.message("Train a model first, then ask it.")
            return
        try:
            row = self.run.predict([text]).iloc[0]
        except FinetuneKitError as error:
            self.answer.value = parts.message(str(error), "error")
            return
        self.answer.value = parts.bars({name: row[f"p({name})"] for name in self.run.task.names})

    # --- what it shows

    def _set_busy(self, busy: bool) -> None:
        self.train_button.disabled, self.stop_button.disabled = busy, not busy
        for control in (self.labels, self.strategy, self.model):
            control.disabled = busy

    def _fail(self, text: str) -> None:
        self.error = text
        self.message.value = parts.message(text, "error")
        if text:
            self.status.value = parts.message("Not trained.")

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
        metric = self.task.metric.name  # type: ignore[union-attr]

        def both(axes: list[Any]) -> None:
            plots.loss_curve(history, axes[0])
            plots.metric_curve(history, metric, history.before.get(metric), axes[1])

        return plots.png(both, columns=2)

    def _show_run(self, run: Run) -> None:
        rows = [[name.replace("_", " "), f"{old:.1%}", f"{run.after[name]:.1%}"] for name, old in run.before.items()]
        caption = f"{run.seconds:.1f} s of training, {run.trainable_share:.1%} of the weights trained"
        self.scores.value = parts.table(["validation", "before", "after"], rows, caption)
        changes = run.changes()
        counts = changes["change"].value_counts()
        texts = []
        for kind in ("fixed", "broken"):
            some = changes[changes["change"] == kind].head(SHOWN)
            texts += [[kind, row.text, row.truth, row.before, row.after] for row in some.itertuples()]
        caption = f"{counts.get('fixed', 0)} examples fixed, {counts.get('broken', 0)} broken; some of them:"
        self.changes.value = parts.table(["", "text", "truth", "before", "after"], texts, caption)
        self.try_sentence()

    def _show_code(self) -> None:
        changed = {k: v for k, v in self.settings().to_dict().items() if k != "task"}
        lines = [f"    {name}={value!r}," for name, value in changed.items()]
        task = f"{self.config.task!r}" if self.config.data or not self._own_data else "task"
        self.code.value = parts.code(
            "\n".join(["import finetune_kit as ftk", "", "run = ftk.fine_tune(", f"    {task},", *lines, ")", "run"])
        )

    @property
    def _own_data(self) -> bool:
        return catalog.task(self.config.task).dataset is None
