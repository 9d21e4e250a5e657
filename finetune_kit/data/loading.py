"""Reading: whatever the user has becomes pandas frames, one a split."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Any

import datasets
import pandas as pd

from .. import catalog
from ..errors import DataError, StorageError

SUFFIXES = (".csv", ".tsv", ".jsonl", ".json", ".parquet")
WHOLE = "all"  # the key of a source that has no splits of its own
Source = Any  # a path, the name of an embedded data set, a frame, a Dataset or a DatasetDict


def read(source: Source) -> dict[str, pd.DataFrame]:
    """Read `source` into one frame a split, under 'all' where it has no splits.

    Takes the path of a CSV, JSON lines or parquet file, the name of an embedded data set,
    a pandas frame, a `datasets.Dataset` or a `datasets.DatasetDict`. Raises StorageError
    for a missing file and DataError for one that cannot be read.
    """
    if isinstance(source, pd.DataFrame):
        return {WHOLE: source}
    if isinstance(source, datasets.Dataset):
        return {WHOLE: _plain_labels(source)}
    if isinstance(source, datasets.DatasetDict):
        return {name: _plain_labels(part) for name, part in source.items()}
    if isinstance(source, (str, Path)):
        if str(source) in {record.name for record in catalog.DATASETS}:
            folder = catalog.data_folder() / "datasets" / str(source)
            return {file.stem: pd.read_parquet(file) for file in sorted(folder.glob("*.parquet"))}
        return {WHOLE: read_file(Path(source))}
    raise DataError(
        f"Data of type {type(source).__name__} cannot be read; expected the path of a {', '.join(SUFFIXES)} file, "
        "a pandas DataFrame, a datasets.Dataset or a DatasetDict."
    )


def read_file(path: Path) -> pd.DataFrame:
    """Read one CSV, TSV, JSON lines or parquet file."""
    try:
        found = path.is_file()
    except (OSError, ValueError) as error:  # a text in place of a path is too long for a name
        raise StorageError(f"{str(path)[:60]!r} ... is not the path of a file.") from error
    if not found:
        raise StorageError(_missing(path))
    if path.stat().st_size == 0:
        raise DataError(f"{path} is empty (0 bytes).")
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise DataError(f"{path} ends in {suffix or 'no suffix'}; expected one of {', '.join(SUFFIXES)}.")
    try:
        if suffix == ".parquet":
            return pd.read_parquet(path)
        text = decode(path)
        return _parse_csv(text, path) if suffix in (".csv", ".tsv") else _parse_json_lines(text, path)
    except OSError as error:
        # pyarrow reports a file that is no parquet as an OSError too
        raise DataError(f"{path} cannot be read: {' '.join(str(error).split())[:200]}") from error
    except ValueError as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path} is not a valid {suffix} file: {' '.join(str(error).split())[:200]}") from error


def _missing(path: Path) -> str:
    if path.is_dir():
        return f"{path} is a folder; expected a file that ends in one of {', '.join(SUFFIXES)}."
    beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    nearest = difflib.get_close_matches(path.name, beside, n=1)
    meant = f" Did you mean {str(path.with_name(nearest[0]))!r}?" if nearest else ""
    embedded = ", ".join(record.name for record in catalog.DATASETS)
    return f"There is no file {str(path)!r}.{meant} (Embedded data sets, by name: {embedded}.)"


def decode(path: Path) -> str:
    """The text of a UTF-8 file. Raises DataError for a binary file or another encoding."""
    raw = path.read_bytes()
    if b"\0" in raw[:65536]:
        raise DataError(f"{path} is a binary file; expected text in UTF-8.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise DataError(
            f"{path} is not UTF-8: byte 0x{raw[error.start]:02x} in line {line}. Save it as UTF-8, "
            "or read it with pandas.read_csv(..., encoding='cp1252') and pass the frame."
        ) from error


def _parse_csv(text: str, path: Path) -> pd.DataFrame:
    import io
    import warnings

    header = text.split("\n", 1)[0]
    separator = max(",;\t|", key=header.count)
    # Only an empty cell is a missing one: 'NA', 'None' and 'null' may be words that somebody wrote.
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # pandas would cut the surplus fields off
        try:
            frame = pd.read_csv(
                io.StringIO(text), sep=separator, keep_default_na=False, na_values=[""], index_col=False
            )
        except pd.errors.ParserWarning as warning:
            raise DataError(
                f"{path} has rows with more fields than the header's {header.count(separator) + 1}; "
                f"expected a text that holds {separator!r} to stand in double quotes."
            ) from warning
    if frame.empty:
        raise DataError(f"{path} has a header and no rows.")
    return frame


def _parse_json_lines(text: str, path: Path) -> pd.DataFrame:
    rows = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise DataError(f"{path}, line {number} is not JSON ({error.msg}); expected one object a line.") from error
        if not isinstance(row, dict):
            raise DataError(f"{path}, line {number} holds a {type(row).__name__}; expected one object a line.")
        rows.append(row)
    if not rows:
        raise DataError(f"{path} holds no rows.")
    return pd.DataFrame(rows)


def _plain_labels(dataset: datasets.Dataset) -> pd.DataFrame:
    """A Dataset as a frame, the ids of ClassLabel columns replaced by their names."""
    frame = dataset.to_pandas()
    for name, feature in dataset.features.items():
        if isinstance(feature, datasets.ClassLabel):
            known = frame[name].notna() & (frame[name] >= 0)
            frame[name] = frame[name].where(known).map(lambda i, f=feature: f.int2str(int(i)), na_action="ignore")
    return frame
