"""Weights: whether what should have trained has moved at all."""

from __future__ import annotations

from .facts import Facts
from .findings import Finding

NONE = 1e-7  # of a group's size: below, its weights are those of the start, but for rounding


def nothing_trained(facts: Facts) -> Finding | None:
    """No weight moved."""
    moved = max(facts.movement.values(), default=None)
    if facts.history.step and (moved is None or moved > NONE):
        return None
    steps = facts.history.step
    evidence = f"{steps:,} steps at a learning rate of {facts.learning_rate:.2g}"
    evidence += (
        "." if moved is None else f"; no weight differs from the start (largest change {moved:.1g} of its size)."
    )
    return Finding(
        "nothing trained",
        "high",
        "The model after training is the model before it.",
        evidence,
        "A run that is not stopped at once, a learning rate above 0, and a strategy that unfreezes something: "
        "ftk.layer_map shows what trains.",
    )


def head_still(facts: Facts) -> Finding | None:
    """A head that was made for the task and has not moved, while other weights have."""
    if not facts.task.head_settings or facts.movement.get("head", 1.0) > NONE:
        return None
    others = {group: far for group, far in facts.movement.items() if group != "head"}
    if max(others.values(), default=0.0) <= NONE:
        return None
    most = max(others, key=others.__getitem__)
    return Finding(
        "head did not train",
        "high",
        "The head, made for this task from random weights, is still random: the layers below had to bend to it.",
        f"The head moved by {facts.movement['head']:.1g} of its size, {most} by {others[most]:.2g}.",
        "A strategy that trains the head, as all of the kit's do; requires_grad of its parameters, where it was set "
        "by hand.",
    )
