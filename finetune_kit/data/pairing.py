"""Pairing: two columns of texts, checked row by row, become a Dataset of sources and targets."""

from __future__ import annotations

import datasets
import pandas as pd

from ..errors import DataError
from .rows import as_splits, chosen, text_problems, without_bad_rows

FEATURES = datasets.Features({"source": datasets.Value("string"), "target": datasets.Value("string")})


def pairs(
    frames: dict[str, pd.DataFrame], source: str, target: str, drop_bad_rows: bool = False
) -> datasets.DatasetDict:
    """Check the columns and return splits with `source` and `target` (strings), as for translation.

    Rows of which a side is empty, missing, no string or of over 100,000 characters are an error
    that counts them, unless `drop_bad_rows`; a source that equals its target is none. Raises
    UnknownNameError for a missing column and DataError for one column in both places or no rows.
    """
    if source == target:
        raise DataError(
            f"The source and the target are both the column {source!r}; expected two columns. "
            "Name the column of the targets."
        )
    parts = {}
    for split, part in chosen(frames, {"source": source, "target": target}).items():
        problems = text_problems(part["source"], "source") | text_problems(part["target"], "target")
        parts[split] = without_bad_rows(part, problems, split, drop_bad_rows)
    return as_splits(parts, FEATURES)
