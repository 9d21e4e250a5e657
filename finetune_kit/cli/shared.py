"""What the commands share: the app, the console, progress bars, folders."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from ..history import History

app = typer.Typer(
    help="Learn, prototype and compare pretraining and fine-tuning.", no_args_is_help=True, rich_markup_mode=None
)
console = Console()


@contextlib.contextmanager
def progress_bar() -> Iterator[Progress]:
    """A bar with the time that has passed and the time left."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield progress


def make_folder(folder: Path) -> None:
    """Make an output folder before any work. Raises StorageError."""
    from ..errors import StorageError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"Cannot write to {folder}: {error.strerror or error}. Choose another with --out."
        ) from error


def watch(progress: Progress, history: History) -> None:
    """Move a bar as a history does."""
    bar = progress.add_task("", total=None)

    def move(history: History) -> None:
        total = history.total_steps or None
        progress.update(bar, total=total, completed=history.step, description=history.phase)

    history.subscribe(move)


def follow(progress: Progress) -> dict[str, Any]:
    """The arguments of a comparison with which one bar moves over the steps of all its runs."""
    history = History()
    watch(progress, history)

    def on_run(number: int, total: int, name: str, history: History) -> None:
        if not console.is_terminal:
            console.print(f"{number + 1}/{total}: {name}")

    return {"history": history, "on_run": on_run}


def comparison_table(comparison: Any) -> Table:
    """Mean and spread of every method at every number of labels."""
    from .. import forgetting, metrics

    metric = comparison.task.metric.name
    shown = functools.partial(metrics.shown, comparison.task.metrics, metric)
    table = Table(title=f"{metric} on the {comparison.split} split, mean ± standard deviation over the seeds")
    old = comparison.old_metric
    for column in ("labels", "method", metric, "steps", "seconds", "trainable share", *([old] if old else [])):
        table.add_column(column, justify="left" if column == "method" else "right")
    last = None
    for row in comparison.table.to_dict("records"):
        if last not in (None, row["labels"]):
            table.add_section()
        last = row["labels"]
        spread = "" if row["spread"] != row["spread"] else f" ± {shown(row['spread'])}"
        share = f"{row['trainable']:.0%}" if row["trainable"] else "-"
        score = f"{shown(row[metric])}{spread}"
        steps = f"{row['steps']:,}" if row["steps"] else "-"
        left = [] if old is None else ["-" if row[old] != row[old] else forgetting.shown(old, row[old])]
        table.add_row(str(row["labels"]), row["method"], score, steps, f"{row['seconds']:.1f}", share, *left)
    return table
