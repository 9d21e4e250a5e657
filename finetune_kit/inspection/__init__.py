"""Inspection: a task's data as a model reads them, looked at before any training."""

from __future__ import annotations

import dataclasses
import functools
import html
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import checkpoints, data, tasks
from ..config import RunConfig
from ..data import DataReport
from ..data.splitting import has_images, has_labels, has_sounds, normalise
from ..errors import DataError, ModelError, unknown_name
from ..tasks import Task
from . import advice
from .pieces import Piece, cut, own_texts
from .reading import Example, Passage, Place, Reader, Reading

SMALL = 10_000  # examples up to which repeats are looked for unasked: that takes seconds
COMMONEST = 20  # unknown words, and shattered ones, that are listed
ORDERS = ("as is", "longest", "most pieces a word", "repeats")


def inspect(
    task: str | Task = "sentiment", model: str | None = None, max_length: int | None = None, **settings: Any
) -> Inspection:
    """Look at a task's data as a model reads them, before any training.

    task, model: as in `fine_tune`; of the model only the tokenizer is loaded. max_length: how
    many tokens it may read at once, by default as many as in a run. settings: those of RunConfig
    that say what the data are, such as data, text and label. Raises a FinetuneKitError for bad
    input, ModelError for a model that has no fast tokenizer or cannot do the task.
    """
    length = {} if max_length is None else {"max_length": max_length}
    config = tasks.configure(task, model, **length, **settings)
    return Inspection(tasks.resolve(config) if isinstance(task, str) else task, config)


