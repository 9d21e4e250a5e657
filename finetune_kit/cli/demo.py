"""The demo: what pretraining buys, in two minutes."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from .shared import app, comparison_table, console, follow, make_folder, progress_bar

DEMO_LABELS = [32, 512]
DEMO_STRATEGIES = ["scratch", "full"]


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
    make_folder(out)
    with console.status("starting torch ..."):
        from .. import comparisons, plots
    begun = time.perf_counter()
    with progress_bar() as progress:
        comparison = comparisons.compare(
            "sentiment", list(DEMO_STRATEGIES), labels=list(DEMO_LABELS), seeds=seeds, **follow(progress)
        )
    console.print(comparison_table(comparison))
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


def _say_gain(comparison: Any) -> None:
    table, metric = comparison.table, comparison.task.metric.name
    for labels, rows in table.groupby("labels"):
        score = dict(zip(rows["method"], rows[metric], strict=True))
        if {"scratch", "full"} <= score.keys():
            points = 100 * (score["full"] - score["scratch"])
            console.print(f"With {labels} labels, pretraining bought {points:+.1f} points over starting from scratch.")
