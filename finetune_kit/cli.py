"""The command line: demo, list, run, pretrain, doctor. Bad input ends in one sentence and exit code 2."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import platform
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from . import catalog
from .config import RunConfig
from .errors import ConfigError, FinetuneKitError
from .history import History

app = typer.Typer(
    help="Learn, prototype and compare pretraining and fine-tuning.", no_args_is_help=True, rich_markup_mode=None
)
console = Console()

DEMO_LABELS = [32, 512]
DEMO_STRATEGIES = ["scratch", "full"]
NEEDED = ("torch", "transformers", "datasets", "evaluate", "accelerate", "scikit-learn", "matplotlib")
LAB = ("jupyterlab", "ipywidgets", "ipykernel")


def main() -> None:
    """Run the command line; the errors of the kit become one line on standard error and exit code 2."""
    try:
        app()
    except FinetuneKitError as error:
        Console(stderr=True).print(f"[bold red]Error:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(2)


# --- demo ------------------------------------------------------------------------------------------------


@app.command()
def demo(
    seeds: Annotated[int, typer.Option(help="How many seeds: each draws its own labels and new weights.")] = 3,
    out: Annotated[Path, typer.Option(help="Where the picture and the table go.")] = Path("runs/demo"),
) -> None:
    """Fine-tune the pocket BERT on 32 and on 512 reviews, from scratch and pretrained, beside two baselines."""
    console.print(
        "Is a review positive or negative? One architecture learns it from 32 and from 512 labelled reviews:\n"
        "from random weights (scratch), and from weights pretrained on unlabelled English (full).\n"
    )
    _make_folder(out)
    with console.status("starting torch ..."):
        from . import comparisons, plots
    begun = time.perf_counter()
    with _progress() as progress:
        comparison = comparisons.compare(
            "sentiment", list(DEMO_STRATEGIES), labels=list(DEMO_LABELS), seeds=seeds, on_run=_follow(progress)
        )
    console.print(_comparison_table(comparison))
    if comparison.stopped:
        console.print("Stopped: the table holds the runs that were finished.")
    _say_gain(comparison)
    picture = out / "label_curve.png"
    picture.write_bytes(plots.png(lambda ax: plots.label_curve(comparison, ax), width=6, height=3.6))
    comparison.table.to_csv(out / "table.csv", index=False)
    console.print(f"\nPicture: {picture.resolve()}\nTable:   {(out / 'table.csv').resolve()}", soft_wrap=True)
    console.print(f"{time.perf_counter() - begun:.0f} seconds in all.")
    console.print(
        "\nNext: [bold]make lab[/] opens the course; [bold]finetune-kit run --labels 128[/] trains one model."
    )


def _follow(progress: Progress) -> Any:
    """An on_run for compare() that moves one bar over all runs, by step within each."""
    bar = progress.add_task("", total=None)

    def on_run(number: int, total: int, name: str, history: History) -> None:
        progress.update(bar, total=total, completed=number, description=name)
        if not console.is_terminal:
            console.print(f"{number + 1}/{total}: {name}")

        def move(history: History) -> None:
            done = history.phase in ("finished", "stopped")
            progress.update(bar, completed=number + (1 if done else history.step / max(1, history.total_steps)))

        history.subscribe(move)

    return on_run


def _comparison_table(comparison: Any) -> Table:
    metric = comparison.task.metric.name
    table = Table(title=f"{metric} on the test split, mean ± standard deviation over the seeds")
    for column in ("labels", "method", metric, "seconds", "trainable share"):
        table.add_column(column, justify="left" if column == "method" else "right")
    last = None
    for row in comparison.table.to_dict("records"):
        if last not in (None, row["labels"]):
            table.add_section()
        last = row["labels"]
        spread = "" if row["spread"] != row["spread"] else f" ± {100 * row['spread']:.1f}"
        share = f"{row['trainable']:.0%}" if row["trainable"] else "-"
        score = f"{100 * row[metric]:.1f}{spread} %"
        table.add_row(str(row["labels"]), row["method"], score, f"{row['seconds']:.1f}", share)
    return table


def _say_gain(comparison: Any) -> None:
    table, metric = comparison.table, comparison.task.metric.name
    for labels, rows in table.groupby("labels"):
        score = dict(zip(rows["method"], rows[metric], strict=True))
        if {"scratch", "full"} <= score.keys():
            points = 100 * (score["full"] - score["scratch"])
            console.print(f"With {labels} labels, pretraining bought {points:+.1f} points over starting from scratch.")


# --- list ------------------------------------------------------------------------------------------------


@app.command("list")
def list_(
    kind: Annotated[str, typer.Argument(help="models, datasets, tasks, strategies, objectives; all by default.")] = "",
    pattern: Annotated[str, typer.Argument(help="A wildcard for names or tasks, such as 'pocket-*'.")] = "*",
) -> None:
    """Show the catalogue: what comes with the kit first, then what the hub has."""
    kinds = ("tasks", "models", "datasets", "strategies", "objectives")
    for one in (kind,) if kind else kinds:
        for table in [_strategy_table()] if one == "strategies" else _catalog_tables(one, pattern):
            console.print(table)


# Column of the catalogue -> its heading: what fits 80 columns beside the description.
SHOWN = {
    "name": "name", "parameters": "weights", "train": "train", "megabytes": "MB", "dataset": "dataset",
    "licence": "licence", "description": "description",
}  # fmt: skip
NUMBERS = ("parameters", "train", "megabytes")


def _catalog_tables(kind: str, pattern: str) -> Iterator[Table]:
    """The records of one kind; models and data sets as two tables, for those of the hub have to be downloaded."""
    frame = catalog.table(kind, pattern)
    if "source" not in frame.columns:
        yield _catalog_table(kind, frame)
        return
    embedded = frame["source"] == "embedded"
    what = kind.replace("datasets", "data sets")
    for title, rows in ((f"{what} in the kit", embedded), (f"{what} of the hub, downloaded on first use", ~embedded)):
        if rows.any():
            yield _catalog_table(title, frame[rows])
    if frame.empty:
        yield _catalog_table(kind, frame)


def _catalog_table(title: str, frame: Any) -> Table:
    columns = [column for column in SHOWN if column in frame.columns]
    table = _list(title)
    for column in columns:
        side: Literal["left", "right"] = "right" if column in NUMBERS else "left"
        table.add_column(SHOWN[column], no_wrap=column not in ("licence", "description"), justify=side)
    for row in frame[columns].astype(object).where(frame[columns].notna(), "-").itertuples(index=False):
        table.add_row(*map(_cell, row))
    return table


def _list(title: str) -> Table:
    return Table(title=title, title_justify="left", box=box.SIMPLE, padding=(0, 1, 0, 0), pad_edge=False)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 100 else f"{value:g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _strategy_table() -> Table:
    from . import strategies

    table = _list("strategies")
    table.add_column("name", no_wrap=True)
    table.add_column("what trains")
    for example in (*strategies.FIXED.values(), strategies.LastLayers(2)):
        table.add_row(example.name, (type(example).__doc__ or "").split("\n")[0].replace("`", ""))
    return table


# --- run -------------------------------------------------------------------------------------------------


@app.command()
def run(
    config: Annotated[Path | None, typer.Argument(help="A YAML file of settings; flags win over it.")] = None,
    task: Annotated[str | None, typer.Option(help="A task from `finetune-kit list tasks`.")] = None,
    model: Annotated[str | None, typer.Option(help="An embedded model, a folder or a hub id.")] = None,
    strategy: Annotated[str | None, typer.Option(help="scratch, head, last-N or full.")] = None,
    labels: Annotated[int | None, typer.Option(help="How many labelled training examples; all if not given.")] = None,
    epochs: Annotated[float | None, typer.Option(help="Passes over the training examples.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="The highest learning rate, such as 3e-4.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Examples a step.")] = None,
    seed: Annotated[int | None, typer.Option(help="Fixes the labels drawn, the new weights and the order.")] = None,
    data: Annotated[list[str] | None, typer.Option(help="Your own file; give it twice for two aligned ones.")] = None,
    text: Annotated[str | None, typer.Option(help="Its column of texts.")] = None,
    label: Annotated[str | None, typer.Option(help="Its column of labels.")] = None,
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="NAME=VALUE of the task, such as source=english or prefix='Q: '.")
    ] = None,
    drop_bad_rows: Annotated[bool, typer.Option("--drop-bad-rows", help="Leave out rows that cannot be used.")] = False,
    test: Annotated[bool, typer.Option("--test", help="Measure on the test split too, at the end.")] = False,
    out: Annotated[Path | None, typer.Option(help="The run's folder; by default a new one under runs/.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Write into a folder that is not empty.")] = False,
) -> None:
    """Fine-tune one model and write the run's folder."""
    flags = {
        "task": task, "model": model, "strategy": strategy, "labels": labels, "epochs": epochs,
        "learning_rate": learning_rate, "batch_size": batch_size, "seed": seed,
        "data": data[0] if data and len(data) == 1 else data, "text": text, "label": label,
        "settings": _task_settings(setting), "drop_bad_rows": drop_bad_rows or None,
    }  # fmt: skip
    given = {name: value for name, value in flags.items() if value is not None}
    if data and not task and config is None:
        given["task"] = "text-classification"
    base = RunConfig.from_yaml(config).to_dict() if config else {}
    asked = {"task": RunConfig.task, **base, **given}
    settings = RunConfig.from_dict({**catalog.task(asked["task"]).usual, **asked})
    folder = out or Path("runs") / f"{settings.task}-{settings.strategy}-{time.strftime('%Y%m%d-%H%M%S')}"
    with console.status("starting torch ..."):
        from . import runs
    if out:
        runs.prepare_folder(folder, overwrite)
    history = History()
    with _progress() as progress:
        _watch(progress, history)
        done = runs.execute(settings, history=history)
    if test:
        done.evaluate()
    done.save(folder, overwrite=overwrite)
    settings.to_yaml(folder / "config.yaml")
    console.print(_run_table(done))
    console.print(f"Run: {folder.resolve()}", soft_wrap=True)
    console.print(
        f"\nNext: [bold]finetune_kit.Run.load({escape(repr(str(folder)))}).predict(\\[...])[/]", soft_wrap=True
    )


