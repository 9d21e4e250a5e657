"""Tasks: one file each; the catalogue names them, and nothing else does."""

from __future__ import annotations

from .. import catalog
from ..config import RunConfig
from ..errors import ConfigError
from .base import Task


def resolve(config: RunConfig) -> Task:
    """The task that a configuration names, over its embedded data set or over the user's own file."""
    record = catalog.task(config.task)
    build = catalog.handler(record)
    columns = {name: getattr(config, name) for name in ("text", "label") if getattr(config, name)}
    if config.data is not None:
        return build(config.data, **columns, drop_bad_rows=config.drop_bad_rows, seed=config.seed)  # type: ignore[no-any-return]
    if record.dataset is None:
        raise ConfigError(f"The task {record.name!r} has no data of its own; expected data= with the path of a file.")
    if columns:
        raise ConfigError(
            f"{', '.join(columns)} name columns of your data; expected data= with the path of a file too."
        )
    return build(record.dataset)  # type: ignore[no-any-return]


__all__ = ["Task", "resolve"]
