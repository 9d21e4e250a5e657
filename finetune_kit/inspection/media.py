"""Media: what inspecting pictures and inspecting sounds have in common: classes, repeats, rows found in an order."""

from __future__ import annotations

import functools
import html
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..data.looks import class_counts, class_ids
from ..data.repeats import Place, Repeat
from ..errors import DataError, unknown_name
from ..tasks import Task

Key = Callable[[Any, str], np.ndarray]


@dataclass(frozen=True, eq=False, repr=False)
class MediaInspection(ABC):
    """What the files of a task look or sound like. Only what is asked for is counted, and then once.

    noun: what they are called, of several. page: how many examples are shown by default.
    """

    task: Task
    noun: ClassVar[str]
    page: ClassVar[int]

    def __post_init__(self) -> None:
        if getattr(self.task, "splits", None) is None:
            raise DataError("This task has no data to look at; expected one made with a source, as a file or a frame.")
        if not all(map(self._fits, self.splits.values())):
            raise DataError(
                f"The examples of the task {self.task.record!r} are no {self.noun}; ftk.inspect and ftk.data_browser "
                "show those of other tasks."
            )

    @staticmethod
    @abstractmethod
    def _fits(part: Any) -> bool:
        """Whether a split holds files of this kind."""

    @property
    @abstractmethod
    def keys(self) -> dict[str, Key]:
        """By the name of an order beside 'as is' and 'repeats', what orders the rows of a split: (n,), lowest first."""

    @property
    @abstractmethod
    def repeats(self) -> list[Repeat]:
        """What comes again, the worst first."""

    @property
    @abstractmethod
    def table(self) -> Any:
        """A row a split, as a pandas DataFrame: how many, and of which sizes."""

    @property
    @abstractmethod
    def summary(self) -> str:
        """How many there are, of how many classes and of which sizes."""

    @property
    @abstractmethod
    def warnings(self) -> list[str]:
        """What to look into before training, in words."""

    @property
    def splits(self) -> Any:
        """The task's splits, a DatasetDict."""
        return self.task.splits

    @functools.cached_property
    def copies(self) -> dict[Place, list[tuple[str, Place]]]:
        """By place, where else its content stands and in what way: `repeats` seen from both sides, the worst first."""
        found: dict[Place, list[tuple[str, Place]]] = {}
        for one in self.repeats:
            for here, there in ((one.first, one.again), (one.again, one.first)):
                found.setdefault(here, []).append((one.kind, there))
        return found

    @functools.cached_property
    def classes(self) -> dict[str, dict[str, int]]:
        """How many of each class by split; objects where there are boxes."""
        return {name: class_counts(part) for name, part in self.splits.items()}

    @functools.cached_property
    def class_ids(self) -> dict[str, list[list[int]]]:
        """By split, the number of the class of each, or those of the classes of its objects."""
        return {name: class_ids(part)[1] for name, part in self.splits.items()}

    @property
    def names(self) -> list[str]:
        """The names of the classes, in order."""
        return list(next(iter(self.classes.values())))

    @property
    def orders(self) -> list[str]:
        """The orders that `find` knows."""
        return ["as is", *self.keys, "repeats"]

    def find(self, split: str = "train", label: str | None = None, order: str = "as is") -> list[int]:
        """The rows of a split that are of a class, or hold an object of it, in an order.

        order: one of `orders`; 'repeats' are those alone that stand somewhere else too. For some
        orders, and for repeats, everything is decoded, once. Raises UnknownNameError for a split, a
        label or an order that there is not.
        """
        self._part(split)
        if order not in self.orders:
            raise unknown_name("order", order, self.orders)
        if label is not None and label not in self.names:
            raise unknown_name("class", label, self.names)
        rows = self._ordered(split, order)
        wanted = None if label is None else self.names.index(label)
        return [row for row in rows if wanted is None or wanted in self.class_ids[split][row]]

    def _ordered(self, split: str, order: str) -> list[int]:
        if order == "as is":
            return list(range(len(self.splits[split])))
        if order == "repeats":
            return [row for name, row in self.copies if name == split]
        ordered: list[int] = np.argsort(self.keys[order](self, split), kind="stable").tolist()
        return ordered

    def _rows(self, split: str, rows: list[int] | None) -> list[int]:
        """Rows that there are in a split, by default the first ones. Raises DataError for others."""
        count = len(self._part(split))
        rows = list(range(min(self.page, count))) if rows is None else [int(row) for row in rows]
        for row in rows:
            if not 0 <= row < count:
                raise DataError(f"Row {row} is not in the split {split!r}, which has rows 0 to {count - 1}.")
        return rows

    def _part(self, split: str) -> Any:
        if split not in self.splits:
            raise unknown_name("split", split, self.splits)
        return self.splits[split]

    def __repr__(self) -> str:
        return "\n".join([self.summary, self.table.to_string(index=False), *(f"! {text}" for text in self.warnings)])

    def _repr_html_(self) -> str:
        listed = "".join(f"<li>{html.escape(text)}</li>" for text in self.warnings)
        return f"<p>{html.escape(self.summary)}</p>{self.table.to_html(index=False)}<ul>{listed}</ul>"
