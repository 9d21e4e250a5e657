"""The catalogue: records of tasks, objectives, models and data sets, and where the embedded ones lie.

One room a kind; a new record is one entry there and nothing else.
"""

from __future__ import annotations

import fnmatch
import importlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..errors import unknown_name
from .datasets import DATASETS
from .models import MODELS
from .objectives import OBJECTIVES
from .records import DatasetRecord, ModelRecord, ObjectiveRecord, TaskRecord
from .tasks import TASKS

_KINDS: dict[str, tuple[Any, ...]] = {
    "tasks": TASKS, "objectives": OBJECTIVES, "models": MODELS, "datasets": DATASETS,
}  # fmt: skip


def data_folder() -> Path:
    """The folder of embedded models and data sets: `embedded/` in an installed wheel, `data/` in a checkout."""
    package = Path(__file__).parent.parent
    installed = package / "embedded"
    return installed if installed.is_dir() else package.parent / "data"


def _find(kind: str, records: tuple[Any, ...], name: str) -> Any:
    for record in records:
        if record.name == name:
            return record
    raise unknown_name(kind, name, [record.name for record in records], f"`finetune-kit list {kind}s` shows them all.")


def task(name: str) -> TaskRecord:
    """The record of a task. Raises UnknownNameError."""
    return _find("task", TASKS, name)  # type: ignore[no-any-return]


def objective(name: str) -> ObjectiveRecord:
    """The record of an objective. Raises UnknownNameError."""
    return _find("objective", OBJECTIVES, name)  # type: ignore[no-any-return]


def model(name: str) -> ModelRecord:
    """The record of a model. Raises UnknownNameError."""
    return _find("model", MODELS, name)  # type: ignore[no-any-return]


def dataset(name: str) -> DatasetRecord:
    """The record of a data set. Raises UnknownNameError."""
    return _find("dataset", DATASETS, name)  # type: ignore[no-any-return]


def handler(record: TaskRecord | ObjectiveRecord | DatasetRecord) -> Any:
    """The class behind a task or an objective, or the function behind a data set, imported now."""
    module, _, name = record.handler.partition(":")
    return getattr(importlib.import_module(module), name)


def embedded(kind: str) -> list[str]:
    """The names of the 'models' or 'datasets' that come with the kit and need no network."""
    return [record.name for record in _KINDS[kind] if record.embedded]


def table(kind: str, pattern: str = "*") -> Any:
    """The records of one kind whose name or task matches a wildcard, as a pandas DataFrame.

    kind: 'tasks', 'objectives', 'models' or 'datasets'. The embedded ones come first; the
    column `source` tells 'embedded' from the hub id of what is downloaded on first use.
    Raises UnknownNameError for another kind.
    """
    import pandas as pd

    if kind not in _KINDS:
        raise unknown_name("catalogue", kind, _KINDS)
    shown = {"models": _model_row, "datasets": _dataset_row}.get(kind, _plain_row)
    rows = [shown(record) for record in _KINDS[kind] if _matches(record, pattern)]
    columns = list(shown(_KINDS[kind][0]))  # an empty table has them too
    frame = pd.DataFrame(rows, columns=columns).drop(columns=["handler", "mapping"], errors="ignore")
    counts = [column for column in ("classes", "train", "validation", "test") if column in columns]
    return frame.astype(dict.fromkeys(counts, "Int64"))


def _matches(record: Any, pattern: str) -> bool:
    tasks = getattr(record, "tasks", (getattr(record, "task", ""),))
    return any(fnmatch.fnmatch(name, pattern) for name in (record.name, *tasks))


def _source(record: ModelRecord | DatasetRecord) -> str:
    return "embedded" if record.embedded else record.source


def _plain_row(record: Any) -> dict[str, Any]:
    return asdict(record)


def _model_row(record: Any) -> dict[str, Any]:
    return {
        "name": record.name,
        "parameters": record.parameters,
        "megabytes": record.megabytes,
        "licence": record.licence,
        "input": record.input,
        "tasks": ", ".join(record.tasks),
        "description": record.description,
        "family": record.family,
        "source": _source(record),
    }


def _dataset_row(record: Any) -> dict[str, Any]:
    splits = {name: record.splits.get(name) for name in ("train", "validation", "test")}
    return {
        "name": record.name,
        "task": record.task,
        "classes": record.classes,
        **splits,
        "megabytes": record.megabytes,
        "licence": record.licence,
        "description": record.description,
        "source": _source(record),
    }


__all__ = [
    "DATASETS",
    "MODELS",
    "OBJECTIVES",
    "TASKS",
    "DatasetRecord",
    "ModelRecord",
    "ObjectiveRecord",
    "TaskRecord",
    "data_folder",
    "dataset",
    "embedded",
    "handler",
    "model",
    "objective",
    "table",
    "task",
]
