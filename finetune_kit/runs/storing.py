"""Storing: a run in a folder, and its outputs as they were when it is read again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from .. import checkpoints
from ..errors import ModelError, StorageError
from ..strategies import Adapter
from ..tasks import Task
from .record import record_of

if TYPE_CHECKING:
    from .run import Run

RECORD, PREDICTIONS, ADAPTER = "run.json", "validation.parquet", "adapter"
CHECKED = 8  # predictions stored with a run, compared when it is loaded
TOLERANCE = 1e-3  # of an output: another device or version may round differently


def prepare_folder(folder: str | Path, overwrite: bool = False) -> None:
    """Make an output folder before any work. Raises StorageError when it is not empty or not writable."""
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = next(folder.iterdir(), None)
        if held and not overwrite:
            what = "a run" if (folder / RECORD).exists() else f"files, such as {held.name!r}"
            raise StorageError(
                f"{folder} already holds {what}; choose another folder, or pass overwrite=True (--overwrite)."
            )
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except StorageError:
        raise
    except OSError as error:
        raise StorageError(f"Cannot write to {folder}: {error.strerror or error}. Choose another folder.") from error


def save(run: Run, outputs: dict[str, Any], folder: Path) -> Path:
    """Write a run into a folder that there is, and return it. Raises StorageError when it cannot be written.

    outputs: those for the validation split, before and after training.
    """
    try:
        with checkpoints.quiet():
            run.model.save_pretrained(folder)
            run.processor.save_pretrained(folder)
        Adapter.remove(folder / ADAPTER)
        if run.adapter:
            run.adapter.save(folder / ADAPTER)
        pq.write_table(_predictions(run.task, outputs), folder / PREDICTIONS)
        (folder / RECORD).write_text(json.dumps(record_of(run), indent=1), encoding="utf-8")
    except OSError as error:
        raise StorageError(f"Cannot write the run to {folder}: {error.strerror or error}.") from error
    return folder


def _predictions(task: Task, outputs: dict[str, Any]) -> pa.Table:
    table = task.splits["validation"].with_format("arrow")[:]  # pictures as they are stored, not decoded
    for when, some in outputs.items():
        column = some.tolist() if isinstance(some, np.ndarray) else some
        table = table.append_column(when, pa.array(column))
    return table


def read(folder: Path) -> tuple[dict[str, Any], datasets.Dataset, list[Any]]:
    """The record of a saved run, its validation examples, and the outputs for them before and after.

    Raises StorageError when the folder holds no run.
    """
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        validation = datasets.Dataset(pq.read_table(folder / PREDICTIONS))
    except (OSError, ValueError) as error:
        raise StorageError(f"{folder} holds no run ({error}); expected a folder written by run.save().") from error
    times = ["before", "after"]
    return record, validation.remove_columns(times), [_outputs(validation[when][:]) for when in times]


def _outputs(column: list[Any]) -> Any:
    """Outputs as they were before they were stored: an array again, where they were rows or tables of numbers."""
    first: Any = column[:1]
    while isinstance(first, list) and first:
        first = first[0]
    nested = bool(column) and isinstance(column[0], list)
    return np.array(column, dtype=np.float32) if nested and isinstance(first, float) else column


def check_same(found: Any, stored: Any, task: Task, folder: Path) -> None:
    """Refuse a loaded run that predicts otherwise than it did when it was saved. Raises ModelError."""
    if isinstance(stored, np.ndarray) and stored.ndim == 2:
        difference = float(np.abs(found - stored).max())
        same, how = difference <= TOLERANCE, f"by {difference:.3g}"
    else:
        now, then = (task.words(task.decide(outputs)) for outputs in (found, stored))
        others = sum(a != b for a, b in zip(now, then, strict=True))
        same, how = others <= len(now) // CHECKED, f"{others} of {len(now)}"  # a near tie may fall otherwise elsewhere
    if not same:
        raise ModelError(f"The run in {folder} predicts otherwise than when it was saved ({how}).")
