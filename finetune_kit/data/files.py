"""Files: what stands in a cell of a column of images or sounds, as bytes; and the files of a data set as stored."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import pandas as pd

from ..errors import DataError

# What can be wrong with a file of any kind, as messages say it of one.
MISSING = "is missing"
EMPTY = "is empty, of 0 bytes"
NO_FILE = "is the path of a file that is not there"
ADDRESS = "is a web address, from which nothing is downloaded"

BATCH = 256  # files in memory at a time


class BadFileError(DataError):
    """A file that cannot be used. fault: what is wrong with it, as one of the kinds that its reader names.

    found: what stands there, or ''. name: what the message calls it. noun, advice: those of the kind of file.
    """

    noun, advice = "file", "Leave it out."

    def __init__(self, fault: str, found: str = "", name: str = ""):
        self.fault, self.found = fault, found
        what = f"{name or f'The {self.noun}'} {fault}" + (f": {found}" if found else "")
        super().__init__(f"{what.rstrip('.')}. {self.advice}")


def located(cell: Any, folder: str, wrong: type[BadFileError], no_form: str) -> bytes | Path:
    """What a cell holds or leads to: bytes, or the path of a file that is there, looked for from `folder` on.

    cell: bytes, a path, or a dict with `bytes` or `path`. no_form: the fault of anything else. Raises `wrong`.
    """
    if isinstance(cell, dict):
        cell = cell.get("path") if cell.get("bytes") is None else cell["bytes"]
    if isinstance(cell, (bytes, bytearray, memoryview)):
        return bytes(cell)
    if (isinstance(cell, str) and not cell) or (pd.api.types.is_scalar(cell) and pd.isna(cell)):
        raise wrong(MISSING)
    if not isinstance(cell, (str, Path)):
        raise wrong(no_form, f"found {type(cell).__name__}")
    name = str(cell)
    if "://" in name[:10]:
        raise wrong(ADDRESS)
    # A table written on Windows parts the folders of a path by backslashes.
    for path in (Path(folder, name), Path(folder, name.replace("\\", "/"))):
        with contextlib.suppress(OSError, ValueError):  # of a text that is no path at all
            if path.is_file():
                return path
    raise wrong(NO_FILE, f"looked for {str(Path(folder, name))[-200:]}")


def content(found: bytes | Path) -> bytes:
    """The bytes of what `located` found."""
    return found.read_bytes() if isinstance(found, Path) else found


def is_media(feature: Any) -> bool:
    """Whether a feature of a data set is that of a column of files: Image or Audio."""
    return isinstance(feature, (datasets.Image, datasets.Audio))


def stored(dataset: datasets.Dataset, column: str) -> list[bytes]:
    """The bytes of each file in a column of the feature Image or Audio, as they are stored: nothing is decoded."""
    plain = type(dataset.features[column])(decode=False)
    cells = dataset.cast_column(column, plain)[column][:]
    return [Path(cell["path"]).read_bytes() if cell["bytes"] is None else cell["bytes"] for cell in cells]


def each_stored(dataset: datasets.Dataset, column: str) -> Iterator[bytes]:
    """What `stored` gives, some files in memory at a time."""
    for start in range(0, len(dataset), BATCH):
        yield from stored(dataset.select(range(start, min(start + BATCH, len(dataset)))), column)
