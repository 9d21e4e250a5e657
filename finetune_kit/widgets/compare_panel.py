"""The comparison panel: choose strategies, numbers of labels and seeds, and watch the table and the picture grow."""

from __future__ import annotations

import threading
from typing import Any

import ipywidgets as ipw

from .. import comparisons, forgetting, metrics, plots, strategies, tasks
from ..comparisons import BASELINE, Comparison
from ..errors import ConfigError, FinetuneKitError
from ..history import History
from ..tasks import Task
from . import parts
from .live import LivePanel, call

STRATEGIES = ("scratch", "head", "last-2", "lora", "full")
CHOSEN = ("scratch", "full")
LABELS = (8, 32, 128)
MOST_SEEDS = 10
ALL = "all"
ROW = 0.32  # inches of the picture for a method at a number of labels


def compare_panel(task: str | Task = "sentiment", **settings: Any) -> ComparePanel:
    """The panel of controlled comparisons for a task: a catalogue name, or a task object over your own data.

    settings: those of `ftk.compare` to begin with, such as strategies=["head", "full"], labels=[32, 128],
    seeds=2, model="pocket-bert" or epochs=3. `panel.start()` does what the button does, `panel.wait()` returns
    the Comparison. Finished runs are kept: stopped and started again, it goes on.
    """
    return ComparePanel(task, settings)


class ComparePanel(LivePanel):
    """The panel. Attributes of use in code: `result`, the latest comparison, and `error`, the latest message or ''."""

    verb = "Compare"
    idle = "Not compared."

    def __init__(self, task: str | Task, settings: dict[str, Any]):
        self._given = task
        self._start = {name: settings.pop(name) for name in ("strategies", "labels", "seeds") if name in settings}
        self.settings = settings
        own = ("cache", "fresh", "steps", "seconds", "baselines")
        base = tasks.configure(task, **{k: v for k, v in settings.items() if k not in own})
        self.task = task if isinstance(task, Task) else tasks.resolve(base)
        self.so_far: Comparison | None = None
        super().__init__()

    # --- what it looks like

    def _controls(self) -> list[Any]:
        chosen = [strategies.parse(one).name for one in self._start.get("strategies", CHOSEN)]
        # Checkboxes: JupyterLab takes the arrow keys of an open list.
        self.strategies = [
            ipw.Checkbox(value=name in chosen, description=name, indent=False, layout=ipw.Layout(width="auto"))
            for name in dict.fromkeys([*STRATEGIES, *chosen])
        ]
        every = len(self.task.splits["train"])
        fitting: list[int | None] = [n for n in LABELS if n <= every]
        counts = self._start.get("labels", fitting or [None])
        wide = ipw.Layout(width="260px")
        self.labels = ipw.Text(
            value=", ".join(ALL if n is None else str(n) for n in counts), description="Labels",
            placeholder="such as 8, 32, 128 or all", layout=wide, continuous_update=False,
        )  # fmt: skip
        self.seeds = ipw.BoundedIntText(
            value=self._start.get("seeds", 3), min=1, max=MOST_SEEDS, description="Seeds",
            layout=ipw.Layout(width="160px"),
        )  # fmt: skip
        self.fresh = ipw.Checkbox(
            value=bool(self.settings.pop("fresh", False)), description="run finished ones again", indent=False
        )
        given = self.settings.pop("seconds", None)
        self.seconds = ipw.Text(
            value="" if given is None else f"{given:g}", description="Seconds", placeholder="a run; else equal steps",
            layout=wide, continuous_update=False,
        )  # fmt: skip
        self.forgetting = ipw.Checkbox(
            value=bool(self.settings.get("forgetting")), description="measure the old task too", indent=False
        )
        self._corpus = self.settings.pop("forgetting", True) or True  # a name says on which text
        return [*self.strategies, self.labels, self.seeds, self.seconds, self.forgetting, self.fresh]

    def _outputs(self) -> list[Any]:
        self.table, self.said = ipw.HTML(), ipw.HTML()
        return [self.table, self.said]

    # --- what it does

    def chosen(self) -> dict[str, Any]:
        """The arguments of `ftk.compare` that the controls stand for. Raises ConfigError."""
        names = [box.description for box in self.strategies if box.value]
        if not names:
            raise ConfigError("No strategy is ticked; expected one or more.")
        found = {"strategies": names, "labels": counts_in(self.labels.value), "seeds": self.seeds.value}
        if self.seconds.value.strip():
            found["seconds"] = seconds_in(self.seconds.value)
        found |= {"forgetting": self._corpus} if self.forgetting.value else {}
        return {**found, **self.settings, **({"fresh": True} if self.fresh.value else {})}

    @property
    def door(self) -> str:
        """The function that the button calls: `label_curve` where there are several numbers of labels."""
        return "label_curve" if len(counts_in(self.labels.value)) > 1 else "compare"

    def _work(self, history: History, stop: threading.Event) -> Comparison:
        compare = getattr(comparisons, self.door)
        return compare(self.task, **self.chosen(), history=history, stop=stop, on_result=self._grow)  # type: ignore[no-any-return]

    # --- what it shows

    def _clear(self) -> None:
        self.so_far = None
        self.table.value = self.said.value = ""

    def _grow(self, comparison: Comparison) -> None:
        """Show what there is so far."""
        self.so_far = comparison
        if any(r.kind != BASELINE for r in comparison.results):
            self.table.value = score_table(comparison)
            self.picture.update(comparison)

    def _follow(self, history: History) -> None:
        self.progress.max = max(1, history.total_steps)
        self.progress.value = history.step
        left = history.seconds_left if history.phase.startswith("run ") else None
        self.status.value = parts.message(history.phase.capitalize() + (f", {clock(left)} left" if left else ""))

    def _show_result(self) -> None:
        done = self.result
        kept = sum(r.kept for r in done.results)
        self.table.value = score_table(done)
        lines = [*done.sentences(), *done.notes()]
        if kept:
            lines.append(f"{kept} runs were finished before and are not repeated.")
        if done.stopped:
            lines.append("Stopped; started again, it goes on from here.")
        self.said.value = parts.summed_up("Differences on the same labels and seeds:", lines) if lines else ""
        if any(r.kind != BASELINE for r in done.results):
            self.picture.update(done, force=True)

    def _draw(self, comparison: Comparison) -> bytes:  # type: ignore[override]
        curve = len(comparison.counts) > 1
        rows = sum(bool(comparison.cell(m, n)) for m in comparison.methods for n in comparison.counts)
        first = plots.label_curve if curve else plots.side_by_side

        def draw(axes: list[Any]) -> None:
            first(comparison, axes[0])
            (plots.new_and_old if comparison.old_metric else plots.time_and_score)(comparison, axes[1])

        return plots.png(draw, columns=2, height=3.6 if curve else max(2.6, 1 + ROW * rows))

    def _source(self) -> str:
        task = repr(self._given) if isinstance(self._given, str) else "task"
        try:
            chosen = {k: v for k, v in self.chosen().items() if v != [None]}
            return call(self.door, task, *(f"{name}={value!r}" for name, value in chosen.items()))
        except FinetuneKitError as error:
            return f"# {error}"


