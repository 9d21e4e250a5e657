"""Experiments: data spoilt or narrowed on purpose, to see what it costs: labels flipped, rows of one kind alone."""

from __future__ import annotations

from typing import Any, NamedTuple

import datasets
import numpy as np
import pandas as pd

from . import cleaning, data
from .config import require_seed, require_share
from .data.loading import Source
from .data.rows import WHOLE, excerpt, of_split
from .errors import DataError, unknown_name
from .tasks import Task


class NoisyLabels(NamedTuple):
    """A task with wrong labels. rows: a DataFrame with the columns row, of the training split, was and now."""

    task: Task
    rows: Any


def noisy_labels(task: Task, share: float, seed: int = 0) -> NoisyLabels:
    """A new task in which a share of the training labels is wrong, and which rows those are.

    Each is another class, drawn evenly from the others; the rows are drawn evenly too, and of one seed those of a
    smaller share are among those of a larger one. The given task stays as it is, and so do the validation and the
    test split. `labels=` of a run draws its examples in balance over the new labels. The noise is that of Angluin
    and Laird 1988, "Learning from Noisy Examples", for two classes, and even ("symmetric") for more. Raises as
    `ftk.clean`, ConfigError for a share that is none, and DataError where no example of a class would be left.
    """
    require_share("share", share)
    require_seed(seed)
    part = cleaning.cleanable(task, "train")
    was, classes = task.truth(part), len(task.classes)
    draw = np.random.default_rng(seed)
    order, shifts = draw.permutation(len(was)), draw.integers(1, classes, len(was))
    flipped = np.sort(order[: round(share * len(was))])
    now = (was[flipped] + shifts[flipped]) % classes
    rows = pd.DataFrame({"row": flipped, "was": task.words(was[flipped]), "now": task.words(now)})
    relabel = dict(zip(rows["row"].tolist(), rows["now"].tolist(), strict=True))
    return NoisyLabels(cleaning.clean(task, relabel=relabel) if relabel else task, rows)


def only(source: Source, **columns: Any) -> Any:
    """The rows of a data set in which columns hold the values named: `only("reviews", domain="films")`.

    source: whatever a task is made from: a name from the catalogue, a file, a frame, a Dataset or a DatasetDict. A
    value may be a list of several. Returns new data for a task: a DatasetDict of the same splits, or a pandas
    DataFrame where the source has none. Raises UnknownNameError for a column that there is not and for a
    value that stands nowhere in it, DataError for a split that would be empty.
    """
    return _chosen(source, columns, keep=True)


def without(source: Source, **columns: Any) -> Any:
    """The rows of a data set in which none of the columns holds a value named: what `only` leaves out of one column.

    Arguments, result and errors are those of `only`.
    """
    return _chosen(source, columns, keep=False)


def _chosen(source: Source, columns: dict[str, Any], keep: bool) -> Any:
    if isinstance(source, Task):
        raise DataError(
            "A task keeps those columns alone that it needs; expected the data that it is made from, "
            "as in ftk.TextClassification(ftk.only('reviews', domain='films'))."
        )
    if not columns:
        raise DataError("Found no column to choose by; expected some, as in only('reviews', domain='films').")
    frames = data.read(source)
    wanted = {name: _values(frames, name, value) for name, value in columns.items()}
    parts = {}
    for split, frame in frames.items():
        held = [frame[name].isin(values) for name, values in wanted.items()]
        rows = np.all(held, axis=0) if keep else ~np.any(held, axis=0)
        if not rows.any():
            named = ", ".join(f"{name}={value!r}" for name, value in columns.items())
            raise DataError(f"No row{of_split(split)} would be left; {'with' if keep else 'without'} {named}.")
        parts[split] = frame[rows].reset_index(drop=True)
    if list(parts) == [WHOLE]:
        return parts[WHOLE]
    made = {name: datasets.Dataset.from_pandas(part, preserve_index=False) for name, part in parts.items()}
    return datasets.DatasetDict(made)


def _values(frames: dict[str, pd.DataFrame], name: str, value: Any) -> list[Any]:
    """The values wanted of a column, all of which it holds somewhere."""
    if any(name not in frame.columns for frame in frames.values()):
        raise unknown_name("column", name, {str(one) for frame in frames.values() for one in frame.columns})
    wanted = list(value) if isinstance(value, (list, tuple, set)) else [value]
    held = pd.concat([frame[name] for frame in frames.values()])
    if not wanted:
        raise DataError(f"{name}={value!r}: expected a value of this column, or a list of them.")
    for one in wanted:
        if not (held == one).any():
            raise unknown_name(f"value in the column {name!r}", one, {excerpt(other) for other in held.unique()})
    return wanted
