"""Picturing: a column of images, checked one by one, becomes a Dataset of them, with a class for each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets
import pandas as pd
import pyarrow as pa

from .images import BadImageError, picture
from .labelling import class_label, label_names
from .rows import PROBLEM, Problems, chosen, of_split, places, tell, without_bad_rows

CHUNK = 10**9  # bytes of images in one array of arrow, which can count no more than twice as many


@dataclass
class Pictures:
    """The rows of a split, their images checked.

    rows: the chosen columns, of which `image` is now what data sets keep, {bytes, path}, and
    `size` the (width, height) in pixels; both None for a bad image. files: what each row is
    read from, None where that is not known. problems, shown: as `without_bad_rows` takes them.
    """

    split: str
    rows: pd.DataFrame
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


def pictured(
    frames: dict[str, pd.DataFrame], image: str = "image", label: str = "label", drop_bad_rows: bool = False
) -> datasets.DatasetDict:
    """Check the columns and return splits with `image` (Image, decoded to RGB when read) and `label` (ClassLabel).

    The cells of the image column are what `images.picture` takes; each is decoded once, and kept
    as `images.as_stored` says. Where every row comes from a file, or the frames have a column
    `file`, its name is in the column `file` (string). Rows with an image that is missing, empty,
    damaged, too large or none, or with no label or a list of them, are an error that counts and
    names them, unless `drop_bad_rows`. That an image is the first of several (an animation,
    pages) is told. Raises UnknownNameError for a missing column and DataError for labels with
    fractions, one class only or no rows.
    """
    parts = {}
    for split, found in checked(frames, {"image": image, "label": label}).items():
        found.rows["label"], problems = label_names(found.rows["label"], label)
        parts[split] = found.kept(problems, {}, drop_bad_rows)
    return as_datasets(parts, {"label": class_label((part["label"] for part in parts.values()), label)})


def checked(frames: dict[str, pd.DataFrame], columns: dict[str, str]) -> dict[str, Pictures]:
    """The columns as `rows.chosen` chooses them, `image` among them, each image decoded and checked."""
    return {split: _checked(part, frames[split], split) for split, part in chosen(frames, columns).items()}


def _checked(part: pd.DataFrame, source: pd.DataFrame, split: str) -> Pictures:
    files = list(_files(part["image"], source))
    marks = source[PROBLEM] if PROBLEM in source.columns else [None] * len(part)
    images, kinds = [], []
    shown: dict[str, str] = {}
    for cell, mark in zip(part["image"], marks, strict=True):
        kind, found = mark if isinstance(mark, tuple) else ("", "")
        kept = None
        if not kind:
            try:
                kept = picture(cell, source.attrs.get("folder", ""))
            except BadImageError as error:
                kind, found = f"whose image {error.fault}", error.found
        images.append(kept)
        kinds.append(kind)
        shown.setdefault(kind, found)
    several = pd.Series([one is not None and one.several for one in images])
    if several.any():
        count = f"{several.sum()} of {len(part)} images{of_split(split)}"
        tell(f"{count} are the first of several pictures, of which the others are left out ({places(several, files)}).")
    part["image"] = [one and {"bytes": one.raw, "path": None} for one in images]
    part["size"] = [one and (one.width, one.height) for one in images]
    problems = {kind: pd.Series(kinds, dtype=object) == kind for kind in dict.fromkeys(kinds) if kind}
    return Pictures(split, part, files, problems, shown)


def _files(images: pd.Series, source: pd.DataFrame) -> Iterator[str | None]:
    """What each row is read from: what the column `file` says, or else the path in the cell."""
    own = source["file"] if list(source.columns).count("file") == 1 else [None] * len(source)
    for name, cell in zip(own, images, strict=True):
        given = [name, cell.get("path") if isinstance(cell, dict) else cell]
        found = next((str(one) for one in given if isinstance(one, (str, Path)) and str(one)), None)
        # A name in another encoding than the system's holds halves of characters, which no text may.
        yield found and found.encode("utf-8", "replace").decode()


def as_datasets(parts: dict[str, pd.DataFrame], columns: dict[str, Any]) -> datasets.DatasetDict:
    """Splits with the column `image`, those that `columns` names with their features, and where it is known `file`."""
    features: dict[str, Any] = {"image": datasets.Image(mode="RGB"), **columns}
    if all(part["file"].notna().all() for part in parts.values()):
        features["file"] = datasets.Value("string")
    return datasets.DatasetDict({split: _dataset(part, datasets.Features(features)) for split, part in parts.items()})


def _dataset(part: pd.DataFrame, features: datasets.Features) -> datasets.Dataset:
    # Dataset.from_dict would put all images into one array, which fails beyond 2 GB, and to name them would copy them.
    sizes = pd.Series([len(one["bytes"]) for one in part["image"]], dtype="int64")
    digest = hashlib.blake2b(repr(features).encode(), digest_size=16)
    tables = []
    for _, numbers in sizes.groupby(sizes.cumsum() // CHUNK):
        piece = {name: part[name].iloc[numbers.index].tolist() for name in features}
        for name, values in piece.items():
            for value in values:
                digest.update(value["bytes"] if name == "image" else repr(value).encode())
        tables.append(pa.Table.from_pydict(features.encode_batch(piece), schema=features.arrow_schema))
    table = pa.concat_tables(tables) if tables else features.arrow_schema.empty_table()
    info = datasets.DatasetInfo(features=features)
    return datasets.Dataset(table, info=info, fingerprint=digest.hexdigest())
