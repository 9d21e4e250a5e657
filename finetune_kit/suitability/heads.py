"""Heads: whether a model can do a task at all, and whether the head that it brings along is for other classes."""

from __future__ import annotations

import warnings
from typing import Any

import torch
import transformers

from .. import checkpoints, heads
from ..data.rows import listed
from ..diagnosis.findings import Finding
from ..errors import ModelError
from ..tasks import Task
from .pair import Pair

TRIED = 2  # examples that the model is given


def missing(task: Task, network: Any, name: str) -> Finding | None:
    """An architecture that cannot do the task."""
    try:
        task.model_class(network)
    except ModelError as error:
        evidence, _, advice = str(error).partition(". ")
        what = f"{name} cannot do this task: its architecture has no head for it."
        return Finding("no head for the task", "high", what, f"{evidence.rstrip('.')}.", advice or task.fitting)
    return None


def trial(pair: Pair) -> Finding | None:
    """A model that refuses the examples: it is given two, as a run would give them."""
    name, length = pair.task.model_class(pair.network), pair.max_length
    model, processor = checkpoints.load(pair.config.model, name, pair.task.head_settings, True, pair.config.seed)
    train = pair.task.splits["train"]
    few = train.select(range(min(TRIED, len(train))))
    try:
        with warnings.catch_warnings(), torch.inference_mode(), checkpoints.quiet():
            warnings.simplefilter("ignore", UserWarning)  # the task tells what it cuts off, which a rule here does too
            encoded = pair.task.encode(few, processor, length, model.config)
            rows = [encoded[row] for row in range(min(TRIED, len(encoded)))]
            pair.task.loss(model.eval(), pair.task.collator(processor)(rows))
    except Exception as error:  # models raise whatever they stumble over
        return Finding(
            "examples refused",
            "high",
            "The model breaks off when it is given these examples.",
            f"{type(error).__name__}: {' '.join(str(error).split())[:300].rstrip('.')}.",
            "Is the processor beside the weights that of this model (picture size, channels, sampling rate, "
            f"vocabulary)? {pair.task.fitting}",
        )
    return None


def other_classes(pair: Pair) -> Finding | None:
    """A head for as many classes as the task has, but for others: it is kept, and means something else."""
    wanted = pair.task.classes
    kinds = getattr(transformers, pair.task.head_class(pair.network))._model_mapping[type(pair.network)]
    fitting = [kind.__name__ for kind in (kinds if isinstance(kinds, tuple) else (kinds,))]
    if not wanted or not set(fitting) & set(pair.network.architectures or []):
        return None
    labels = pair.network.id2label or {}
    held = [str(labels[number]) for number in sorted(labels)]
    unnamed = held == [f"LABEL_{number}" for number in range(len(held))]
    if len(held) != len(wanted) or unnamed or heads.known_classes(pair.task.classes, labels):
        return None
    theirs, ours = (listed([repr(name) for name in names]) for names in (held, pair.task.classes))
    return Finding(
        "head of other classes",
        "low",
        "The checkpoint brings a head for as many classes as the task has, which is kept: it was trained for other "
        "ones.",
        f"The head's classes are {theirs}; the task's are {ours}.",
        "Do not read the scores before training as those of a new head. Full training overcomes it; for "
        "strategy='head' take the checkpoint that this one was fine-tuned from.",
    )
