"""Diagnosis: what a run probably suffers from, on what evidence, and what to try."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..config import RunConfig
from ..history import History
from ..tasks import Task
from . import curves, examples, scores, weights
from .facts import Copy, Cut, Facts, gather, movement
from .findings import SEVERITIES, Diagnosis, Finding

Rule = Callable[[Facts], Finding | None]

# Causes before what follows from them. Where one of the first is found, the curves and scores have nothing to add.
BROKEN: tuple[Rule, ...] = (curves.divergence, weights.nothing_trained)
DATA: tuple[Rule, ...] = (
    examples.leakage,
    examples.contradictions,
    examples.truncation,
    examples.unknown_words,
    examples.duplicates,
)
TRAINING: tuple[Rule, ...] = (
    weights.head_still,
    curves.rate_too_high,
    curves.rate_too_low,
    curves.too_few_steps,
    curves.overfitting,
    scores.hidden_class,
    scores.imbalance,
    curves.underfitting,
    scores.within_noise,
)


def diagnose(
    task: Task,
    config: RunConfig,
    history: History,
    model: Any,
    processor: Any,
    outputs: tuple[Any, Any],
    start: Callable[[], Any],
    stopped: bool = False,
) -> Diagnosis:
    """What a run probably suffers from: see `Run.diagnose`, which hands over what it has.

    outputs: those for the validation split, before and after. start: called without arguments, gives
    the model as it was before training; where it raises a FinetuneKitError, what rests on it is skipped.
    """
    facts, missing = gather(task, config, history, model, processor, outputs, start, stopped)
    return judge(facts, missing)


def judge(facts: Facts, missing: list[str] | None = None) -> Diagnosis:
    """The findings of all rules over these facts, the most severe first, and of equals the cause before its effect."""
    broken = next(filter(None, (rule(facts) for rule in BROKEN)), None)
    rules = DATA if broken else TRAINING[:6] + DATA + TRAINING[6:]
    found = [broken, *(rule(facts) for rule in rules)]
    ordered = sorted((one for one in found if one), key=lambda one: SEVERITIES.index(one.severity))
    return Diagnosis(tuple(ordered), tuple(missing or ()))


__all__ = ["Copy", "Cut", "Diagnosis", "Facts", "Finding", "diagnose", "judge", "movement"]
