"""Suitability: whether a checkpoint fits a task, said from data and checkpoint before anything trains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .. import checkpoints, tasks
from ..data.splitting import has_images, has_sounds
from ..diagnosis.findings import SEVERITIES, Diagnosis, Finding
from ..errors import DataError
from ..tasks import Task
from . import heads, pictures, sounds, texts
from .pair import Pair


@dataclass(frozen=True, repr=False)
class Compatibility(Diagnosis):
    """What speaks against a checkpoint for a task, the most important first, in the form of `run.diagnose()`.

    pair: the model and the task. skipped: what could not be looked at, and why.
    """

    pair: str = ""

    @property
    def summary(self) -> str:
        """How much was found, in a sentence."""
        if self.healthy:
            return f"{self.pair}: nothing was found that speaks against it."
        count = len(self.findings)
        return f"{self.pair}: {count} finding{'s' if count > 1 else ''}, the most important first."


def compatibility(
    task: str | Task = "sentiment", model: str | None = None, *, weights: bool = True, **settings: Any
) -> Compatibility:
    """Whether a checkpoint fits a task, before any training: what speaks against it, on what evidence, what to try.

    It looks at the architecture, at a head that the checkpoint brings along, at the tokenizer (words that it does
    not know or shatters, texts longer than the model reads), at the size of pictures, at the band of pitches in
    sounds; and it gives the model two examples. task, model, settings: as in `fine_tune`. weights: whether the
    weights are loaded too, for those two examples and to see how well a model of masked or next words guesses
    these texts, which takes seconds. Of the data the training and the validation split are read, no test split.
    Raises a FinetuneKitError for bad input.
    """
    config = tasks.configure(task, model, **settings)
    chosen = tasks.resolve(config) if isinstance(task, str) else task
    if getattr(chosen, "splits", None) is None or "train" not in chosen.splits:
        raise DataError("This task has no training split to look at; expected one made with a source of data.")
    network = checkpoints.configuration(config.model)
    titled = f"{config.model} on {config.task}"
    cannot = heads.missing(chosen, network, config.model)
    if cannot:
        return Compatibility((cannot,), ("the data, for this model cannot do the task.",), titled)
    pair = Pair(chosen, config, network, checkpoints.processor(config.model))
    missing: list[str] = [] if weights else ["what needs the weights: weights=False."]
    found = [heads.trial(pair) if weights else None, heads.other_classes(pair), *_data(pair, weights, missing)]
    ordered = sorted((one for one in found if one), key=lambda one: SEVERITIES.index(one.severity))
    return Compatibility(tuple(ordered), tuple(missing), titled)


def _data(pair: Pair, weights: bool, missing: list[str]) -> list[Finding | None]:
    train = pair.task.splits["train"]
    if has_images(train):
        return pictures.findings(pair)
    if has_sounds(train):
        return sounds.findings(pair)
    return texts.findings(pair, weights, missing)


__all__ = ["Compatibility", "compatibility"]
