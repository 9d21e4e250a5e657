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
from .live import LivePanel, call

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


class Studio(LivePanel):
    """The panel. Attributes of use in code: `run`, the latest Run, and `error`, the latest message or ''."""

    def __init__(self, task: str | Task = "sentiment", **settings: Any):
        name = task.record if isinstance(task, Task) else task
        self.config = RunConfig.from_dict({"task": name, "labels": 32, **settings})
        strategies.parse(self.config.strategy)
        self.task = task if isinstance(task, Task) else tasks.resolve(self.config)
        super().__init__()

    @property
    def run(self) -> Run | None:
        """The latest run, or None."""
        return self.result  # type: ignore[no-any-return]

    def train(self) -> Studio:
        """Start training, as the button does; returns at once, except in Colab. A running one goes on."""
        self.start()
        return self

    @property
    def train_button(self) -> ipw.Button:
        """The button that starts training."""
        return self.start_button

    # --- what it looks like

    def _controls(self) -> list[Any]:
        available = len(self.task.splits["train"])
        counts = [n for n in LABELS if n <= available]
        chosen = self.config.labels or available
        options = [(str(n), n) for n in sorted({*counts, chosen, available})]
        self.labels = ipw.SelectionSlider(options=options, value=chosen, description="Labels", continuous_update=False)
        names = list(dict.fromkeys([*STRATEGIES, self.config.strategy]))
        self.strategy = ipw.Dropdown(
            options=[(n, n) for n in names], value=self.config.strategy, description="Strategy"
        )
        suited = [record.name for record in catalog.MODELS if self.config.task in record.tasks]
        models = list(dict.fromkeys([*suited, self.config.model]))
        # A Combobox: a folder or a hub id can be typed in place of a listed model.
        self.model = ipw.Combobox(
            options=models,
            value=self.config.model,
            description="Model",
            ensure_option=False,
            placeholder="A name, a folder or a hub id",
        )
        return [self.labels, self.strategy, self.model]

    def _outputs(self) -> list[Any]:
        self.scores, self.changes, self.answer = ipw.HTML(), ipw.HTML(), ipw.HTML()
        self.sentence = parts.question("Type a sentence and press Enter", self.try_sentence)
        return [self.scores, self.changes, ipw.VBox([self.sentence, self.answer])]

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

    def _work(self, history: History, stop: threading.Event) -> Run:
        return runs.execute(self.settings(), self.task, history, stop)

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

    def _clear(self) -> None:
        for widget in (self.scores, self.changes, self.answer):
            widget.value = ""

    def _curves(self, history: History, axes: list[Any]) -> None:
        metric = self.task.metric.name
        plots.loss_curve(history, axes[0])
        plots.metric_curve(history, metric, history.before.get(metric), axes[1])

    def _show_result(self) -> None:
        run = self.result
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

    def _source(self) -> str:
        changed = {k: v for k, v in self.settings().to_dict().items() if k != "task"}
        task = f"{self.config.task!r}" if self.config.data or not self._own_data else "task"
        return call("fine_tune", task, *(f"{name}={value!r}" for name, value in changed.items()))

    @property
    def _own_data(self) -> bool:
        return catalog.task(self.config.task).dataset is None
