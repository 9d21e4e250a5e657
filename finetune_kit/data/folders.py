"""Folders: a folder or an archive of images or sounds, with classes or annotations, becomes frames."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import DataError, StorageError
from . import coco, pascal_voc
from .rows import PROBLEM, WHOLE, listed, tell
from .trees import SPLIT_NAMES, Tree, frame_of, in_order, split_of, tree

LAYOUTS = (
    "a folder for each class with its images (cats/1.jpg) or sounds (yes/1.wav), at the top or in folders train, valid "
    "and test; or images with annotations of COCO (.json) or Pascal VOC (.xml)"
)
SOUNDS = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".au", ".caf", ".w64")
DEEPEST = 3  # folders below that of a COCO file in which its images are looked for
# What can be wrong with the place of a file.
ASIDE = "outside of the folders of classes"
BELOW = "in a folder below that of a class"


def read(path: Path) -> dict[str, pd.DataFrame]:
    """Read a folder or an archive of images or sounds into one frame a split, under 'all' where it has no splits.

    Folders of classes give the columns image ({bytes, path}), or audio where most files are named
    like sounds, label and file (the path below `path`, parted by '/'); COCO's and Pascal VOC's
    annotations image, file, boxes (lists of [x, y, width, height] in pixels) and labels (lists of
    class names). Nothing is decoded, and nothing of an archive is written. A file that lies in no
    class, an annotation without its image and the like stay as rows that are marked, so that they
    are counted and named with all others. Raises StorageError for a folder without classes,
    DataError for less than two classes, for annotations that cannot be told apart and for an
    archive that cannot be trusted.
    """
    found = tree(path)
    files = _coco_files(found)
    annotations = [] if files else pascal_voc.annotation_files(found)
    if files:
        frames = {split_of(name): coco.frame(value, name, found) for name, value in files.items()}
        _tell_unread(found, frames, files)
    elif annotations:
        frames = pascal_voc.frames(found, annotations)
        _tell_unread(found, frames, [*annotations, *pascal_voc.list_files(found)])
    else:
        frames = _classes(found)
    return in_order(frames)


def read_coco(path: Path) -> dict[str, pd.DataFrame] | None:
    """Read one JSON file in COCO's form, with the images beside it, as `read` does; None for any other file."""
    try:
        value = coco.parsed(path.read_bytes())
    except (OSError, ValueError, RecursionError):  # other readers say why
        return None
    if value is None:
        return None
    path = path.absolute()
    above = path.parent.parent if path.parent.name.lower() == "annotations" else path.parent
    name = path.relative_to(above).as_posix()
    return {WHOLE: coco.frame(value, name, tree(above, DEEPEST))}


def _coco_files(found: Tree) -> dict[str, Any]:
    """The content of each file in COCO's form, by its name."""
    files: dict[str, Any] = {}
    for name in found:
        if name.lower().endswith(".json"):
            try:
                value = coco.parsed(found.content(name))
            except (ValueError, RecursionError) as error:
                place = f"{found.source}: {name}"
                raise DataError(f"{place} looks like COCO's annotations and is not JSON: {error}.") from error
            if value is not None:
                files[name] = value
    splits = [split_of(name) for name in files]
    if len(set(splits)) < len(splits):
        raise DataError(
            f"{found.source} holds {len(files)} files of COCO annotations ({listed(list(files))}), whose names do not "
            "tell their splits apart; expected one, or one each for train, valid and test. Pass the path of one."
        )
    return files


def _tell_unread(found: Tree, frames: dict[str, pd.DataFrame], annotations: Iterable[str]) -> None:
    read = {*annotations, *(name for frame in frames.values() for name in frame["file"])}
    unread = [name for name in found if name not in read]
    if unread:
        what = f"Files of {found.source} that no annotation names, and that are not read"
        tell(f"{what}: {len(unread)} ({listed(unread)}).")


# --- a folder for each class


def _classes(found: Tree) -> dict[str, pd.DataFrame]:
    places = _unwrapped({name: name.split("/") for name in found})
    tops = {place[0].lower(): place for place in places.values() if len(place) > 2}
    splits = [top for top in in_order(tops) if top in SPLIT_NAMES]
    column = "audio" if sum(name.lower().endswith(SOUNDS) for name in places) > len(places) / 2 else "image"
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for name, place in places.items():
        top = place[0].lower()
        split = top if top in splits else splits[0] if splits else WHOLE
        inside = place[1:] if top in splits else [] if splits else place  # the folder of a class, and the file
        problem = None if len(inside) == 2 else (BELOW if len(inside) > 2 else ASIDE, "")
        label = inside[0] if len(inside) == 2 else None
        rows[split].append({column: found.cell(name), "label": label, "file": name, PROBLEM: problem})
    _require_classes(found.source, [row for its in rows.values() for row in its])
    return {split: frame_of(its) for split, its in rows.items()}


def _unwrapped(places: dict[str, list[str]]) -> dict[str, list[str]]:
    """The folders and file of each name, without a folder that holds all the others, as archives often have one."""
    tops = {place[0] for place in places.values() if len(place) > 1}
    if len(tops) != 1 or tops.pop().lower() in SPLIT_NAMES or max(map(len, places.values())) < 3:
        return places
    return _unwrapped({name: place[1:] if len(place) > 1 else place for name, place in places.items()})


def _require_classes(source: str, rows: list[dict[str, Any]]) -> None:
    files = listed([row["file"] for row in rows])
    classes = {row["label"] for row in rows if row["label"] is not None}
    if not classes:
        stray = f"; its {len(rows)} files lie in no folder of a class ({files})" if rows else " without files"
        kind = "a folder" if Path(source).is_dir() else "an archive"
        raise StorageError(f"{source} is {kind}{stray}. Expected {LAYOUTS}. Of a table or a text pass the path itself.")
    if len(classes) == 1:
        raise DataError(
            f"{source} holds one class only, {classes.pop()!r}, in {len(rows)} files ({files}). Expected a folder for "
            "each of two or more classes."
        )
