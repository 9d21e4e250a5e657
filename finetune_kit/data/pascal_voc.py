"""Pascal VOC: an XML file an image that says what is where (Everingham et al. 2010) becomes a row of a frame."""

from __future__ import annotations

import math
import posixpath
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

import pandas as pd

from .rows import PROBLEM, tell
from .trees import Tree, frame_of, split_of

SIDES = ("xmin", "ymin", "xmax", "ymax")
LISTS = ("imagesets/main/train.txt", "imagesets/main/val.txt", "imagesets/main/test.txt")
# What can be wrong with an annotation.
NO_XML = "whose annotation is no XML that can be read"
NO_LIST = "in none of the lists in ImageSets/Main"


@dataclass(frozen=True)
class _Annotation:
    """What an XML file says. image: the file that it names. corners: as in SIDES, None for what is no number."""

    image: str = ""
    labels: list[str | None] = field(default_factory=list)
    corners: list[list[float | None]] = field(default_factory=list)
    problem: str = ""


def annotation_files(tree: Tree) -> list[str]:
    """The names of the XML files that hold annotations, or nothing."""
    files = {name: _plain(tree.content(name)) for name in tree if name.lower().endswith(".xml")}
    return [name for name, raw in files.items() if b"<annotation" in raw or not raw.strip()]


def list_files(tree: Tree) -> list[str]:
    """The names of the files that say which image is in which split."""
    return [name for name in tree if f"/{name.lower()}".endswith(tuple(f"/{ending}" for ending in LISTS))]


def frames(tree: Tree, names: list[str]) -> dict[str, pd.DataFrame]:
    """By split, a row an annotation: image, file, boxes ([x, y, width, height] in pixels), labels.

    The splits are the lists train, val and test in ImageSets/Main, or else folders named so. VOC
    counts pixels from 1, the last one inside of the box: x = xmin - 1 and width = xmax - xmin + 1.
    Where a corner in the data is 0, a tool counted from 0: x = xmin and width = xmax - xmin in
    all of it, which is told.
    """
    found = {name: _parsed(tree.content(name)) for name in names}
    given = [number for one in found.values() for box in one.corners for number in box if number is not None]
    first = 1 if min(given, default=1) >= 1 else 0
    if not first:
        tell(f"The boxes of {tree.source} start at pixel 0, not at 1 as in Pascal VOC; all are read so.")
    lists = _lists(tree)
    alike = defaultdict(set)
    for name in tree:
        alike[_stem(name)].add(posixpath.basename(name))
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for name, one in found.items():
        row = _row(tree, name, one, sorted(alike[_stem(name)]))
        split = lists.get(_stem(name)) if lists else _folder_split(name)
        if split is None:
            split, row[PROBLEM] = min(lists.values()), row[PROBLEM] or (NO_LIST, "")
        rows[split].append({**row, "boxes": [_box(box, first) for box in one.corners], "labels": one.labels})
    return {split: frame_of(its) for split, its in rows.items()}


def _parsed(raw: bytes) -> _Annotation:
    if b"<!DOCTYPE" in _plain(raw) or b"<!ENTITY" in _plain(raw):
        return _Annotation(problem="it defines entities, which may blow it up")
    try:
        root = ElementTree.fromstring(raw)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        return _Annotation(problem=str(error))
    objects = root.findall("object")
    return _Annotation(
        image=(root.findtext("filename") or "").strip(),
        labels=[(one.findtext("name") or "").strip() or None for one in objects],
        corners=[[_number(one.findtext(f"bndbox/{side}")) for side in SIDES] for one in objects],
    )


def _plain(raw: bytes) -> bytes:
    """XML in which ASCII can be looked for, be it in UTF-16."""
    return raw.replace(b"\0", b"")


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _box(corners: list[float | None], first: int) -> list[float] | None:
    left, top, right, bottom = corners
    if left is None or top is None or right is None or bottom is None:
        return None
    return [left - first, top - first, right - left + first, bottom - top + first]


def _row(tree: Tree, name: str, one: _Annotation, alike: list[str]) -> dict[str, Any]:
    """The image that an annotation names or, for many name one on another machine, what is called like itself."""
    if one.problem:
        return {"image": None, "file": name, PROBLEM: (NO_XML, one.problem)}
    near, split = posixpath.dirname(name), _folder_split(name)
    found = [tree.find(wanted, near, split) for wanted in (one.image, *alike) if not wanted.lower().endswith(".xml")]
    return tree.row(next(filter(None, found), []), one.image or name)


def _folder_split(name: str) -> str:
    return split_of(f"{posixpath.dirname(name)}/")


def _stem(name: str) -> str:
    return posixpath.splitext(posixpath.basename(name))[0]


def _lists(tree: Tree) -> dict[str, str]:
    """The split of each image, by the stem of its name; {} where there are no lists."""
    found: dict[str, str] = {}
    for name in list_files(tree):
        lines = tree.content(name).decode(errors="replace").splitlines()
        found |= {line.split()[0]: split_of(posixpath.basename(name)) for line in lines if line.strip()}
    return found
