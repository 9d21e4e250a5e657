"""The catalogue as tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import typer
from rich import box
from rich.table import Table

from .. import catalog
from .shared import app, console


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
    from .. import strategies

    table = _list("strategies")
    table.add_column("name", no_wrap=True)
    table.add_column("what trains")
    for example in (*strategies.FIXED.values(), strategies.LastLayers(2)):
        table.add_row(example.name, (type(example).__doc__ or "").split("\n")[0].replace("`", ""))
    return table
