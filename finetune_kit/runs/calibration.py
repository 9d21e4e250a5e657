"""Calibration: how sure a model is, and how often it is right when it is that sure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import softmax

from ..config import require_number
from ..errors import DataError
from ..tasks.classification import Classification

if TYPE_CHECKING:
    from .run import Run

NOTICEABLE = 0.02  # between mean confidence and accuracy: less is called right on average


@dataclass(frozen=True, eq=False, repr=False)
class Calibration:
    """The reliability of a run's probabilities before and after training (Guo et al. 2017, arXiv 1706.04599).

    table: a pandas DataFrame with a row a bin, first of the model before training, then of that after:
    `when`, `above` and `up_to` (the bin's bounds), `examples` in it, their mean `confidence`, which is the
    probability of the predicted class, and `accuracy`, both NaN in an empty bin. before, after: the expected
    calibration error, 0 to 1: the mean gap between confidence and accuracy of the bins, weighted by their examples.
    """

    split: str
    table: Any
    before: float
    after: float

    def __repr__(self) -> str:
        bins = len(self.table) // 2
        tuned = self.table[self.table["when"] == "after"].dropna()
        sure, right = (float(np.average(tuned[name], weights=tuned["examples"])) for name in ("confidence", "accuracy"))
        gap = sure - right
        verdict = "too sure" if gap > NOTICEABLE else "not sure enough" if gap < -NOTICEABLE else "right on average"
        return (
            f"Expected calibration error: {self.before:.3f} before -> {self.after:.3f} after "
            f"({self.split}, {int(tuned['examples'].sum())} examples, {bins} bins)\n"
            f"After: {100 * sure:.0f} % sure in the mean, right in {100 * right:.0f} %: {verdict}."
        )


def calibrated(run: Run, split: str, bins: int) -> Calibration:
    """As `Run.calibration` says."""
    require_number("bins", bins, int, 2, "a whole number of bins, 2 or more")
    if not isinstance(run.task, Classification):
        raise DataError(
            f"The task {run.config.task!r} gives no probability for each class; expected a task of classification. "
            "run.examples() shows its answers one by one."
        )
    import pandas as pd

    part, outputs = run._part(split), {"after": run._measured_on(split)}
    outputs["before"] = run._outputs["before"] if split == "validation" else run._predict(part, before=True)
    tables, errors = [], {}
    for when in ("before", "after"):
        found = reliability(softmax(outputs[when], axis=-1), run.task.truth(part), bins)
        tables.append(pd.DataFrame({"when": when, **found}))
        errors[when] = expected_error(found)
    return Calibration(split, pd.concat(tables, ignore_index=True), errors["before"], errors["after"])


def reliability(shares: np.ndarray, truth: np.ndarray, bins: int) -> dict[str, np.ndarray]:
    """Examples, mean confidence and accuracy in bins of equal width, by name: (bins,) each.

    shares: probabilities, (examples, classes). truth: class numbers, (examples,). A bin holds
    the confidences above its lower bound up to its upper one.
    """
    sure, right = shares.max(axis=1), shares.argmax(axis=1) == truth
    edges = np.linspace(0, 1, bins + 1)
    places = np.searchsorted(edges[1:-1], sure)
    examples = np.bincount(places, minlength=bins)
    with np.errstate(invalid="ignore"):  # of an empty bin there is no mean
        confidence, accuracy = (np.bincount(places, values, bins) / examples for values in (sure, right))
    return {
        "above": edges[:-1], "up_to": edges[1:], "examples": examples, "confidence": confidence, "accuracy": accuracy,
    }  # fmt: skip


def expected_error(found: dict[str, np.ndarray]) -> float:
    """The expected calibration error of what `reliability` gives, 0 to 1."""
    gaps = np.nan_to_num(np.abs(found["accuracy"] - found["confidence"]))
    return float(gaps @ found["examples"] / max(found["examples"].sum(), 1))
