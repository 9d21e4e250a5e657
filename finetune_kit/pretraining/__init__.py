"""Pretraining: a recipe carried out stage by stage, on any corpus, resumable, from any start."""

from __future__ import annotations

import dataclasses
import math
import threading
from pathlib import Path
from typing import Any

from .. import corpora, objectives
from ..config import PretrainingRecipe, Stage
from ..corpora import Corpus
from ..errors import ConfigError, unknown_name
from ..history import History
from .checks import check_recipe, folder_for
from .job import Job, configuration
from .result import Pretrained


def pretrain(
    model: str = "pocket-bert",
    corpus: Corpus = corpora.PYTHON_DOCS,
    *,
    minutes: float | None = None,
    out: str | Path | None = None,
    sentences: list[str] | None = None,
    history: History | None = None,
    stop: threading.Event | None = None,
    **settings: Any,
) -> Pretrained:
    """Pretrain a model on unlabelled text and return it with its losses before and after.

    model: a catalogue name, a folder or a hub id, from whose weights it goes on (domain
    adaptation, Gururangan et al. 2020, "Don't Stop Pretraining"); with start='random' or
    start='counted' the same architecture starts anew. corpus: whatever `corpora.read` takes,
    by default the documentation of the Python installation. minutes: how long to train, in
    place of `steps`. out: a folder for checkpoints, from which a later call with the same
    settings goes on. sentences: with a mask, or to be continued; what the model makes of
    them is written to the history at every evaluation. settings: those of PretrainingRecipe
    and, for its one stage, of Stage. Raises a FinetuneKitError for bad input.
    """
    if "stages" in settings:
        raise ConfigError("stages: expected the settings of one stage; `execute` carries out a recipe of several.")
    names = {field.name for field in dataclasses.fields(Stage)}
    stage = {"batch_size": 32, "warmup_steps": 30, "schedule": "linear"}
    stage |= {name: settings.pop(name) for name in list(settings) if name in names}
    recipes = {field.name for field in dataclasses.fields(PretrainingRecipe)}
    for name in settings:
        if name not in recipes:
            raise unknown_name("setting", name, (recipes | names) - {"stages"})
    recipe = PretrainingRecipe.from_dict({"model": model, "held_out_share": 0.05, **settings})
    if "objective" not in stage:
        stage["objective"] = objectives.default_for(configuration(recipe))
    recipe = dataclasses.replace(recipe, stages=(Stage.from_dict(stage),))
    return execute(recipe, corpus, out, minutes=minutes, sentences=sentences, history=history, stop=stop)


def execute(
    recipe: PretrainingRecipe,
    corpus: Corpus = None,
    out: str | Path | None = None,
    *,
    minutes: float | None = None,
    sentences: list[str] | None = None,
    history: History | None = None,
    stop: threading.Event | None = None,
) -> Pretrained:
    """Carry out a recipe; in a folder that holds a part of it, go on from there.

    Raises ConfigError when the folder holds another recipe, naming what differs, DataError
    for a corpus that is empty or too short, StorageError for a folder that cannot be
    written or a disk that is full.
    """
    if minutes is not None and not (isinstance(minutes, (int, float)) and 0 < minutes < math.inf):
        raise ConfigError(f"minutes={minutes!r}: expected a number above 0.")
    if minutes is not None and len(recipe.stages) > 1:
        raise ConfigError(f"minutes={minutes}: expected a recipe of one stage; this one has {len(recipe.stages)}.")
    history, stop = history or History(), stop or threading.Event()
    with folder_for(out) as folder:
        check_recipe(recipe, folder)
        job = Job(recipe, corpus, folder, history, stop, sentences or [])
        return job.run(minutes)


__all__ = ["Pretrained", "execute", "pretrain"]
