"""The studio: choose labels and a strategy, train live, see what changed, play with the result."""

from __future__ import annotations

import dataclasses
import functools
import threading
from typing import Any

import ipywidgets as ipw

from .. import attribution, catalog, metrics, plots, probes, runs, strategies, tasks
from ..config import RunConfig
from ..errors import FinetuneKitError
from ..history import History
from ..runs import Run
from ..tasks import Task
from . import parts
from .fit import FitNotice
from .live import LivePanel, call
from .looking import looked
from .pictures import PictureBox, is_picture
from .sound import is_sound
from .sound_box import SoundBox

LABELS = (8, 16, 32, 64, 128, 256, 512, 1024)
STRATEGIES = (
    "scratch", "head", "last-1", "last-2", "gradual", "head-then-full", "bitfit", "lora", "l2-sp", "full",
)  # fmt: skip
SHOWN = 4  # examples of each kind of change
BEHIND = 6  # examples behind a cell of the confusion table
LOOKING = 3  # seconds at most that a training lets a look at the model end, for both set how much transformers says
LONGEST = 300  # letters of an example that are shown


def studio(task: str | Task = "sentiment", **settings: Any) -> Studio:
    """The studio panel for a task: a catalogue name, or a task object over your own data.

    settings: those of RunConfig to start from, such as labels=32, strategy="full", seed=1.
    Display it by naming it at the end of a cell; `studio.train()` does what the button does,
    `studio.wait()` returns the Run.
    """
    return Studio(task, **settings)


class Studio(LivePanel):
    """The panel. Attributes of use in code: `run`, the latest Run, and `error`, the latest message or ''.

    fit: what speaks against the chosen model, told before training.
    """

    def __init__(self, task: str | Task = "sentiment", **settings: Any):
        self.config = tasks.configure(task, **{"labels": 32, **settings})
        strategies.parse(self.config.strategy)
        self._given = isinstance(task, Task)
        self.task = task if isinstance(task, Task) else tasks.resolve(self.config)
        super().__init__()
        self.fit = FitNotice(self.task)
        shown: list[Any] = list(self.children)
        self.set_trait("children", [shown[0], self.fit, *shown[1:]])  # under the controls
        self.model.observe(lambda _: self._look(), "value")
        self._look()

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
            continuous_update=False,  # a name that is half typed is not looked for
            placeholder="A name, a folder or a hub id",
        )
        return [self.labels, self.strategy, self.model]

    def _outputs(self) -> list[Any]:
        self.scores, self.changes, self.answer = ipw.HTML(), ipw.HTML(), ipw.HTML()
        *first, last = self.task.fields
        if last == "image":
            self.boxes: dict[str, Any] = {last: PictureBox(self.task.splits["validation"][last], self.try_sentence)}
            return [self.scores, *self._confused(), self.changes, ipw.VBox([*self.boxes.values(), self.answer])]
        if last == "audio":
            self.boxes = {last: SoundBox(self.task.splits["validation"], self.try_sentence)}
            return [self.scores, *self._confused(), self.changes, ipw.VBox([*self.boxes.values(), self.answer])]
        ask = f"The {last}" if first else "Type a sentence and press Enter"
        self.boxes = {name: parts.question(f"The {name}", self.try_sentence, name, long=True) for name in first}
        self.boxes[last] = parts.question(ask, self.try_sentence, last if first else "Try it")
        return [self.scores, *self._confused(), self.changes, ipw.VBox([*self.boxes.values(), self.answer])]

    def _confused(self) -> list[Any]:
        self.confusion = Confusion(self.task.fields[-1])
        return [self.confusion] if self.task.classes else []

    @property
    def sentence(self) -> Any:
        """The box for what the model is asked last: the only one, or the question on a passage."""
        return list(self.boxes.values())[-1]

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

    def _look(self) -> None:
        """Look whether the chosen model fits the task."""
        if self.model.value.strip():
            self.fit.look(self.settings())
        else:
            self.fit.hush()

    def _work(self, history: History, stop: threading.Event) -> Run:
        self.fit.wait(LOOKING)
        return runs.execute(self.settings(), self.task, history, stop)

    def try_sentence(self) -> None:
        """Show what the latest run says about what is in the boxes."""
        given = {name: box.value for name, box in self.boxes.items()}
        if not all(value.strip() if isinstance(value, str) else value is not None for value in given.values()):
            self.answer.value = ""
            return
        if self.run is None:
            self.answer.value = parts.message("Train a model first, then ask it.")
            return
        try:
            row = self.run.predict(given if len(given) > 1 else [*given.values()]).iloc[0].to_dict()
            said = self._said(row)
        except FinetuneKitError as error:
            self.answer.value = parts.message(str(error), "error")
            return
        self.answer.value = self._moved(row, said) + self._next(row)

    def _said(self, row: dict[str, Any]) -> str:
        """The answer; to a prompt beside how the model went on with it before fine-tuning, if it knew anything."""
        if self.run is None or "prompt" not in row or not strategies.parse(self.run.config.strategy).pretrained:
            return parts.answer(row)
        before = self.run.predict([row["prompt"]], before=True)["prediction"].iloc[0]
        both = parts.table(["before fine-tuning", "after"], [[before, row["prediction"]]], "How the prompt goes on:")
        return f'<div style="margin-bottom:8px">{both}</div>'

    def _moved(self, row: dict[str, Any], said: str) -> str:
        """The answer, with what moved it if it has probabilities: places, or words of what is neither word nor book."""
        if self.run is None or f"p({row['prediction']})" not in row:
            return said
        if self.task.fields == ("image",):
            return looked(self.run, row, said)
        if self.task.fields == ("audio",):
            return said
        try:
            table = attribution.occlusion(self.run, row[self.task.fields[-1]])
        except FinetuneKitError:  # the prediction stands without
            return said
        return said + parts.weighed(table["word"].tolist(), table["change"].tolist())

    def _next(self, row: dict[str, Any]) -> str:
        """What a GPT takes for the next word of a prompt."""
        if self.run is None or "prompt" not in row:
            return ""
        table = probes.next_words(row["prompt"], self.run)
        words = [word if word.strip() else repr(word) for word in table["word"]]  # else a line break shows as nothing
        bars = parts.bars(dict(zip(words, table["probability"], strict=True)))
        return parts.message("The likeliest next word after the prompt:") + bars

    # --- what it shows

    def _clear(self) -> None:
        for widget in (self.scores, self.changes, self.answer):
            widget.value = ""
        self.confusion.clear()

    def _curves(self, history: History, axes: list[Any]) -> None:
        metric = self.task.metric
        before, after = (scores.get(metric.name) for scores in (history.before, history.after))
        plots.loss_curve(history, axes[0])
        plots.metric_curve(history, metric.name, before, axes[1], after, metric.higher_is_better)

    def _show_result(self) -> None:
        run = self.result
        show = functools.partial(metrics.shown, self.task.metrics)
        rows = [[n.replace("_", " "), show(n, old), show(n, run.after[n])] for n, old in run.before.items()]
        caption = f"{run.seconds:.1f} s of training, {run.trainable_share:.1%} of the weights trained"
        self.scores.value = parts.table(["validation", "before", "after"], rows, caption)
        if self.task.classes:
            self.confusion.show(run)
        changes = run.changes()
        counts = changes["change"].value_counts()
        columns = [self.task.fields[-1], "truth", "before", "after"]
        columns = [name for name in columns if name in changes]
        texts = []
        for kind in ("fixed", "broken"):
            some = changes[changes["change"] == kind].head(SHOWN)
            texts += [[kind, *row] for row in _cells(some, columns)]
        caption = f"{counts.get('fixed', 0)} examples fixed, {counts.get('broken', 0)} broken"
        some_of_them = parts.table(["", *columns], texts, f"{caption}; some of them:")
        self.changes.value = some_of_them if texts else parts.message(f"{caption}.")
        self.try_sentence()

    def _source(self) -> str:
        usual = dataclasses.asdict(tasks.configure(self.config.task))
        try:
            chosen = dataclasses.asdict(self.settings())
        except FinetuneKitError as error:
            return f"# {error}"
        changed = {k: v for k, v in chosen.items() if v != usual[k]}
        task = "task" if self._given else f"{self.config.task!r}"
        return call("fine_tune", task, *(f"{name}={value!r}" for name, value in changed.items()))


