"""Results: what was trained and what it scored, one row a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

BASELINE = "baseline"


@dataclass(frozen=True)
class Result:
    """One row: what was trained on how many labels with which seed, and its scores on the measured split.

    kind: model or baseline. validation: its scores on the validation split. qualities: how good the
    answer to each example of the measured split was, (examples,) float64 from 0 to 1. config: the
    run's settings with all that was chosen for it. steps: optimiser steps taken. allowed: the seconds
    of training that it might take, which its steps were chosen for; None where they were set. old_before,
    old_after: the scores on the checkpoint's old task before training, and with the weights that were kept; {} of a
    run that did not look back. kept: read from disk instead of run anew.
    """

    method: str
    kind: str
    labels: int
    seed: int
    scores: dict[str, float]
    seconds: float
    trainable_share: float
    validation: dict[str, float] = field(default_factory=dict)
    qualities: np.ndarray | None = field(default=None, compare=False, repr=False)
    config: dict[str, Any] = field(default_factory=dict, repr=False)
    steps: int = 0
    allowed: float | None = None
    old_before: dict[str, float] = field(default_factory=dict)
    old_after: dict[str, float] = field(default_factory=dict)
    kept: bool = field(default=False, compare=False)


def is_mean(result: Result, metric: str) -> bool:
    """Whether the headline score is the mean quality of the examples, so that they can be resampled one by one."""
    return result.qualities is not None and bool(np.isclose(result.qualities.mean(), result.scores[metric], atol=1e-6))
