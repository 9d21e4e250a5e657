"""Scores: whether what was gained is more than chance, and what an average hides."""

from __future__ import annotations

import numpy as np
from scipy.stats import binomtest, fisher_exact

from ..tasks import RIGHT
from .facts import Facts
from .findings import Finding

CHANCE = 0.05  # what chance alone brings about less often counts as no chance
SURE = 1.645  # standard errors: the same for a mean, one-sided
FINE = 0.6  # accuracy from which on one is tempted to trust it
FEW = 3  # validation examples of a class from which on it is missed
UNEVEN = 3.0  # examples of the largest class to one of a class that counts as rare


def within_noise(facts: Facts) -> Finding | None:
    """Scores that chance could have brought about: against the start, and against always the commonest class."""
    after = facts.qualities(facts.after)
    if not len(after):
        return None
    constant = _commonest(facts)
    right = int((after >= RIGHT).sum())
    if constant is not None and binomtest(right, len(after), constant, "greater").pvalue >= CHANCE:
        evidence = (
            f"{right:,} of {len(after):,} validation examples are right, {right / len(after):.1%}; always to answer "
            f"the commonest class of the training examples is right in {constant:.1%}."
        )
        return _noise("high", "The model is not shown to be better than one that always gives one answer.", evidence)
    change = after - facts.qualities(facts.before)
    graded = bool(np.any((after > 0) & (after < 1)))
    if graded:
        error = float(change.std(ddof=1) / np.sqrt(len(change))) if len(change) > 1 else np.inf
        if change.mean() > SURE * error:
            return None
        evidence = f"The quality changed by {change.mean():+.4f} on average, with a standard error of {error:.4f}"
    else:
        fixed, broken = int((change > 0).sum()), int((change < 0).sum())
        if fixed and binomtest(fixed, fixed + broken, 0.5, "greater").pvalue < CHANCE:  # McNemar 1947, exact
            return None
        evidence = f"{fixed:,} validation examples were fixed and {broken:,} broken"
    what = "The training is not shown to have improved the answers."
    return _noise("medium", what, f"{evidence}, over {len(after):,} examples.")


def _noise(severity: str, what: str, evidence: str) -> Finding:
    advice = (
        "First what else is said here; where there is nothing, more validation examples, without which a gain of this "
        "size cannot be told from luck, and ftk.compare over several seeds."
    )
    return Finding("improvement within noise", severity, what, evidence, advice)


def _commonest(facts: Facts) -> float | None:
    """The share of the validation examples that are of the commonest class, by the training examples if at hand."""
    if not facts.task.classes:
        return None
    shares = np.bincount(facts.truth, minlength=len(facts.task.classes)) / len(facts.truth)
    counts = facts.train_counts
    return float(shares.max() if counts is None else shares[counts.argmax()])


def hidden_class(facts: Facts) -> Finding | None:
    """A class that is never or hardly found, behind an accuracy that looks good."""
    if not facts.task.classes:
        return None
    truth, found = np.asarray(facts.truth), np.asarray(facts.task.decide(facts.after))
    accuracy = float((truth == found).mean()) if len(truth) else 0.0
    if accuracy < FINE:
        return None
    missed = []
    for number, name in enumerate(facts.task.classes):
        of = int((truth == number).sum())
        hits = int(((truth == number) & (found == number)).sum())
        low = of >= FEW and (hits == 0 or binomtest(hits, of, accuracy / 2, "less").pvalue < CHANCE)
        if low:
            missed.append((hits / of, name, f"{name!r}: {hits} of {of}"))
    if not missed:
        return None
    missed.sort()
    return Finding(
        "hidden class",
        "high" if missed[0][0] == 0 else "medium",
        "The accuracy looks good because most examples are of other classes: here some class is never or hardly found.",
        f"Accuracy {accuracy:.1%}; found of the class {'; '.join(text for *_, text in missed[:3])}"
        + (f"; and {len(missed) - 3} more classes." if len(missed) > 3 else "."),
        "Read macro F1 and run.confusion() in place of accuracy; more examples of this class, or a training sample in "
        "balance (labels=N).",
    )


def imbalance(facts: Facts) -> Finding | None:
    """Classes of very different size, of which the small ones suffer or cannot be measured."""
    counts = facts.train_counts
    if counts is None:
        return None
    truth, found = np.asarray(facts.truth), np.asarray(facts.task.decide(facts.after))
    rare = counts * UNEVEN <= counts.max()
    if not rare.any():
        return None
    small = rare[truth]
    rights = [(int((truth[part] == found[part]).sum()), int(part.sum())) for part in (small, ~small)]
    (hits, of), (others, rest) = rights
    table = [[hits, of - hits], [others, rest - others]]
    if of >= FEW and fisher_exact(table, "less").pvalue >= CHANCE:
        return None
    names, least = facts.task.classes, int(counts.argmin())
    measured = f"right are {hits} of {of} validation examples of the small classes and {others} of {rest} of the others"
    return Finding(
        "class imbalance",
        "high" if not counts.min() else "medium",
        "Some classes have few training examples beside the others, and the model passes over them.",
        f"{names[int(counts.argmax())]!r} has {counts.max():,} training examples, {names[least]!r} {counts[least]:,}; "
        f"{measured}.",
        "More examples of the small classes; a training sample in balance (labels=N); macro F1 as the score to read.",
    )
