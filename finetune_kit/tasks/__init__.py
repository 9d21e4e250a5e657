"""Tasks: one file each; the catalogue names them, and nothing else does."""

from __future__ import annotations

import inspect
from typing import Any

from .. import catalog
from ..config import RunConfig
from ..errors import ConfigError, unknown_name
from .base import RIGHT, Task


def configure(task: str | Task, model: str | None = None, **settings: Any) -> RunConfig:
    """The configuration of a run: a task by its name or over the user's data, with what its record says is usual."""
    name = task if isinstance(task, str) else task.record
    given = {"model": model, **settings} if model else settings
    return RunConfig.from_dict({"task": name, **catalog.task(name).usual, **given})


def resolve(config: RunConfig) -> Task:
    """The task that a configuration names, over its embedded data set or over the user's own file."""
    record = catalog.task(config.task)
    build = catalog.handler(record)
    columns = {name: getattr(config, name) for name in ("text", "label") if getattr(config, name)}
    known = _settings_of(build)
    for name in (*columns, *config.settings):
        if name not in known:
            raise unknown_name(f"setting of the task {record.name!r}", name, known)
    if config.data is not None:
        settings = {**columns, **config.settings, "drop_bad_rows": config.drop_bad_rows, "seed": config.seed}
        return build(config.data, **settings)  # type: ignore[no-any-return]
    if columns:
        raise ConfigError(
            f"{', '.join(columns)} name columns of your data; expected data= with the path of a file too."
        )
    return build(record.dataset, **config.settings)  # type: ignore[no-any-return]


def _settings_of(task: type[Task]) -> list[str]:
    """The arguments of a task's class and of those it is made of, the data aside."""
    makers = [vars(part)["__init__"] for part in task.__mro__ if issubclass(part, Task) and "__init__" in vars(part)]
    named = (p for maker in makers for p in list(inspect.signature(maker).parameters.values())[1:])
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return list(dict.fromkeys(p.name for p in named if p.kind not in kinds and p.name != "source_of_data"))


__all__ = ["RIGHT", "Task", "configure", "resolve"]
