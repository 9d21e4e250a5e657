"""Boxing: images and lists of boxes with their classes, checked row by row, become a Dataset of objects."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import Any

import datasets
import numpy as np
import pandas as pd

from ..errors import DataError, unknown_name
from .labelling import class_label, label_names
from .media import Checked
from .picturing import as_datasets, checked
from .rows import Problems, excerpt, of_split, places, tell

# What four numbers may say; each form as edges (left, top, right, bottom), (n, 4), in its own unit.
FORMS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "xywh": lambda boxes: np.hstack([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]]),
    "xyxy": lambda boxes: boxes,
    "cxcywh": lambda boxes: np.hstack([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2]),
}
SHARES = "cxcywh"  # the form whose unit is the width and the height of the image
EDGE = 1.0  # pixels by which a box may reach over the edge of its image, where it is cut
ROUNDING = 0.01  # pixels by which it may do so untold
# What can be wrong with the boxes of a row, which is counted under the first of these that fits.
NO_LIST = "whose boxes or labels are not a list"
NO_NUMBERS = "with a box that is not four finite numbers"
UNLIKE = "with other numbers of boxes than of labels"
SWAPPED = "with a box of swapped corners, that is of negative width or height"
NO_AREA = "with a box of no area"
OUTSIDE = "with a box that reaches out of its image"


@dataclass(frozen=True)
class _Row:
    """The boxes of a row, (n, 4) float64, and their labels; else the kind of what is wrong, and what stands there.

    cut: how many of the boxes reached over the edge, if by little, and do so no more.
    """

    boxes: np.ndarray = field(default_factory=lambda: np.zeros((0, 4)))
    labels: list[Any] = field(default_factory=list)
    kind: str = ""
    found: str = ""
    cut: int = 0


def boxed(
    frames: dict[str, pd.DataFrame],
    image: str = "image",
    boxes: str = "boxes",
    labels: str = "labels",
    drop_bad_rows: bool = False,
    form: str = "xywh",
) -> datasets.DatasetDict:
    """Check the columns and return splits with `image` (Image), `boxes` and `labels`, and `file` where it is known.

    `boxes` is a list of [x, y, width, height], float32, in pixels of the upright image, that is
    the image turned as its EXIF orientation says; `labels` a ClassLabel for each. Images are
    checked and kept as `pictured` does. form: what the numbers say: 'xywh' as here (COCO), 'xyxy'
    two corners in pixels, 'cxcywh' middle and size as shares of the width and height (YOLO). A
    row without any box shows none of the objects. A box that reaches over the edge by up to one
    pixel is cut there, which is told. Rows with boxes that reach further, of no area, with swapped
    corners, that are not four finite numbers, without a label or of an unknown class are an error
    that counts and names them, unless `drop_bad_rows`, which leaves the whole images out. Raises
    UnknownNameError for a missing column or another form, DataError for data without any box and
    for boxes that are all in shares where pixels are expected, or the other way round.
    """
    if form not in FORMS:
        raise unknown_name("form of boxes", form, FORMS, "'cxcywh' is in shares of the image, the others in pixels.")
    found = checked(frames, {"image": image, "boxes": boxes, "labels": labels})
    read = {
        split: [_read(*cells) for cells in zip(its.rows["boxes"], its.rows["labels"], strict=True)]
        for split, its in found.items()
    }
    _require_unit(np.concatenate([row.boxes for rows in read.values() for row in rows]), form)
    parts = {split: _kept(its, read[split], labels, form, drop_bad_rows) for split, its in found.items()}
    names = [part["labels"].explode().dropna() for part in parts.values()]
    if not sum(map(len, names)):
        raise DataError("No image has a box; expected boxes and labels of some images at least.")
    classes = class_label(names, labels, least=1)
    four = datasets.List(datasets.Value("float32"), length=4)
    return as_datasets(parts, {"boxes": datasets.List(four), "labels": datasets.List(classes)})


# --- what the cells hold


def _read(boxes: Any, labels: Any) -> _Row:
    """The boxes, still in their own form, and labels of a row; missing ones are none."""
    boxes, labels = ([] if _is_missing(cell) else cell for cell in (boxes, labels))
    for cell in (boxes, labels):
        if not _is_list(cell):
            return _Row(kind=NO_LIST, found=excerpt(cell))
    wrong = [box for box in boxes if not _is_box(box)]
    if wrong:
        return _Row(kind=NO_NUMBERS, found=excerpt(_plain(wrong[0])))
    if len(boxes) != len(labels):
        return _Row(kind=UNLIKE, found=f"{len(boxes)} and {len(labels)}")
    return _Row(np.array([list(box) for box in boxes], dtype=np.float64).reshape(-1, 4), list(labels))


def _is_missing(cell: Any) -> bool:
    return pd.api.types.is_scalar(cell) and bool(pd.isna(cell))


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple, np.ndarray))


def _is_box(value: Any) -> bool:
    if not _is_list(value) or len(value) != 4:
        return False
    return all(isinstance(n, Real) and not isinstance(n, bool) and math.isfinite(n) for n in value)


def _plain(box: Any) -> Any:
    """A box as a message shows it."""
    return [round(float(n), 2) for n in box] if _is_box(box) else box.tolist() if isinstance(box, np.ndarray) else box


def _require_unit(boxes: np.ndarray, form: str) -> None:
    """Raise DataError where all boxes, (n, 4), are in the other unit."""
    if not len(boxes):
        return
    such = f"such as {_plain(boxes[0])}"
    if form != SHARES and boxes.min() >= 0 and boxes.max() <= 1:
        raise DataError(
            f"All {len(boxes)} boxes lie between 0 and 1, {such}; expected pixels. If these are shares of the image, "
            f"pass form={SHARES!r} where they are middle and size, as YOLO has them; else multiply them by the width "
            "and the height of the image first."
        )
    if form == SHARES and (boxes.max(axis=1) > 1).all():
        raise DataError(
            f"All {len(boxes)} boxes reach beyond 1, {such}; form={SHARES!r} expects middle and size as shares of the "
            "image. For pixels pass form='xywh' (left, top, width, height) or 'xyxy' (left, top, right, bottom)."
        )


# --- what becomes of a split


def _kept(found: Checked, read: list[_Row], labels: str, form: str, drop: bool) -> pd.DataFrame:
    """The good rows of a split, with boxes in pixels and the names of classes."""
    rows = [_placed(row, size, form) for row, size in zip(read, found.rows["size"], strict=True)]
    kinds = pd.Series([row.kind for row in rows], dtype=object)
    problems = {kind: kinds == kind for kind in dict.fromkeys(kinds) if kind}
    names, unlabelled = _names(rows, labels)
    found.rows["boxes"] = pd.Series([row.boxes.tolist() for row in rows], dtype=object)
    found.rows["labels"] = names
    part = found.kept(problems | unlabelled, {row.kind: row.found for row in rows[::-1]}, drop)
    cut = pd.Series([row.cut for row in rows])[part.index]
    if cut.any():
        where = places(cut.reindex(found.rows.index, fill_value=0) > 0, found.files)
        which = f"Boxes{of_split(found.split)} that reach over the edge of their image by up to {EDGE:g} pixel"
        tell(f"{which}, and that are cut there: {cut.sum()} ({where}).")
    return part


def _placed(row: _Row, size: tuple[int, int] | None, form: str) -> _Row:
    """A row's boxes as x, y, width, height in pixels of an image of this size; of a bad image they do not matter."""
    if size is None or not len(row.boxes):
        return row
    unit = np.array([*size, *size] if form == SHARES else [1.0] * 4)
    edges = FORMS[form](row.boxes) * unit
    inside = np.clip(edges, 0, [*size, *size])
    over = np.abs(edges - inside).max(axis=1)
    sides, cut = edges[:, 2:] - edges[:, :2], inside[:, 2:] - inside[:, :2]
    faults = {
        SWAPPED: (sides < 0).any(axis=1),
        NO_AREA: (sides == 0).any(axis=1),
        OUTSIDE: (over > EDGE) | (cut <= 0).any(axis=1),
    }
    for kind, bad in faults.items():
        if bad.any():
            shown = f"{_plain(row.boxes[bad][0])}, read as {form!r}, in an image of {size[0]} x {size[1]} pixels"
            return _Row(kind=kind, found=shown)
    return replace(row, boxes=np.hstack([inside[:, :2], cut]), cut=int((over > ROUNDING).sum()))


def _names(rows: list[_Row], column: str) -> tuple[pd.Series, Problems]:
    """The names of the classes of each row's boxes, and which rows have a box without one."""
    numbers = [i for i, row in enumerate(rows) for _ in row.labels]
    names, faults = label_names(pd.Series([label for row in rows for label in row.labels], numbers, object), column)
    lists = names.groupby(level=0).agg(list).reindex(range(len(rows)))
    every = pd.Series(range(len(rows)))
    problems = {f"with a box {kind}": every.isin(bad.index[bad.to_numpy()]) for kind, bad in faults.items()}
    return lists.map(lambda cell: cell if isinstance(cell, list) else []), problems