def _task_settings(given: list[str] | None) -> dict[str, Any] | None:
    """NAME=VALUE pairs as a mapping, each value read as YAML."""
    import yaml

    settings = {}
    for pair in given or []:
        name, sign, value = pair.partition("=")
        if not sign:
            raise ConfigError(f"--set {pair}: expected NAME=VALUE.")
        settings[name.strip()] = yaml.safe_load(value) if value.strip() == value else value
    return settings or None


def _watch(progress: Progress, history: History) -> None:
    bar = progress.add_task("", total=None)

    def move(history: History) -> None:
        total = history.total_steps or None
        progress.update(bar, total=total, completed=history.step, description=history.phase)

    history.subscribe(move)


def _run_table(done: Any) -> Table:
    table = Table("metric", "before", "after", title=f"{done.config.strategy}: {done.trainable_share:.1%} trained")
    for name, before in done.before.items():
        table.add_row(f"{name} (validation)", f"{before:.3f}", f"{done.after[name]:.3f}")
    for name, value in (done.tested or {}).items():
        table.add_row(f"{name} (test)", "", f"{value:.3f}")
    table.caption = f"{done.seconds:.1f} seconds of training" + (", stopped early" if done.stopped else "")
    return table


# --- pretrain --------------------------------------------------------------------------------------------


