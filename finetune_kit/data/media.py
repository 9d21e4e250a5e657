"""Media: a column of files (images, sounds), checked one by one, becomes a Dataset of them with further columns."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets
import pandas as pd
import pyarrow as pa

from .files import BadFileError
from .rows import PROBLEM, Problems, chosen, without_bad_rows

CHUNK = 10**9  # bytes of files in one array of arrow, which can count no more than twice as many


@dataclass(frozen=True)
class Medium:
    """A kind of file. column: what data sets call the column of it, of the feature `feature`.

    check: from what stands in a cell and the folder where relative paths start to what is kept,
    which has its bytes as `raw`; it raises a BadFileError.
    """

    column: str
    feature: Any
    check: Callable[[Any, str], Any]


@dataclass
class Checked:
    """The rows of a split, their files checked.

    rows: the chosen columns, of which that of the medium is now what data sets keep, {bytes,
    path}, None for a bad file. found: what `medium.check` made of each, None for a bad one. files:
    what each row is read from, None where that is not known. problems, shown: as
    `without_bad_rows` takes them.
    """

    split: str
    rows: pd.DataFrame
    found: list[Any]
    files: list[str | None]
    problems: Problems
    shown: dict[str, str]

    def kept(self, problems: Problems, shown: dict[str, str], drop: bool) -> pd.DataFrame:
        """The good rows, with their `file`. problems: further ones, counted for rows that have none yet."""
        bad = pd.Series(False, index=self.rows.index)
        for rows in self.problems.values():
            bad |= rows
        problems = self.problems | {kind: rows & ~bad for kind, rows in problems.items()}
        part = self.rows.assign(file=pd.Series(self.files, index=self.rows.index, dtype=object))
        return without_bad_rows(part, problems, self.split, drop, self.shown | shown, self.files)


def checked(frames: dict[str, pd.DataFrame], columns: dict[str, str], medium: Medium) -> dict[str, Checked]:
    """The columns as `rows.chosen` chooses them, the medium's among them, each file decoded and checked."""
    return {split: _checked(part, frames[split], split, medium) for split, part in chosen(frames, columns).items()}


def _checked(part: pd.DataFrame, source: pd.DataFrame, split: str, medium: Medium) -> Checked:
    files = list(_files(part[medium.column], source))
    marks = source[PROBLEM] if PROBLEM in source.columns else [None] * len(part)
    every, kinds = [], []
    shown: dict[str, str] = {}
    for cell, mark in zip(part[medium.column], marks, strict=True):
        kind, found = mark if isinstance(mark, tuple) else ("", "")
        kept = None
        if not kind:
            try:
                kept = medium.check(cell, source.attrs.get("folder", ""))
            except BadFileError as error:
                kind, found = f"whose {error.noun} {error.fault}", error.found
        every.append(kept)
        kinds.append(kind)
        shown.setdefault(kind, found)
    part[medium.column] = [one and {"bytes": one.raw, "path": None} for one in every]
    problems = {kind: pd.Series(kinds, dtype=object) == kind for kind in dict.fromkeys(kinds) if kind}
    return Checked(split, part, every, files, problems, shown)


def _files(cells: pd.Series, source: pd.DataFrame) -> Iterator[str | None]:
    """What each row is read from: what the column `file` says, or else the path in the cell."""
    own = source["file"] if list(source.columns).count("file") == 1 else [None] * len(source)
    for name, cell in zip(own, cells, strict=True):
        given = [name, cell.get("path") if isinstance(cell, dict) else cell]
        found = next((str(one) for one in given if isinstance(one, (str, Path)) and str(one)), None)
        # A name in another encoding than the system's holds halves of characters, which no text may.
        yield found and found.encode("utf-8", "replace").decode()


def as_datasets(parts: dict[str, pd.DataFrame], columns: dict[str, Any], medium: Medium) -> datasets.DatasetDict:
    """Splits with the medium's column, those that `columns` names with their features, and where known `file`."""
    features: dict[str, Any] = {medium.column: medium.feature, **columns}
    if all(part["file"].notna().all() for part in parts.values()):
        features["file"] = datasets.Value("string")
    made = {split: _dataset(part, datasets.Features(features), medium.column) for split, part in parts.items()}
    return datasets.DatasetDict(made)


def _dataset(part: pd.DataFrame, features: datasets.Features, column: str) -> datasets.Dataset:
    # Dataset.from_dict would put all files into one array, which fails beyond 2 GB, and to name them would copy them.
    sizes = pd.Series([len(one["bytes"]) for one in part[column]], dtype="int64")
    digest = hashlib.blake2b(repr(features).encode(), digest_size=16)
    # The cells are as they are stored already; for an Audio column the library would ask for torchcodec to encode them.
    others = datasets.Features({name: kind for name, kind in features.items() if name != column})
    tables = []
    for _, numbers in sizes.groupby(sizes.cumsum() // CHUNK):
        piece = {name: part[name].iloc[numbers.index].tolist() for name in features}
        for name, values in piece.items():
            for value in values:
                digest.update(value["bytes"] if name == column else repr(value).encode())
        encoded = {column: piece.pop(column), **others.encode_batch(piece)}
        tables.append(pa.Table.from_pydict(encoded, schema=features.arrow_schema))
    table = pa.concat_tables(tables) if tables else features.arrow_schema.empty_table()
    info = datasets.DatasetInfo(features=features)
    return datasets.Dataset(table, info=info, fingerprint=digest.hexdigest())
