"""Cleaning: examples that are probably labelled wrongly, found by a run's losses; relabelled, or left out."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
from scipy.special import log_softmax

from . import training
from .config import require, require_number
from .data.rows import listed
from .errors import DataError, unknown_name
from .runs import Run
from .tasks import Task

CLEANABLE = ("train", "validation")
CHUNK = 100  # rows copied at a time: arrow takes less than 2 GB of pictures in one piece


def top_losses(run: Run, split: str = "validation", count: int | None = None) -> Any:
    """The examples of a split by falling loss, as a pandas DataFrame: mistakes of the labels stand near its top.

    split: train or validation. count: only the first so many. Columns: row, the example's number
    in `run.task.splits[split]`, which `clean` takes; the question's, such as text or image; truth;
    prediction; probability, of the truth; loss, the cross entropy -ln(probability). A high loss is
    a reason to look, no proof: hard examples have one too.

    A model that has learnt its training examples by heart gives wrong labels a low loss too: there
    a shorter run shows more, or the validation split, from which nothing is learnt. Every row of the
    training split is listed, also where the run learnt from some only (`labels`). Northcutt, Jiang
    and Chuang 2021, "Confident Learning"; Swayamdipta et al. 2020, "Dataset Cartography".
    Raises as `cleanable`, and ConfigError for a count below 1.
    """
    if count is not None:
        require_number("count", count, int, 1, "how many examples, 1 or more, or None for all")
    table = losses(run, split).iloc[:count].drop(columns="confidence")
    asked = run.task.questions(run.task.splits[split]).select(table["row"])
    for place, name in enumerate(asked.column_names, 1):
        table.insert(place, name, asked[name][:])
    return table


def losses(run: Run, split: str = "validation") -> Any:
    """What `top_losses` gives, without the question's columns and with confidence, the prediction's probability."""
    import pandas as pd

    task, part = run.task, cleanable(run.task, split)
    truth, outputs = task.truth(part), run.outputs(split)
    predicted = task.decide(outputs)
    logs = log_softmax(outputs.astype(np.float64), axis=-1)  # (examples, classes)
    rows = np.arange(len(part))
    loss = -logs[rows, truth]
    columns = {
        "row": rows,
        "truth": task.words(truth),
        "prediction": task.words(predicted),
        "confidence": np.exp(logs[rows, predicted]),
        "probability": np.exp(-loss),
        "loss": loss,
    }
    order = np.argsort(-loss, kind="stable")
    return pd.DataFrame(columns).iloc[order].reset_index(drop=True)


def clean(
    task: Task,
    split: str = "train",
    relabel: Mapping[int, str] | None = None,
    drop: Iterable[int] | None = None,
) -> Task:
    """A new task of the same kind in which some examples of a split have another class, and some are left out.

    relabel: the class's name by row; drop: rows. Rows are numbers in `task.splits[split]`, as in
    the column `row` of `top_losses`, and have other numbers in the new task where some before them
    are dropped. The given task and its data stay as they are; the other splits are shared. A run on
    some labels only (`labels=`) draws them anew from the cleaned split, and so may learn from others.

    Raises as `cleanable`; UnknownNameError for a class that there is not; DataError for a row that the
    split does not have or that is in both, for a class of which no example would be left, and where
    nothing would change.
    """
    part, classes = cleanable(task, split), task.classes
    wanted, away = {} if relabel is None else relabel, [] if drop is None else drop
    require(isinstance(wanted, Mapping), "relabel", relabel, "classes by row, such as {3: 'positive'}")
    require(isinstance(away, Iterable), "drop", drop, "rows, such as [3, 5]")
    away = set(away)
    _check_rows(wanted, away, len(part), split)
    old = task.truth(part)
    new = old.copy()
    for row, name in wanted.items():
        if name not in classes:
            raise unknown_name("class", name, classes)
        new[row] = classes.index(name)
    if not away and np.array_equal(old, new):
        raise DataError("Nothing would change; expected relabel={row: another class} or drop=[rows].")
    kept = np.array([row for row in range(len(part)) if row not in away], dtype=int)
    gone = [name for number, name in enumerate(classes) if number in old and number not in new[kept]]
    if gone:
        raise DataError(
            f"No example of {listed(gone)} would be left in the split {split!r}; expected one of each class at "
            "least. Keep one, or make the task anew without the class."
        )
    cleaned = copy.copy(task)
    cleaned.splits = datasets.DatasetDict({**task.splits, split: _with_labels(part, kept, new[kept])})
    return cleaned


def measure(run: Run, task: Task, split: str = "validation") -> dict[str, float]:
    """The metrics of a run on a split of another task with the same classes, such as a cleaned one.

    So a run from before the cleaning is compared with one from after it on the same data. Raises
    DataError for other classes and for a split that the task has not.
    """
    if task.classes != run.task.classes or split not in task.splits:
        raise DataError(
            f"The task has the classes {task.classes} and the splits {list(task.splits)}; "
            f"expected the run's classes, {run.task.classes}, and the split {split!r}."
        )
    part = task.splits[split]
    outputs = training.predict(run.model, run.processor, task, part, run.config.max_length)
    return task.measure(outputs, task.truth(part))


def cleanable(task: Task, split: str) -> datasets.Dataset:
    """A split whose labels may be looked at and cleaned: of a task with classes, and not the test split.

    Raises UnknownNameError for another name, DataError for the test split, for a task without
    classes and for one that has not the split.
    """
    if not task.classes:
        raise DataError(
            f"The answers of the task {task.record!r} are no classes; expected a task with classes, for only "
            "a class can be taken for another."
        )
    if split == "test":
        raise DataError(
            "The test split is not cleaned: whoever mends it where a model errs fits it to the model, and its scores "
            "no longer tell how good the model is. Expected 'train' or 'validation'."
        )
    if split not in CLEANABLE:
        raise unknown_name("split to clean", split, CLEANABLE)
    splits = getattr(task, "splits", None) or {}
    if split not in splits:
        raise DataError(
            f"This task has the splits {list(splits)} at hand, not {split!r}; expected a task over its data. "
            "That of a loaded run has the validation split alone."
        )
    return splits[split]


def _check_rows(relabel: Iterable[Any], drop: Iterable[Any], size: int, split: str) -> None:
    for row in (*relabel, *drop):
        number = isinstance(row, (int, np.integer)) and not isinstance(row, bool)
        if not number or not 0 <= row < size:
            raise DataError(
                f"Row {row!r} is not in the split {split!r}; expected numbers from 0 to {size - 1}, as in the column "
                "row of top_losses."
            )
    both = sorted(set(relabel) & set(drop))
    if both:
        rows = listed([str(row) for row in both])
        raise DataError(f"To be relabelled and dropped: {rows}; expected each row in one of them.")


def _with_labels(part: datasets.Dataset, kept: np.ndarray, labels: np.ndarray) -> datasets.Dataset:
    """The kept rows under new labels, as data of their own; pictures are copied as they are stored."""
    pieces = list(part.select(kept).with_format("arrow").iter(batch_size=CHUNK))
    table = pa.concat_tables(pieces)
    place, field = table.schema.get_field_index("label"), table.schema.field("label")
    table = table.set_column(place, field, pa.array(labels, field.type))
    return datasets.Dataset(table, info=datasets.DatasetInfo(features=part.features))
