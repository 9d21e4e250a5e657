"""Controlled comparisons (methods, label curves, sweeps, learning-rate ranges) and the check before them."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from ..errors import ConfigError
from .running import task_settings
from .shared import app, comparison_table, console, follow, make_folder, progress_bar

TaskName = Annotated[str | None, typer.Option("--task", help="A task from `finetune-kit list tasks`.")]
ModelName = Annotated[str | None, typer.Option("--model", help="An embedded model, a folder or a hub id.")]
Strategies = Annotated[
    list[str] | None, typer.Option("--strategy", help="Give it once a strategy; by default scratch and full.")
]
Counts = Annotated[list[str] | None, typer.Option("--labels", help="A number of labels, or all; may be repeated.")]
Seeds = Annotated[int, typer.Option("--seeds", help="How many seeds: each draws its own labels and new weights.")]
Steps = Annotated[int | None, typer.Option("--steps", help="Optimiser steps of every run, in place of --epochs.")]
Seconds = Annotated[float | None, typer.Option("--seconds", help="Seconds of training of each run, not --steps.")]
Epochs = Annotated[float | None, typer.Option("--epochs", help="Passes over the training examples.")]
Rate = Annotated[float | None, typer.Option("--learning-rate", help="The highest learning rate, such as 3e-4.")]
Batch = Annotated[int | None, typer.Option("--batch-size", help="Examples a step.")]
Data = Annotated[list[str] | None, typer.Option("--data", help="Your own file; twice for two aligned ones.")]
Text = Annotated[str | None, typer.Option("--text", help="Its column of texts.")]
Label = Annotated[str | None, typer.Option("--label", help="Its column of labels.")]
Setting = Annotated[list[str] | None, typer.Option("--set", help="NAME=VALUE of the task.")]
Drop = Annotated[bool, typer.Option("--drop-bad-rows", help="Leave out rows that cannot be used.")]
Forgetting = Annotated[bool, typer.Option("--forgetting", help="Measure the checkpoint's old task too.")]
Baselines = Annotated[bool, typer.Option("--baselines/--no-baselines", help="Simple methods beside them.")]
Cache = Annotated[Path | None, typer.Option("--cache", help="Where finished runs are kept and looked for.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Run finished ones again.")]
Out = Annotated[Path | None, typer.Option("--out", help="Where the picture and the table go; none if not given.")]


def _given(data: list[str] | None, task: str | None, **flags: Any) -> dict[str, Any]:
    """The flags that were given, as arguments of a comparison."""
    flags = {"data": data[0] if data and len(data) == 1 else data, **flags}
    found = {name: value for name, value in flags.items() if value not in (None, False)}
    return {"task": task or ("text-classification" if data else "sentiment"), **found}


def _counts(texts: list[str] | None) -> list[int | None] | None:
    for text in texts or []:
        if text != "all" and not text.isdecimal():
            raise ConfigError(f"--labels {text}: expected a number of labels, or all.")
    return [None if text == "all" else int(text) for text in texts] if texts else None


def _carry_out(door: str, given: dict[str, Any], out: Path | None, drawings: dict[str, str]) -> Any:
    """Run a comparison under a progress bar, print it, and write its table and pictures (file name: plot)."""
    if out:
        make_folder(out)
    with console.status("starting torch ..."):
        from .. import comparisons
    with progress_bar() as progress:
        made = getattr(comparisons, door)(given.pop("task"), **given, **follow(progress))
    if not made.results:
        raise ConfigError("Stopped before the first run was finished; the same command begins again.")
    console.print(_sweep_table(made) if door == "sweep" else comparison_table(made))
    if out:
        _write(made, out, drawings)
    return made


def _write(made: Any, out: Path, drawings: dict[str, str]) -> None:
    from .. import plots

    made.table.to_csv(out / "table.csv", index=False)
    for file, name in drawings.items():
        if name == "new_and_old" and made.old_metric is None:  # stopped before a run that looked back
            continue
        draw = functools.partial(getattr(plots, name), made)
        (out / file).write_bytes(plots.png(draw, width=6, height=3.6))
    console.print(f"Table and pictures: {out.resolve()}", soft_wrap=True)


def _say(lines: list[str]) -> None:
    for line in lines:
        console.print(escape(line), highlight=False, soft_wrap=True)


def _side_by_side(door: str, plot: str, flags: dict[str, Any]) -> None:
    """Carry out a comparison of strategies. flags: those of its command, by name."""
    flags = dict(flags)
    out, baselines = flags.pop("out"), flags.pop("baselines")
    read = {"strategies": flags.pop("strategy"), "labels": _counts(flags["labels"])}
    read["settings"] = task_settings(flags.pop("setting"))
    given = _given(**{**flags, **read})
    drawings = {f"{plot}.png": plot, "time.png": "time_and_score"}
    drawings |= {"forgetting.png": "new_and_old"} if given.get("forgetting") else {}
    made = _carry_out(door, {**given, "baselines": baselines}, out, drawings)
    _say(made.said())


@app.command()
def compare(
    task: TaskName = None,
    model: ModelName = None,
    strategy: Strategies = None,
    labels: Counts = None,
    seeds: Seeds = 3,
    steps: Steps = None,
    seconds: Seconds = None,
    epochs: Epochs = None,
    learning_rate: Rate = None,
    batch_size: Batch = None,
    data: Data = None,
    text: Text = None,
    label: Label = None,
    setting: Setting = None,
    drop_bad_rows: Drop = False,
    forgetting: Forgetting = False,
    baselines: Baselines = True,
    cache: Cache = None,
    fresh: Fresh = False,
    out: Out = None,
) -> None:
    """Fine-tune under several strategies on the same labels, seeds and steps or seconds. Finished runs are kept."""
    _side_by_side("compare", "side_by_side", locals())


@app.command("label-curve")
def label_curve(
    task: TaskName = None,
    model: ModelName = None,
    strategy: Strategies = None,
    labels: Counts = None,
    seeds: Seeds = 3,
    steps: Steps = None,
    seconds: Seconds = None,
    epochs: Epochs = None,
    learning_rate: Rate = None,
    batch_size: Batch = None,
    data: Data = None,
    text: Text = None,
    label: Label = None,
    setting: Setting = None,
    drop_bad_rows: Drop = False,
    forgetting: Forgetting = False,
    baselines: Baselines = True,
    cache: Cache = None,
    fresh: Fresh = False,
    out: Out = None,
) -> None:
    """Fine-tune on more and more labels: how many of them pretraining saves. Finished runs are not repeated."""
    _side_by_side("label_curve", "label_curve", locals())


@app.command()
def sweep(
    task: TaskName = None,
    model: ModelName = None,
    strategy: Annotated[list[str] | None, typer.Option(help="Give it once a strategy; full by default.")] = None,
    learning_rate: Annotated[list[float] | None, typer.Option(help="May be repeated.")] = None,
    batch_size: Annotated[list[int] | None, typer.Option(help="May be repeated.")] = None,
    epochs: Annotated[list[float] | None, typer.Option(help="May be repeated.")] = None,
    labels: Annotated[int | None, typer.Option(help="How many labelled training examples; all if not given.")] = None,
    seeds: Seeds = 1,
    steps: Steps = None,
    seconds: Seconds = None,
    data: Data = None,
    text: Text = None,
    label: Label = None,
    setting: Setting = None,
    drop_bad_rows: Drop = False,
    cache: Cache = None,
    fresh: Fresh = False,
    test: Annotated[bool, typer.Option("--test", help="Measure the chosen one on the test split, at the end.")] = False,
    out: Out = None,
) -> None:
    """Try every combination of learning rates, batch sizes and so on, and choose by the validation split."""
    swept = {"strategy": strategy, "learning_rate": learning_rate, "batch_size": batch_size, "epochs": epochs}
    several = {name: values if len(values) > 1 else values[0] for name, values in swept.items() if values}
    given = _given(
        data, task, model=model, labels=labels, seeds=seeds, steps=steps, seconds=seconds, text=text, label=label,
        settings=task_settings(setting), drop_bad_rows=drop_bad_rows, cache=cache, fresh=fresh, **several,
    )  # fmt: skip
    drawn = sum(isinstance(values, list) for values in several.values()) in (1, 2)
    made = _carry_out("sweep", given, out, {"sweep.png": "sweep_map"} if drawn else {})
    _say(made.said())
    if test and not made.stopped:
        with progress_bar() as progress:
            chosen = made.evaluate(follow(progress)["history"])
        console.print(comparison_table(chosen))


@app.command("lr-range")
def lr_range(
    task: TaskName = None,
    model: ModelName = None,
    strategy: Annotated[str, typer.Option(help="A strategy from `finetune-kit list strategies`.")] = "full",
    low: Annotated[float, typer.Option(help="The first learning rate.")] = 1e-6,
    high: Annotated[float, typer.Option(help="The last one.")] = 0.3,
    steps: Annotated[int, typer.Option(help="Steps from the first to the last.")] = 100,
    labels: Annotated[int | None, typer.Option(help="How many labelled training examples; all if not given.")] = None,
    batch_size: Batch = None,
    data: Data = None,
    text: Text = None,
    label: Label = None,
    setting: Setting = None,
    drop_bad_rows: Drop = False,
    out: Annotated[Path | None, typer.Option(help="Where the picture goes; none if not given.")] = None,
) -> None:
    """Raise the learning rate step by step, look at the loss, and suggest a rate. The model is thrown away."""
    given = _given(
        data, task, model=model, strategy=strategy, low=low, high=high, steps=steps, labels=labels,
        batch_size=batch_size, text=text, label=label, settings=task_settings(setting), drop_bad_rows=drop_bad_rows,
    )  # fmt: skip
    if out:
        make_folder(out)
    with console.status("starting torch ..."):
        from .. import comparisons, plots
    with progress_bar() as progress:
        found = comparisons.lr_range(given.pop("task"), **given, history=follow(progress)["history"])
    _say([repr(found)])
    if out:
        (out / "lr_range.png").write_bytes(plots.png(lambda ax: plots.rate_curve(found, ax), width=6, height=3.6))
        console.print(f"Picture: {(out / 'lr_range.png').resolve()}", soft_wrap=True)


@app.command()
def compatibility(
    task: Annotated[str | None, typer.Argument(help="A task from `finetune-kit list tasks`.")] = None,
    model: ModelName = None,
    weights: Annotated[bool, typer.Option("--weights/--no-weights", help="Load the weights too.")] = True,
    max_length: Annotated[int | None, typer.Option(help="Tokens that are read at once.")] = None,
    data: Data = None,
    text: Text = None,
    label: Label = None,
    setting: Setting = None,
    drop_bad_rows: Drop = False,
) -> None:
    """Say before any training whether a checkpoint fits a task. Exit code 1 where a finding is high."""
    given = _given(
        data, task, model=model, max_length=max_length, text=text, label=label, settings=task_settings(setting),
        drop_bad_rows=drop_bad_rows,
    )  # fmt: skip
    with console.status("starting torch ..."):
        from .. import suitability
    with console.status("looking at the data and the checkpoint ..."):
        found = suitability.compatibility(given.pop("task"), weights=weights, **given)
    _say([repr(found)])
    if any(one.severity == "high" for one in found.findings):
        raise typer.Exit(1)


def _sweep_table(made: Any) -> Table:
    from .. import metrics

    metric = made.task.metric.name
    columns = [*made.grid, metric, "seconds"]
    table = Table(title=f"{metric} on the validation split, best first")
    for column in columns:
        table.add_column(column, justify="right")
    for row in made.table.to_dict("records"):
        shown = {
            **row,
            metric: metrics.shown(made.task.metrics, metric, row[metric]),
            "seconds": f"{row['seconds']:.1f}",
        }
        table.add_row(*(f"{shown[c]:g}" if isinstance(shown[c], float) else str(shown[c]) for c in columns))
    return table
