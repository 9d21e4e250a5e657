"""Objectives: what pretraining optimises, one file each; the catalogue names them, and nothing else does."""

from __future__ import annotations

import inspect
from typing import Any

from .. import catalog
from ..config import Stage
from ..errors import ConfigError, unknown_name
from .base import Learnable, MadeObjective, Objective, TextObjective


def resolve(stage: Stage) -> Objective:
    """The objective of a recipe's stage. Raises UnknownNameError for a name or a setting that is none."""
    build = catalog.handler(catalog.objective(stage.objective))
    known = inspect.signature(build).parameters
    for name in stage.settings:
        if name not in known:
            raise unknown_name(f"setting of the objective {stage.objective!r}", name, known)
    try:
        return build(**stage.settings)  # type: ignore[no-any-return]
    except TypeError as error:
        raise ConfigError(f"The objective {stage.objective!r} cannot be made: {error}.") from error


def default_for(config: Any) -> str:
    """The name of the objective that a model of this configuration was made for. Raises ConfigError if none fits."""
    import transformers

    for record in catalog.OBJECTIVES:
        if record.mapping and type(config) in getattr(transformers, record.mapping):
            return record.name
    names = ", ".join(record.name for record in catalog.OBJECTIVES)
    raise ConfigError(f"No objective suits a {config.model_type} by default; expected objective= with one of {names}.")


__all__ = ["Learnable", "MadeObjective", "Objective", "TextObjective", "default_for", "resolve"]
