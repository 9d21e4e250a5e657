"""Features: a Dataset becomes a frame, with the names of its classes in place of their ids."""

from __future__ import annotations

from typing import Any

import datasets
import pandas as pd


def as_frame(dataset: datasets.Dataset) -> pd.DataFrame:
    """A Dataset as a frame, the ids of ClassLabel columns replaced by their names, nested ones too."""
    frame = dataset.to_pandas()
    for name, feature in dataset.features.items():
        if _holds_classes(feature):
            frame[name] = frame[name].map(lambda value, f=feature: _class_names(value, f))
    return frame


def _holds_classes(feature: Any) -> bool:
    if isinstance(feature, dict):
        return any(map(_holds_classes, feature.values()))
    inner = getattr(feature, "feature", None)  # of a list
    return isinstance(feature, datasets.ClassLabel) or (inner is not None and _holds_classes(inner))


def _class_names(value: Any, feature: Any) -> Any:
    """Ids as names wherever `feature` says that they are classes; a missing or negative id has none."""
    if isinstance(feature, datasets.ClassLabel):
        return None if value is None or value != value or value < 0 else feature.int2str(int(value))
    if value is None or not _holds_classes(feature):
        return value
    if isinstance(feature, dict) and isinstance(value, dict):
        return {key: _class_names(one, feature[key]) for key, one in value.items()}
    # a list; of structs it is stored as a struct of lists by some versions
    inner = getattr(feature, "feature", feature)
    if isinstance(value, dict):
        return {key: [_class_names(one, inner[key]) for one in many] for key, many in value.items()}
    return [_class_names(one, inner) for one in value]
