"""The cleaning panel: look at the examples that a run is most wrong on, relabel or drop some, and train again."""

from __future__ import annotations

import dataclasses
import threading
from typing import Any

import ipywidgets as ipw

from .. import cleaning, metrics, plots, runs, tasks
from ..config import RunConfig
from ..errors import DataError
from ..history import History
from ..runs import Run
from ..tasks import Task
from . import parts
from .choosing import Pages
from .live import LivePanel
from .notice import failure

OF_THE_DATA = ("task", "data", "text", "label", "settings", "drop_bad_rows")  # settings that a task object stands for
CHANCE = "Any change of the data moves scores by chance too: ftk.compare on both tasks, over some seeds, shows how far."


def clean_panel(run: Run, split: str = "validation") -> CleaningPanel:
    """The panel that cleans the data of a run with classes: its top losses page by page, and a choice for each.

    split: the one that it opens with; the training split is measured first. Display the panel by
    naming it at the end of a cell. The button trains the run's configuration again on the cleaned
    data; `panel.wait()` returns that Run. Raises as `cleaning.cleanable`.
    """
    return CleaningPanel(run, split)


class CleaningPanel(LivePanel):
    """The panel. Attributes of use in code: `run`, the new Run, and `task`, the cleaned one, else the first run's.

    first: the run that is looked at. pages: its examples, and what was chosen for them.
    """

    verb = "Train again"
    idle = "Not trained again."
    children: tuple[Any, ...]

    def __init__(self, run: Run, split: str = "validation"):
        cleaning.cleanable(run.task, split)
        self.first, self.task = run, run.task
        self._splits = [name for name in cleaning.CLEANABLE if name in run.task.splits]
        self._opened = split
        self._tables: dict[str, Any] = {}
        super().__init__()
        controls, *rest = self.children
        self.children = (controls, self.hint, self.pages, self.tally, *rest)
        self._open()

    @property
    def run(self) -> Run | None:
        """The latest run on cleaned data, or None."""
        return self.result  # type: ignore[no-any-return]

    def _controls(self) -> list[Any]:
        self.split = ipw.Dropdown(
            options=[(name, name) for name in self._splits], value=self._opened, description="Split"
        )
        self.split.observe(lambda _: self._open(), "value")
        self.hint, self.tally = ipw.HTML(), ipw.HTML()
        self.pages = Pages(self.first.task, self._splits, self._tell)
        return [self.split]

    def _outputs(self) -> list[Any]:
        self.scores, self.notes = ipw.HTML(), ipw.HTML()
        return [self.scores, self.notes]

    # --- the examples

    def _open(self) -> None:
        """Show the chosen split from its highest loss on, or what goes wrong."""
        self.pages.clear()
        self._fail(failure(self._show_split))
        self.hint.value = parts.message(self._advice(self.split.value))
        self._tell()

    def _show_split(self) -> None:
        split = self.split.value
        if split not in self._tables:
            self.message.value = parts.message(f"Measuring the {split} split ...")
            self._tables[split] = cleaning.losses(self.first, split)
        self.pages.show(split, self._tables[split])

    def _advice(self, split: str) -> str:
        """What to know of the losses of a split."""
        begin = "A high loss is a reason to look, no proof: hard examples have one too. "
        if split == "validation":
            return begin + "The run did not learn from these."
        count, whole = self.first.config.labels, len(self.first.task.splits[split])
        if count is not None and count < whole:
            return begin + f"The run learnt from {count:,} of these {whole:,}."
        return begin + "The run learnt from these: one that trains for long learns wrong labels by heart."

    def _tell(self) -> None:
        """How many examples are changed, and the code that changes them."""
        counts = [f"{split}: {self._count(split)}" for split, chosen in self.pages.choices.items() if chosen]
        self.tally.value = parts.message("; ".join(counts) or "Nothing is changed yet.")
        self._show_code()

    def _count(self, split: str) -> str:
        relabel, drop = self.pages.changes(split)
        return f"{len(relabel)} relabelled, {len(drop)} dropped"

    # --- what it does

    def settings(self) -> RunConfig:
        """The configuration of the new run: the first run's, over a task object."""
        return tasks.configure(self.first.task, **self._settings())

    def _settings(self) -> dict[str, Any]:
        usual = dataclasses.asdict(tasks.configure(self.first.task))
        own = dataclasses.asdict(self.first.config)
        return {name: value for name, value in own.items() if name not in OF_THE_DATA and value != usual[name]}

    def _work(self, history: History, stop: threading.Event) -> Run:
        self.task = self._cleaned()
        self._old_scores = self.first.after
        if self.pages.choices["validation"]:
            history.enter("measuring the first run on the cleaned validation split")
            self._old_scores = cleaning.measure(self.first, self.task)
        return runs.execute(self.settings(), self.task, history, stop)

    def _cleaned(self) -> Task:
        task = self.first.task
        if not any(self.pages.choices.values()):
            raise DataError("Nothing is changed yet; choose Drop or another class for an example first.")
        if "train" not in task.splits:
            raise DataError(
                "A loaded run has no training examples at hand. Clean the task with its data by ftk.clean, as the "
                "code below does, and go on with ftk.fine_tune."
            )
        for split in self._splits:
            relabel, drop = self.pages.changes(split)
            if relabel or drop:
                task = cleaning.clean(task, split, relabel, drop)
        return task

    # --- what it shows

    def _set_busy(self, busy: bool) -> None:
        super()._set_busy(busy)
        self.pages.hold(busy)

    def _clear(self) -> None:
        self.task = self.first.task
        self.scores.value = self.notes.value = ""

    def _curves(self, history: History, axes: list[Any]) -> None:
        metric = self.task.metric
        plots.loss_curve(history, axes[0])
        before = history.before.get(metric.name)
        plots.metric_curve(history, metric.name, before, axes[1], higher_is_better=metric.higher_is_better)

    def _show_result(self) -> None:
        run, kinds = self.result, self.task.metrics
        pairs = [(name, self._old_scores[name], score) for name, score in run.after.items()]
        rows = [[name.replace("_", " "), *(metrics.shown(kinds, name, v) for v in pair)] for name, *pair in pairs]
        caption = f"{run.seconds:.1f} s of training"
        self.scores.value = parts.table(["validation", "first run", "on cleaned data"], rows, caption)
        self.notes.value = "".join(map(parts.message, [*self._on_what(), *self._learnt_from()]))

    def _on_what(self) -> list[str]:
        """What both runs were measured on, in sentences."""
        size = len(self.task.splits["validation"])
        if not self.pages.choices["validation"]:
            return [f"Both were measured on the same {size:,} validation examples, of which none was changed."]
        metric = self.task.metric.name
        before = metrics.shown(self.task.metrics, metric, self.first.after[metric])
        return [
            f"Both were measured on the same {size:,} examples of the cleaned validation split "
            f"({self._count('validation')}); on the split as it was, the first run's {metric} was {before}.",
            "Labels changed because the first run denies them raise its score by that alone: "
            "evaluate() of both runs, on the test split, is the fair comparison.",
        ]

    def _learnt_from(self) -> list[str]:
        """Where the runs differ in more, or in less, than the changed labels, in sentences."""
        if not self.pages.choices["train"]:
            return ["The training examples are the same: only which weights are kept may differ."]
        labels = self.first.config.labels
        if labels is None:
            return [CHANCE]
        return [
            f"The {labels:,} labels were drawn anew from the cleaned training split: part of the difference "
            "is that the runs learnt from other examples.",
            CHANCE,
        ]

    def _source(self) -> str:
        lines = [f"table = ftk.top_losses(run, {self.split.value!r})"]
        task = "run.task"
        for split in self._splits:
            relabel, drop = self.pages.changes(split)
            given = [f"relabel={relabel!r}"] * bool(relabel) + [f"drop={drop!r}"] * bool(drop)
            if given:
                lines.append(f"cleaned = ftk.clean({', '.join([task, repr(split), *given])})")
                task = "cleaned"
        imports = ["import finetune_kit as ftk"]
        if task == "cleaned":
            arguments = [task, *(f"{name}={value!r}" for name, value in self._settings().items())]
            lines += ["again = ftk.fine_tune(", *(f"    {one}," for one in arguments), ")"]
            remeasured = bool(self.pages.choices.get("validation"))
            imports += ["from finetune_kit.cleaning import measure"] * remeasured
            lines += [f"{'measure(run, cleaned)' if remeasured else 'run.after'}, again.after"]
        return "\n".join([*imports, "", *lines])
