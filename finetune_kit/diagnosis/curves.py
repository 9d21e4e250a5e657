"""Curves: what the losses of a run say of its learning rate, its steps and its fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .facts import Facts
from .findings import Finding
from .scores import SURE

STUCK, LITTLE = 0.9, 0.5  # of the loss of knowing nothing: a training loss above has learnt next to nothing, or little
STILL, LESS = 0.99, 0.9  # the same of its own start, for a task without classes, whose checkpoint may know much before
SLOW, FAST = 1 / 5, 3.0  # times the usual learning rate: from there on it is suspect
FAR, FARTHER = 1.0, 3.0  # times its own size: so far no backbone moves that keeps what it knew; nor one from scratch
ROSE, BLEW = 1.1, 2.0  # times the loss at the start: it ended above, it was above on the way
LATE, STEEP = 0.2, 0.05  # of the whole fall, and of the loss: what the last stretch of a run that is not done brings
RISE, NATS = 1.15, 0.05  # of the validation loss since its best: times it, and by so many nats
GROSS = 1.5  # times its best: so far it rises where answers are still right, but much too sure
APART = 0.5  # of the validation loss: a training loss below it is of examples known by heart


@dataclass(frozen=True)
class Curves:
    """The losses of a run, those that are numbers.

    start, end: of the training loss, a tenth of its rows averaged, or three. nothing: the loss of
    knowing the shares of the classes alone, in nats; of a task without classes the start. stuck:
    whether the end is next to it. little: whether the fall from it is smaller than it usually is;
    that alone is no fault. validation: its losses in order.
    """

    start: float
    end: float
    peak: float
    nothing: float
    stuck: bool
    little: bool
    validation: list[float]

    @property
    def improving(self) -> bool:
        """Whether the validation loss still fell by much at the end."""
        if len(self.validation) < 2 or self.validation[-1] > min(self.validation):
            return False
        first, (last_but_one, last) = self.validation[0], self.validation[-2:]
        fall = last_but_one - last
        return fall >= STEEP * last_but_one and fall >= LATE * (first - last)

    @property
    def slow(self) -> bool:
        """Whether there was more to learn: the run learnt nothing or little, or was still learning when it ended."""
        return self.stuck or self.improving or self.little


def read(facts: Facts) -> Curves | None:
    """The losses that a history holds; None where it has no training loss."""
    train, validation = (
        [value for value in facts.history.series(name)[1] if np.isfinite(value)]
        for name in ("train_loss", "validation_loss")
    )
    if not train:
        return None
    few = max(1, len(train) // 10, min(3, len(train) // 2))
    start, end = float(np.mean(train[:few])), float(np.mean(train[-few:]))
    counts = facts.train_counts
    if counts is None:
        stuck, little = (len(train) > 1 and end > share * start for share in (STILL, LESS))
        return Curves(start, end, max(train), start, stuck, little, validation)
    shares = counts[counts > 0] / counts.sum()
    nothing = float(-(shares * np.log(shares)).sum())
    stuck, little = (nothing > 0 and end > share * nothing for share in (STUCK, LITTLE))
    return Curves(start, end, max(train), nothing, stuck, little, validation)


def divergence(facts: Facts) -> Finding | None:
    """Losses or outputs that are no numbers."""
    for name in ("train_loss", "validation_loss"):
        steps, values = facts.history.series(name)
        bad = [step for step, value in zip(steps, values, strict=True) if not np.isfinite(value)]
        if bad:
            evidence = f"The {name.replace('_', ' ')} is no finite number at step {bad[0]} (of {len(bad)} such rows)."
            break
    else:
        outputs = facts.after
        broken = 0
        if isinstance(outputs, np.ndarray) and outputs.dtype.kind == "f":
            broken = int((~np.isfinite(outputs)).reshape(len(outputs), -1).any(axis=1).sum())
        if not broken:
            return None
        evidence = f"{broken:,} of {len(outputs):,} outputs after training hold nan or infinity."
    return Finding(
        "divergence",
        "high",
        "The training broke down: its numbers grew beyond all bounds.",
        evidence,
        f"A learning rate a tenth of this one ({facts.learning_rate / 10:.0e}); then precision='fp32'; then a look for "
        "faulty examples.",
    )


def rate_too_high(facts: Facts) -> Finding | None:
    """A loss that rose, leapt up or stood still, with steps too long."""
    curves = read(facts)
    if curves is None:
        return None
    reference = max(curves.start, curves.nothing)
    rose = curves.end > ROSE * reference
    leapt = curves.peak >= BLEW * reference and curves.end > reference / 2
    moved = max((far for group, far in facts.movement.items() if group != "head"), default=0.0)
    fast = facts.learning_rate >= FAST * facts.usual_rate
    threw = moved > FARTHER or (fast and (moved > FAR or not facts.movement))
    anew = fast and moved > FARTHER  # it may have learnt, but without what the checkpoint knew
    if not (rose or leapt or anew or (curves.stuck and threw)):
        return None
    evidence = (
        f"The training loss began at {curves.start:.3g}, was {curves.peak:.3g} at most and ended at {curves.end:.3g}; "
        f"the learning rate is {facts.learning_rate:.2g}, where this strategy usually takes {facts.usual_rate:.2g}"
    )
    evidence += f"; a layer group moved by {moved:.1f} times its own size." if moved > FAR else "."
    rate = facts.usual_rate if fast else facts.learning_rate / 5
    return Finding(
        "learning rate too high",
        "high",
        "The steps are so long that they undo what was learnt, what the checkpoint knew included.",
        evidence,
        f"learning_rate={rate:.1g}; ftk.lr_range shows where the loss begins to rise.",
    )


def rate_too_low(facts: Facts) -> Finding | None:
    """A loss that hardly fell, with steps much shorter than usual."""
    curves = read(facts)
    if curves is None or not curves.slow or not 0 < facts.learning_rate <= SLOW * facts.usual_rate:
        return None
    moved = max(facts.movement.values(), default=None)
    evidence = (
        f"The training loss went from {curves.start:.3g} to {curves.end:.3g}; the learning rate is "
        f"{facts.learning_rate:.2g}, where this strategy usually takes {facts.usual_rate:.2g}"
    )
    evidence += "." if moved is None else f"; no layer group moved by more than {moved:.2%} of its size."
    return Finding(
        "learning rate too low",
        "high" if curves.stuck else "medium",
        "The steps are so short that the run ends long before it has learnt what it could.",
        evidence,
        f"learning_rate={facts.usual_rate:.1g}, or learning_rate=None, which chooses it; ftk.lr_range shows the span.",
    )


def too_few_steps(facts: Facts) -> Finding | None:
    """A run that ended while it was still getting better."""
    curves = read(facts)
    steps = facts.history.step
    if curves is None or not steps or not curves.slow or rate_too_high(facts):
        return None
    short = facts.usual_steps is not None and steps < facts.usual_steps / 2
    if not (short or (curves.improving and facts.learning_rate > SLOW * facts.usual_rate)):
        return None
    evidence = f"{steps:,} steps were taken" + (f" of {facts.history.total_steps:,}" if facts.stopped else "")
    if facts.usual_steps is not None:
        evidence += f", where so many examples usually get {facts.usual_steps:,}"
    if curves.improving:
        evidence += f"; the validation loss fell from {curves.validation[-2]:.3g} to {curves.validation[-1]:.3g} last"
    why = "The run was stopped" if facts.stopped else "The run ended"
    return Finding(
        "too few steps",
        "high" if curves.stuck else "medium",
        f"{why} before the model had learnt what it can from these examples.",
        f"{evidence}.",
        "Two to four times the epochs; epochs=None chooses them by the number of examples.",
    )


def underfitting(facts: Facts) -> Finding | None:
    """A training loss that stayed where it was."""
    curves = read(facts)
    if curves is None or not curves.stuck:
        return None
    known = facts.train_counts is not None
    against = "that of knowing the shares of the classes alone" if known else "that at the start"
    return Finding(
        "underfitting",
        "medium",
        "The model does not even fit the examples that it learns from.",
        f"The training loss ended at {curves.end:.3g}; {against} is {curves.nothing:.3g}.",
        "First what is said here of learning rate, steps and labels; then more layers that train (strategy='full'), "
        "a larger model, or one whose pretraining is nearer to these data.",
    )


def overfitting(facts: Facts) -> Finding | None:
    """Training examples known by heart, and a validation loss that rises to the harm of the score, or never fell."""
    curves = read(facts)
    if curves is None or not curves.validation:
        return None
    best, last = min(curves.validation), curves.validation[-1]
    by_heart = curves.end <= APART * last
    rises = last >= RISE * best and last - best >= NATS and (last >= GROSS * best or _score_fell(facts))
    useless = facts.train_counts is not None and best >= STUCK * curves.nothing and curves.end < curves.nothing / 2
    if not by_heart or not (rises or useless):
        return None
    what = "rose again" if rises else "hardly fell below that of knowing nothing"
    train = facts.splits.get("train")
    return Finding(
        "overfitting",
        "high" if useless else "medium",
        "The model learns its training examples by heart; what it learns so helps little with others.",
        f"The training loss ended at {curves.end:.3g}, the validation loss at {last:.3g}; at its best that was "
        f"{best:.3g}, and it {what}" + (f"; {len(train):,} training examples." if train is not None else "."),
        "More labelled examples help most; then augmentation where the task has it, fewer epochs, or fewer weights "
        "that train (strategy='last-2', 'lora'). The weights kept are those that scored best on the validation split.",
    )


def _score_fell(facts: Facts) -> bool:
    """Whether the headline score ended below its best by more than noise; true of one whose noise is not known."""
    metric = facts.task.metric
    scores = facts.history.series(f"validation_{metric.name}")[1]
    if not scores or not metric.is_share or not metric.higher_is_better:
        return True
    best, count = max(scores), len(facts.splits.get("validation", ()))
    return scores[-1] < best - SURE * (best * (1 - best) / max(count, 1)) ** 0.5
