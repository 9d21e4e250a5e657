"""COCO: a JSON file that says what is where in images (Lin et al. 2014, arXiv 1405.0312) becomes a frame."""

from __future__ import annotations

import json
import posixpath
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import pandas as pd

from ..errors import DataError
from .parsing import member
from .rows import PROBLEM, excerpt, tell
from .trees import Tree, frame_of, split_of

KEYS = ("images", "annotations", "categories")
ID = int | float | str
# What can be wrong with the annotations of an image.
NO_CATEGORY = "with an object of a class id that the categories do not have"
NO_IMAGE = "with annotations of an id that no image has"


def parsed(raw: bytes) -> dict[str, Any] | None:
    """The content of a JSON file in COCO's form; None for any other. Raises ValueError for what only looks like it."""
    if not all(f'"{key}"'.encode() in raw for key in KEYS):
        return None
    value = json.loads(raw)
    return value if isinstance(value, dict) and all(isinstance(value.get(key), list) for key in KEYS) else None


def frame(value: dict[str, Any], name: str, tree: Tree) -> pd.DataFrame:
    """A row an image: image, file, boxes ([x, y, width, height] in pixels, as they stand there), labels.

    value: the content of the file `name`. Crowds (iscrowd) are left out, which is told. Raises
    DataError where the content is not as COCO has it.
    """
    place = f"{tree.source}: {name}"
    names = {_id(one, "id", at): member(one, "name", str, at, "COCO") for one, at in _items(value, "categories", place)}
    objects = _objects(value, place)
    rows = []
    for one, at in _items(value, "images", place):
        wanted = member(one, "file_name", str, at, "COCO")
        row = tree.row(tree.find(wanted, posixpath.dirname(name), split_of(name)), wanted)
        rows.append(_with_objects(row, objects.pop(_id(one, "id", at), []), names))
    for number, its in objects.items():
        row = {"image": None, "file": f"image id {number}", PROBLEM: (NO_IMAGE, "")}
        rows.append(_with_objects(row, its, names))
    if not rows:
        raise DataError(f"{place} lists no images.")
    return frame_of(rows)


def _items(value: dict[str, Any], key: str, place: str) -> Iterator[tuple[Any, str]]:
    """The items of a list, each with its place."""
    return ((one, f"{place}: {key}[{i}]") for i, one in enumerate(value[key]))


def _id(value: Any, key: str, place: str) -> ID:
    found: ID = member(value, key, ID, place, "COCO")
    return found


def _objects(value: dict[str, Any], place: str) -> dict[ID, list[dict[str, Any]]]:
    """The annotations of each image id, without those of crowds; images without any have none."""
    repeated = Counter(_id(one, "id", at) for one, at in _items(value, "images", place)).most_common(1)
    if repeated and repeated[0][1] > 1:
        raise DataError(f"{place} gives {repeated[0][1]} images the id {repeated[0][0]!r}; expected ids that differ.")
    objects: dict[ID, list[dict[str, Any]]] = defaultdict(list)
    crowds = 0
    for one, at in _items(value, "annotations", place):
        number = _id(one, "image_id", at)
        _id(one, "category_id", at)
        if one.get("iscrowd"):
            crowds += 1
        else:
            objects[number].append(one)
    if crowds:
        tell(f"{crowds} of {len(value['annotations'])} boxes of {place} are left out: they hold crowds (iscrowd).")
    return objects


def _with_objects(row: dict[str, Any], its: list[dict[str, Any]], names: dict[ID, str]) -> dict[str, Any]:
    strange = [one["category_id"] for one in its if one["category_id"] not in names]
    problem = (NO_CATEGORY, excerpt(strange[0])) if strange else None
    return {
        **row,
        "boxes": [one.get("bbox") for one in its],
        "labels": [names.get(one["category_id"]) for one in its],
        PROBLEM: row[PROBLEM] or problem,
    }
