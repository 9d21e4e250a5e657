"""Trees: the files below a folder or in an archive, and what their names say."""

from __future__ import annotations

import os
import posixpath
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import StorageError
from . import archives
from .rows import PROBLEM, WHOLE, listed
from .splitting import ALIASES, SPLITS

CLUTTER = ("__macosx", "thumbs.db", "desktop.ini")  # what systems put beside the files of their users
IMAGES = ("images", "jpegimages")
SPLIT_NAMES = (*SPLITS, *ALIASES)
# What can be wrong with the image that an annotation names.
NOT_THERE = "whose image is not there"
AMBIGUOUS = "whose image may be one of several"


class Tree:
    """The files below a folder or in an archive. Iterating gives their names, sorted.

    source: what messages call it. files: where the content of each file is, in memory or on the
    disk, by its name: the path below the folder, parted by forward slashes.
    """

    def __init__(self, source: str, files: dict[str, Path | bytes]):
        self.source, self._files = source, files
        self._places: dict[str, list[str]] = defaultdict(list)  # by the last part of the name
        for name in self:
            self._places[posixpath.basename(name)].append(name)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._files))

    def content(self, name: str) -> bytes:
        """The bytes of a file. Raises StorageError where it cannot be read."""
        found = self._files[name]
        if isinstance(found, bytes):
            return found
        try:
            return found.read_bytes()
        except OSError as error:
            raise StorageError(f"{found} cannot be read: {error.strerror}.") from error

    def cell(self, name: str) -> dict[str, Any]:
        """A file as a cell of a column of files: its bytes, or the path where they are."""
        found = self._files[name]
        return {"bytes": found, "path": name} if isinstance(found, bytes) else {"bytes": None, "path": str(found)}

    def row(self, found: list[str], wanted: str) -> dict[str, Any]:
        """The columns image, file and what is wrong of an annotated image. found: the files that it may be."""
        if len(found) == 1:
            return {"image": self.cell(found[0]), "file": found[0], PROBLEM: None}
        return {"image": None, "file": wanted, PROBLEM: (AMBIGUOUS if found else NOT_THERE, listed(found))}

    def find(self, wanted: str, near: str, split: str = WHOLE) -> list[str]:
        """The file that an annotation in the folder `near` calls `wanted`; none, or several that fit as well.

        The last part of the name must agree, and as many folders before it as in any other file.
        Of several the one nearest to the annotation is taken, or else the one in a folder of its
        split, or else the one in a folder images or JPEGImages, beside which masks may lie.
        """
        parts = [part for part in re.split(r"[/\\]", wanted) if part not in ("", ".", "..")]

        def fit(name: str) -> tuple[Any, ...]:
            folder = posixpath.dirname(name)
            below = not near or f"{folder}/".startswith(f"{near}/")
            images = posixpath.basename(folder).lower() in IMAGES
            return _shared(name.split("/"), parts), folder == near, below, split_of(folder) == split, images

        found = self._places.get(parts[-1], []) if parts else []
        best = max(map(fit, found), default=None)
        return [name for name in found if fit(name) == best]


def tree(path: Path, deepest: int | None = None) -> Tree:
    """The files of an archive, or below a folder and at most `deepest` folders down; hidden ones are passed over.

    Raises DataError for an archive that cannot be trusted, StorageError for a folder that cannot be read.
    """
    files: dict[str, Any] = _walked(path, deepest) if path.is_dir() else archives.members(path)
    return Tree(str(path), {name: at for name, at in files.items() if not any(map(_is_clutter, name.split("/")))})


def _walked(folder: Path, deepest: int | None) -> dict[str, Path]:
    def refuse(error: OSError) -> None:
        raise StorageError(f"{error.filename} cannot be read: {error.strerror}.") from error

    files = {}
    for place, folders, names in os.walk(folder, onerror=refuse, followlinks=True):
        here = Path(place).relative_to(folder)
        files.update({(here / name).as_posix(): Path(place, name) for name in names})
        kept = [name for name in folders if not _is_clutter(name) and not _leads_back(Path(place, name))]
        folders[:] = kept if deepest is None or len(here.parts) < deepest else []
    return files


def _leads_back(folder: Path) -> bool:
    """Whether it is a link to a folder above itself, in which one would walk for ever."""
    return folder.is_symlink() and folder.parent.resolve().is_relative_to(folder.resolve())


def _is_clutter(part: str) -> bool:
    return part.startswith(".") or part.lower() in CLUTTER


def _shared(name: list[str], wanted: list[str]) -> int:
    """How many parts two paths have in common, from the last one on."""
    same = [one == other for one, other in zip(reversed(name), reversed(wanted), strict=False)]
    return same.index(False) if False in same else len(same)


def frame_of(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Rows as a frame of plain objects: pandas' own strings refuse a name in another encoding than the system's."""
    return pd.DataFrame(rows, dtype=object)


def split_of(name: str) -> str:
    """The split that a path names: by a folder, or by a word of the file's name such as instances_train2017.json."""
    *folders, last = name.lower().split("/")
    words = [*folders, *re.findall("[a-z]+", posixpath.splitext(last)[0])]
    return next((word for word in words if word in SPLIT_NAMES), WHOLE)


def in_order(frames: dict[str, Any]) -> dict[str, Any]:
    """By split: train, validation (whatever it is called), test, and what else there is."""
    order = ["train", "validation", *ALIASES, "test"]
    return dict(sorted(frames.items(), key=lambda item: order.index(item[0]) if item[0] in order else len(order)))
