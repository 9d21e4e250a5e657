"""Picturing: a column of images, checked one by one, becomes a Dataset of them, with a class for each."""

from __future__ import annotations

from typing import Any

import datasets
import pandas as pd

from . import media
from .images import picture
from .labelling import class_label, label_names
from .media import Checked, Medium
from .rows import of_split, places, tell

IMAGE = Medium("image", datasets.Image(mode="RGB"), picture)


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


def checked(frames: dict[str, pd.DataFrame], columns: dict[str, str]) -> dict[str, Checked]:
    """The columns as `rows.chosen` chooses them, `image` among them, each image decoded and checked.

    The rows have a further column `size`, the (width, height) in pixels, None for a bad image.
    """
    parts = media.checked(frames, columns, IMAGE)
    for split, part in parts.items():
        part.rows["size"] = [one and (one.width, one.height) for one in part.found]
        several = pd.Series([one is not None and one.several for one in part.found])
        if several.any():
            count = f"{several.sum()} of {len(several)} images{of_split(split)}"
            others = "are the first of several pictures, of which the others are left out"
            tell(f"{count} {others} ({places(several, part.files)}).")
    return parts


def as_datasets(parts: dict[str, pd.DataFrame], columns: dict[str, Any]) -> datasets.DatasetDict:
    """Splits with the column `image`, those that `columns` names with their features, and where it is known `file`."""
    return media.as_datasets(parts, columns, IMAGE)