def counts_in(text: str) -> list[int | None]:
    """Numbers of labels as they are typed, None for all. Raises ConfigError for what is none."""
    words = text.replace(",", " ").split()
    if not words or not all(word == ALL or word.isdecimal() for word in words):
        raise ConfigError(f"Labels: {text!r}; expected numbers with commas between them, such as 8, 32, 128, or all.")
    return [None if word == ALL else int(word) for word in words]


def seconds_in(text: str) -> float:
    """Seconds as they are typed. Raises ConfigError for what is no number."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise ConfigError(
            f"Seconds: {text!r}; expected a number such as 20, or nothing for the same steps in each run."
        ) from None


def score_table(comparison: Comparison) -> str:
    """The table of a comparison as HTML, scores as people read them."""
    task, metric, old = comparison.task, comparison.task.metric.name, comparison.old_metric
    rows = [
        [
            f"{row['labels']:,}", row["method"], metrics.shown(task.metrics, metric, row[metric]),
            "" if row["spread"] != row["spread"] else f"± {metrics.shown(task.metrics, metric, row['spread'])}",
            row["seeds"], f"{row['steps']:,}" if row["steps"] else "", f"{row['seconds']:.1f}",
            f"{row['trainable']:.1%}" if row["trainable"] else "",
            *([] if old is None else ["" if row[old] != row[old] else forgetting.shown(old, row[old])]),
        ]
        for row in comparison.table.to_dict("records")
    ]  # fmt: skip
    header = ["labels", "method", metric.replace("_", " "), "spread", "seeds", "steps", "seconds", "trained"]
    header += [] if old is None else [old.replace("_", " ")]
    return parts.table(header, rows, f"Mean on the {comparison.split} split")


def clock(seconds: float) -> str:
    """A time as people read it."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