@dataclass(frozen=True, eq=False, repr=False)
class Inspection:
    """What a task's data look like to the model that a configuration names. All but the report is counted at once.

    readings: by split, what was counted.
    """

    task: Task
    config: RunConfig
    readings: dict[str, Reading] = field(init=False)
    _reader: Reader = field(init=False)

    def __post_init__(self) -> None:
        if getattr(self.task, "splits", None) is None:
            raise DataError("This task has no data to look at; expected one made with a source, as a file or a frame.")
        if any(map(has_images, self.task.splits.values())):
            raise DataError(
                "The examples of this task are pictures; ftk.inspect_pictures and ftk.data_browser show them."
            )
        if any(map(has_sounds, self.task.splits.values())):
            raise DataError("The examples of this task are sounds; ftk.inspect_sounds and ftk.data_browser show them.")
        processor, config = _tokenizer(self.model), checkpoints.configuration(self.model)
        reader = Reader(self.task, processor, config, min(self.config.max_length, checkpoints.longest(config)))
        with checkpoints.quiet():
            readings = {name: reader.split(part) for name, part in self._splits.items()}
        object.__setattr__(self, "_reader", reader)
        object.__setattr__(self, "readings", readings)

    def again(self, model: str | None = None, max_length: int | None = None) -> Inspection:
        """The same data read by another model, or up to another length; what is known of repeats is kept."""
        length = self.config.max_length if max_length is None else max_length
        made = Inspection(self.task, dataclasses.replace(self.config, model=model or self.model, max_length=length))
        if "report" in vars(self):
            vars(made)["report"] = self.report
        return made

    # --- what it is

    @property
    def model(self) -> str:
        """The name of the model whose tokenizer reads."""
        return self.config.model

    @property
    def longest(self) -> int:
        """The most tokens that the model could read at once."""
        return checkpoints.longest(self._reader.config)

    @property
    def max_length(self) -> int:
        """How many tokens it reads at once here: what the configuration says, or as many as it can."""
        return self._reader.max_length

    @property
    def _splits(self) -> Any:
        return self.task.splits

    # --- numbers

    @property
    def lengths(self) -> dict[str, np.ndarray]:
        """Tokens an example, special ones too and nothing cut off, by split: (examples,) int64."""
        return {name: reading.lengths for name, reading in self.readings.items()}

    @property
    def classes(self) -> dict[str, dict[str, int]]:
        """Examples of each class, by split; {} for data without labels."""
        # The report has them too, but takes long on much data, and leaves out a class without examples.
        found = {}
        for name, part in self._splits.items():
            if has_labels(part):
                names = part.features["label"].names
                counts = np.bincount(np.array(part["label"][:], dtype=int), minlength=len(names))
                found[name] = dict(zip(names, counts.tolist(), strict=True))
        return found

    @functools.cached_property
    def report(self) -> DataReport:
        """Repeats, contradictions, leaks between splits and giveaway words; made when it is first asked for."""
        return data.report(self._splits)

    @property
    def checked(self) -> bool:
        """Whether the report is there, or takes only seconds because there are few examples."""
        return "report" in vars(self) or sum(map(len, self._splits.values())) <= SMALL

    @functools.cached_property
    def repeats(self) -> list[tuple[str, Place, Place]]:
        """The report's pairs of places, the worst kind first: ('the same', ('train', 17), ('test', 3))."""
        kinds = {
            "the same, other label": self.report.contradictions,
            "the same": self.report.duplicates,
            "nearly the same": self.report.near_duplicates,
        }
        found: dict[frozenset[Place], tuple[str, Place, Place]] = {}
        for kind, pairs in kinds.items():
            for one, a, other, b in pairs:
                found.setdefault(frozenset(((one, a), (other, b))), (kind, (one, a), (other, b)))
        return list(found.values())

    @property
    def table(self) -> Any:
        """A row a split, as a pandas DataFrame.

        examples; median and longest: tokens; too long: examples that do not fit into max_length
        tokens; unknown: share of the pieces; pieces a word.
        """
        import pandas as pd

        rows = []
        for name, reading in self.readings.items():
            row = {
                "split": name,
                "examples": len(reading.lengths),
                "median": _median(reading.lengths),
                "longest": int(reading.lengths.max(initial=0)),
                "too long": reading.fates["too long"],
                "unknown": reading.unknown.sum() / max(1, reading.pieces.sum()),
                "pieces a word": reading.pieces.sum() / max(1, reading.words.sum()),
            }
            rows.append(row)
        return pd.DataFrame(rows)

    @property
    def words(self) -> Any:
        """The commonest words without a piece, and those shattered into 3 or more: what, word, pieces, times."""
        import pandas as pd

        unknown: Counter[str] = Counter()
        shattered: Counter[tuple[str, str]] = Counter()
        for reading in self.readings.values():
            unknown.update(reading.unknown_words)
            shattered.update(reading.shattered)
        rows = [("unknown", word, "", times) for word, times in unknown.most_common(COMMONEST)]
        rows += [("shattered", word, cuts, times) for (word, cuts), times in shattered.most_common(COMMONEST)]
        return pd.DataFrame(rows, columns=["what", "word", "pieces", "times"])

    # --- single examples

    def pieces(self, text: str) -> list[Piece]:
        """What the model's tokenizer cuts a text into. Raises DataError for anything but a string."""
        if not isinstance(text, str):
            raise DataError(f"Found {type(text).__name__} in place of a text; expected a string.")
        return cut(self._reader.processor, [text])[0]

    def examples(self, split: str = "train", rows: list[int] | None = None) -> list[Example]:
        """Examples in pieces, with what is cut off of them. rows: counted from 0; the first five by default."""
        part = self._part(split)
        rows = list(range(min(5, len(part)))) if rows is None else [int(row) for row in rows]
        for row in rows:
            if not 0 <= row < len(part):
                raise DataError(f"Row {row} is not in the split {split!r}, which has rows 0 to {len(part) - 1}.")
        with checkpoints.quiet():
            return self._reader.examples(split, part, rows)

    def find(self, split: str = "train", label: str | None = None, search: str = "", order: str = "as is") -> list[int]:
        """The rows of a split that are of a class and hold a text, in an order.

        search: be it in capitals or not; '' finds all. order: 'as is', 'longest' or 'most pieces
        a word' first, or 'repeats', which are those alone that stand somewhere else too. Raises
        UnknownNameError for a split, a label or an order that there is not.
        """
        part, reading = self._part(split), self.readings[split]
        if order not in ORDERS:
            raise unknown_name("order", order, ORDERS)
        rows = list(range(len(part)))
        if order == "repeats":
            here = [place[1] for _, *pair in self.repeats for place in pair if place[0] == split]
            rows = list(dict.fromkeys(here))
        elif order != "as is":
            amount = reading.lengths if order == "longest" else reading.pieces / np.maximum(reading.words, 1)
            rows = np.argsort(-amount, kind="stable").tolist()
        return self._holding(search, part, self._of_class(label, part, split, rows))

    def _of_class(self, label: str | None, part: Any, split: str, rows: list[int]) -> list[int]:
        if label is None:
            return rows
        known = list(self.classes.get(split, {}))
        if label not in known:
            raise unknown_name("class", label, known)
        labels, wanted = part["label"][:], known.index(label)
        return [row for row in rows if labels[row] == wanted]

    def _holding(self, search: str, part: Any, rows: list[int]) -> list[int]:
        wanted = normalise(search)
        if not wanted:
            return rows
        texts = [normalise("\n".join(self._reader.texts(row).values())) for row in part.to_list()]
        return [row for row in rows if wanted in texts[row]]

    def _part(self, split: str) -> Any:
        if split not in self.readings:
            raise unknown_name("split", split, self.readings)
        return self._splits[split]

    # --- in words

    @property
    def summary(self) -> str:
        """Two sentences: how many examples, how long, how finely cut."""
        sizes = ", ".join(f"{len(reading.lengths):,} {name}" for name, reading in self.readings.items())
        lengths = np.concatenate(list(self.lengths.values()))
        pieces, blanks = (sum(getattr(r, name).sum() for r in self.readings.values()) for name in ("pieces", "words"))
        return (
            f"{sizes}. {self.model} reads {_median(lengths)} tokens an example at the median, "
            f"{lengths.max(initial=0):,} at most, of which {self.max_length:,} fit at once; "
            f"{pieces / max(1, blanks):.2f} pieces a word."
        )

    @property
    def warnings(self) -> list[str]:
        """What to look into before training, in words; what the report says only where it is `checked`."""
        return advice.warnings(self)

    def __repr__(self) -> str:
        table = self.table.to_string(index=False, formatters=FORMATS)
        return "\n".join([self.summary, table, *(f"! {warning}" for warning in self.warnings)])

    def _repr_html_(self) -> str:
        table = self.table.to_html(index=False, formatters=FORMATS)
        warnings = "".join(f"<li>{html.escape(warning)}</li>" for warning in self.warnings)
        return f"<p>{html.escape(self.summary)}</p>{table}<ul>{warnings}</ul>"


FORMATS = {"unknown": "{:.2%}".format, "pieces a word": "{:.2f}".format}


def _median(lengths: np.ndarray) -> int:
    return int(np.median(lengths)) if len(lengths) else 0


def _tokenizer(model: str) -> Any:
    processor = checkpoints.processor(model)
    if not getattr(processor, "is_fast", False):
        raise ModelError(
            f"The model {model!r} has no fast tokenizer, which knows the characters of each piece; "
            "expected a model that reads texts, such as pocket-bert."
        )
    return processor


__all__ = ["FORMATS", "ORDERS", "Example", "Inspection", "Passage", "Piece", "Reading", "inspect", "own_texts"]
