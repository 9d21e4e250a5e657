"""One model fine-tuned by a configuration, or pretrained by a recipe."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from .. import catalog
from ..config import RunConfig
from ..errors import ConfigError
from ..history import History
from .shared import app, console, make_folder, progress_bar, watch


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
        "settings": task_settings(setting), "drop_bad_rows": drop_bad_rows or None,
    }  # fmt: skip
    given = {name: value for name, value in flags.items() if value is not None}
    if data and not task and config is None:
        given["task"] = "text-classification"
    base = RunConfig.from_yaml(config).to_dict() if config else {}
    asked = {"task": RunConfig.task, **base, **given}
    settings = RunConfig.from_dict({**catalog.task(asked["task"]).usual, **asked})
    folder = out or Path("runs") / f"{settings.task}-{settings.strategy}-{time.strftime('%Y%m%d-%H%M%S')}"
    with console.status("starting torch ..."):
        from .. import runs
    if out:
        runs.prepare_folder(folder, overwrite)
    history = History()
    with progress_bar() as progress:
        watch(progress, history)
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


def task_settings(given: list[str] | None) -> dict[str, Any] | None:
    """NAME=VALUE pairs as a mapping, each value read as YAML."""
    import yaml

    settings = {}
    for pair in given or []:
        name, sign, value = pair.partition("=")
        if not sign:
            raise ConfigError(f"--set {pair}: expected NAME=VALUE.")
        settings[name.strip()] = yaml.safe_load(value) if value.strip() == value else value
    return settings or None


def _run_table(done: Any) -> Table:
    table = Table("metric", "before", "after", title=f"{done.config.strategy}: {done.trainable_share:.1%} trained")
    for name, before in done.before.items():
        table.add_row(f"{name} (validation)", f"{before:.3f}", f"{done.after[name]:.3f}")
    for name, value in (done.tested or {}).items():
        table.add_row(f"{name} (test)", "", f"{value:.3f}")
    table.caption = f"{done.seconds:.1f} seconds of training" + (", stopped early" if done.stopped else "")
    return table


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
    from ..config import PretrainingRecipe

    settings = PretrainingRecipe.from_yaml(recipe)
    make_folder(out)
    with console.status("starting torch ..."):
        from .. import corpora, pretraining
    sources = [part if part in corpora.NAMED else Path(part) for part in corpus or [corpora.PYTHON_DOCS]]
    history = History()
    history.subscribe(_tell_losses(history))
    with progress_bar() as progress:
        watch(progress, history)
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