@app.command()
def pretrain(
    recipe: Annotated[Path, typer.Argument(help="A YAML file, such as data/models/pocket-bert/recipe.yaml.")],
    out: Annotated[Path, typer.Option(help="Where checkpoints and the finished model go; resumes there.")],
    corpus: Annotated[
        list[str] | None,
        typer.Option(help="A text file, a folder of files, python-docs or phrases; may be given more than once."),
    ] = None,
    sentence: Annotated[
        list[str] | None, typer.Option(help="A sentence with [MASK], or to be continued, shown as it trains.")
    ] = None,
) -> None:
    """Pretrain a model by a recipe. Ctrl-C stops it; the same command goes on where it stopped."""
    from .config import PretrainingRecipe

    settings = PretrainingRecipe.from_yaml(recipe)
    _make_folder(out)
    with console.status("starting torch ..."):
        from . import corpora, pretraining
    sources = [part if part in corpora.NAMED else Path(part) for part in corpus or [corpora.PYTHON_DOCS]]
    history = History()
    history.subscribe(_tell_losses(history))
    with _progress() as progress:
        _watch(progress, history)
        done = pretraining.execute(settings, sources, out, sentences=sentence, history=history)
    console.print(repr(done), highlight=False)
    if done.stopped:
        console.print(f"Stopped; the same command goes on from the last checkpoint in {out.resolve()}.", soft_wrap=True)
        return
    console.print(f"Model: {done.save(out / 'model', overwrite=True, half=True).resolve()}", soft_wrap=True)


