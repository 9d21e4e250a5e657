"""Pairs: two runs on the same examples, and whether their difference is more than the noise of these examples."""

from __future__ import annotations

import datasets
import numpy as np

from .. import runs
from ..errors import DataError
from ..runs import Run
from . import statistics
from .joining import differing_splits
from .statistics import Interval


def paired(first: Run, second: Run, split: str = "validation") -> Interval:
    """How much better the answers of the second run are, on average over the examples of a split, with a 95 % interval.

    Quality is 1 for a right answer and 0 for a wrong one, or between them where the task grades answers.
    The interval is over the examples alone: another seed may move a run further than they do, which
    `compare` with several seeds shows. Raises DataError, with what differs, where the two runs
    have other data in this split or another metric.
    """
    tasks = first.task, second.task
    lacking = [name for name, task in zip(("first", "second"), tasks, strict=True) if split not in task.splits]
    if lacking:
        raise DataError(f"The {lacking[0]} run has no split {split!r} at hand; expected runs that both have it.")
    prints = [{split: runs.fingerprint(datasets.DatasetDict({split: task.splits[split]}))} for task in tasks]
    differing = differing_splits(*tasks, *prints)
    if tasks[0].metric.name != tasks[1].metric.name:
        differing.append(f"the metric: {tasks[0].metric.name} here, {tasks[1].metric.name} there")
    if differing:
        raise DataError(
            f"These runs cannot be compared: {'; '.join(differing)}. Fine-tune both on the same task object."
        )
    truth = tasks[0].truth(tasks[0].splits[split])
    qualities = np.array([r.task.quality(r.task.decide(r.outputs(split)), truth) for r in (first, second)], float)
    return statistics.difference(qualities.mean(axis=1)[None], qualities)
