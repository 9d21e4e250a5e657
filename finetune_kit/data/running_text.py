"""Running text: one column of texts, checked row by row, becomes a Dataset to be continued."""

from __future__ import annotations

import datasets
import pandas as pd

from ..errors import DataError
from .rows import as_splits, chosen, faults, is_empty, is_string, of_split, tell, without_bad_rows

FEATURES = datasets.Features({"text": datasets.Value("string")})


def running(frames: dict[str, pd.DataFrame], text: str = "text", drop_bad_rows: bool = False) -> datasets.DatasetDict:
    """Check the column and return splits with `text` (string), as for completion.

    Empty and missing rows are left out, which is told: they part the paragraphs of many corpora.
    A text may be of any length, for it is cut into windows anyway. Rows that hold no string, or
    a null character, are an error that counts them, unless `drop_bad_rows`. Raises
    UnknownNameError for a missing column and DataError for a split without any text.
    """
    parts = {}
    for split, part in chosen(frames, {"text": text}).items():
        empty = is_empty(part["text"])
        problems = {"whose text is not a string": ~is_string(part["text"]) & ~empty} | faults(part["text"], "text")
        kept = without_bad_rows(part, problems, split, drop_bad_rows)
        parts[split] = kept[~empty[kept.index]]
        if parts[split].empty:
            where = "data" if split == "all" else f"split {split!r}"
            raise DataError(
                f"The {where} has no text: none of its {len(part)} rows has any in the column {text!r}. "
                "Choose another column, or leave the split out."
            )
        if empty.any():
            tell(f"{empty.sum()} of {len(part)} rows{of_split(split)} are empty and left out.")
    return as_splits(parts, FEATURES)