def _tell_losses(history: History) -> Any:
    """A listener that prints each measurement on the validation split once, and the guesses that go with it."""
    told: set[tuple[int, bool]] = set()

    def tell(history: History) -> None:
        row = next(iter(history.rows[-1:]), {})
        key = (row.get("step", 0), "guesses" in row)
        if "validation_loss" not in row or key in told:
            return
        told.add(key)
        if "guesses" in row:
            for sentence, guess in row["guesses"].items():
                console.print(f"    {escape(sentence)} [bold]{escape(guess)}[/]", soft_wrap=True)
            return
        scores = ", ".join(f"{k.replace('_', ' ')} {v:.3f}" for k, v in row.items() if k.startswith("validation_"))
        pace = f"{history.pace:.2f} steps a second"
        console.print(
            f"step {row['step']:,} of {history.total_steps:,}: {scores}, {pace}", highlight=False, soft_wrap=True
        )

    return tell


# --- doctor ----------------------------------------------------------------------------------------------


@app.command()
def doctor() -> None:
    """Show versions, device and memory, what is missing and how to get it."""
    import psutil

    table = Table("what", "found", "how to get it")
    table.add_row("Python", platform.python_version(), "")
    table.add_row("System", f"{platform.system()} {platform.machine()}", "")
    for package in ("finetune-kit", *NEEDED, *LAB):
        found = _version(package)
        extra = "finetune-kit[lab]" if package in LAB else "finetune-kit"
        table.add_row(package, found or "[red]missing[/]", "" if found else f"pip install '{escape(extra)}'")
    memory = psutil.virtual_memory()
    table.add_row("Memory", f"{memory.available / 1e9:.1f} of {memory.total / 1e9:.1f} GB free", "")
    table.add_row("Disk here", f"{shutil.disk_usage('.').free / 1e9:.1f} GB free", "")
    table.add_row("Device", _device(), "")
    for name in catalog.embedded("models"):
        lacking = not list((catalog.data_folder() / "models" / name).glob("*.safetensors"))
        table.add_row(name, "[red]missing[/]" if lacking else "present", "reinstall the kit" if lacking else "")
    console.print(table)


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _device() -> str:
    if importlib.util.find_spec("torch") is None:
        return "unknown without torch"
    import torch

    if torch.cuda.is_available():
        memory = torch.cuda.get_device_properties(0).total_memory / 1e9
        return f"{torch.cuda.get_device_name(0)}, {memory:.0f} GB"
    return "Apple GPU (MPS)" if torch.backends.mps.is_available() else f"CPU, {torch.get_num_threads()} threads"


# --- shared ----------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _progress() -> Iterator[Progress]:
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


def _make_folder(folder: Path) -> None:
    from .errors import StorageError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"Cannot write to {folder}: {error.strerror or error}. Choose another with --out."
        ) from error


if __name__ == "__main__":
    main()