class Confusion(ipw.VBox):  # type: ignore[misc]
    """Which classes a run takes for which: a picture, and a list of its cells, each with the examples behind it."""

    def __init__(self, field: str):
        self.field = field
        self._run: Run | None = None
        self.picture = parts.LivePicture(_confusion_png)
        # No Select: JupyterLab takes the arrow keys of an open list, but not those of one that unfolds.
        self.cells = ipw.Dropdown(description="Examples", layout=ipw.Layout(width="480px"))
        self.examples = ipw.HTML()
        self.cells.observe(lambda _: self._show_examples(), "value")
        what = "Validation examples by class; a cell is the darker, the larger its share of the row:"
        super().__init__(
            [ipw.HTML(parts.message(what)), self.picture.widget, self.cells, self.examples],
            layout=ipw.Layout(margin="8px 0"),
        )
        self.clear()

    def clear(self) -> None:
        """Show nothing."""
        self._run = None
        self.layout.display = "none"

    def show(self, run: Run) -> None:
        """Show the confusions of a run."""
        table = run.confusion()
        self.picture.update(table, force=True)
        self.picture.widget.layout.width = f"{plots.confusion_size(table)[0] / plots.WIDTH:.0%}"  # else it is stretched
        filled = [(truth, name, n) for truth, row in table.iterrows() for name, n in row.items() if n]
        filled.sort(key=lambda cell: (cell[0] == cell[1], -cell[2]))
        self._run = None  # the options' own events have nothing to show yet
        self.cells.options = [(_cell(*cell), cell[:2]) for cell in filled]
        self.cells.index = 0
        self._run = run
        self._show_examples()
        self.layout.display = ""

    def _show_examples(self) -> None:
        if self._run is None or self.cells.value is None:
            return
        found = self._run.examples(*self.cells.value)
        columns = [self.field, "before"]
        some = found.head(BEHIND)
        caption = f"{len(some)} of these {len(found)}, and what they were taken for before training:"
        self.examples.value = parts.table(columns, _cells(some, columns), caption)


def _confusion_png(table: Any) -> bytes:
    return plots.png(lambda ax: plots.confusion(table, ax), 1, *plots.confusion_size(table))


def _cell(truth: str, prediction: str, count: int) -> str:
    """A cell of a confusion table in words."""
    return f"{count} × {truth}, " + ("right" if truth == prediction else f"taken for {prediction}")


def _cells(frame: Any, columns: list[str]) -> list[list[Any]]:
    """The rows of a frame as texts, long ones cut; pictures as they are."""
    return [[_cell_of(value) for value in row] for row in frame[columns].itertuples(index=False)]


def _cell_of(value: Any) -> Any:
    return value if is_picture(value) or is_sound(value) else parts.shortened(value, LONGEST)
