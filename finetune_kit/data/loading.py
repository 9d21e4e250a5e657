"""Reading: whatever the user has becomes pandas frames, one a split."""

from __future__ import annotations

import codecs
import difflib
import itertools
import re
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pandas as pd

from .. import catalog
from ..catalog import hub
from ..errors import DataError, StorageError, unknown_name
from . import archives, folders, parsing
from .features import as_frame
from .rows import WHOLE, is_blank

TABLES = (".csv", ".tsv", ".jsonl", ".json", ".parquet")
SUFFIXES = (*TABLES, ".txt")
Source = Any  # a path, two paths, a name from the catalogue, a hub id, a frame, rows, a Dataset or a DatasetDict
# Byte order marks; that of UTF-16 begins as that of UTF-32 does.
MARKS = {
    codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16",
}  # fmt: skip
HUB_ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")


def read(source: Source) -> dict[str, pd.DataFrame]:
    """Read `source` into one frame a split, under 'all' where it has no splits.

    Takes the path of a CSV, JSON lines, JSON, parquet or text file, a name from the catalogue,
    a hub id 'owner/name', a pandas frame, a list of rows that are dicts, a `datasets.Dataset` or
    a `datasets.DatasetDict`.
    Text is read as UTF-8, or as UTF-16 or 32 where a byte order mark says so. JSON may be a
    list of objects or what SQuAD is published in, which gives id, title, context, question and
    answers; a text file gives a column text with a paragraph a row, or a line a row where no
    blank line parts paragraphs. A folder of images or sounds, an archive of one (.zip, .tar, .tar.gz, .tgz)
    or a JSON file of COCO's annotations is read as `folders.read` says. Where a table holds
    paths, these start at its folder, which stands in the frame's `attrs["folder"]`. A tuple or
    list of two paths is a pair of aligned text files, of which each line is the source and the
    target of a row. A data set of the catalogue has the splits that its record names, and besides
    its own columns those that its task needs, under the task's names (such as text, label). Class
    ids become class names. Raises StorageError for a missing file or a hub that gives nothing,
    DataError for data that cannot be read.
    """
    if isinstance(source, pd.DataFrame):
        return {WHOLE: source}
    if isinstance(source, datasets.Dataset):
        return {WHOLE: as_frame(source)}
    if isinstance(source, datasets.DatasetDict):
        return {name: as_frame(part) for name, part in source.items()}
    if isinstance(source, (str, Path)):
        record = _record(str(source))
        if record is not None:
            return _read_record(record)
        if isinstance(source, str) and _is_hub_id(source):
            return _read_hub(source)
        return _read_path(Path(source))
    if isinstance(source, (list, tuple)) and len(source) == 2 and all(isinstance(one, (str, Path)) for one in source):
        return {WHOLE: read_aligned(*map(Path, source))}
    if isinstance(source, list) and source and all(isinstance(row, dict) for row in source):
        return {WHOLE: pd.DataFrame(source)}
    raise DataError(
        f"Data of type {type(source).__name__} cannot be read; expected the path of a {', '.join(SUFFIXES)} file, of a "
        "folder or an archive of images or sounds, two paths of aligned text files, a name from the catalogue, a hub "
        "id, a pandas DataFrame, a list of rows (dicts), a datasets.Dataset or a DatasetDict."
    )


def _record(name: str) -> catalog.DatasetRecord | None:
    """The record of this name or, so that the splits and columns are known either way, of this hub id."""
    return next((record for record in catalog.DATASETS if name in (record.name, _hub_id(record))), None)


def _hub_id(record: catalog.DatasetRecord) -> str | None:
    return None if record.embedded or record.config else record.source


def _is_hub_id(name: str) -> bool:
    """Whether it is 'owner/name', and neither a file or folder that is there nor the path of one that should be."""
    named = name.lower().endswith((*SUFFIXES, *archives.SUFFIXES))
    return bool(HUB_ID.fullmatch(name)) and not Path(name).exists() and not named


def _read_record(record: catalog.DatasetRecord) -> dict[str, pd.DataFrame]:
    if record.handler:
        frames = catalog.handler(record)()
    elif record.embedded:
        folder = catalog.data_folder() / "datasets" / record.source
        frames = {file.stem: pd.read_parquet(file) for file in sorted(folder.glob("*.parquet"))}
    else:
        frames = _read_hub(record.source, record.config, tuple(record.splits))
    return {name: _with_task_columns(frame, record) for name, frame in frames.items()}


def _read_hub(source: str, config: str | None = None, splits: tuple[str, ...] = ()) -> dict[str, pd.DataFrame]:
    """Download a data set, or take it from the cache. splits: those to take; all if none are named."""
    try:
        hub.require(source, "README.md", "dataset")
        found = datasets.load_dataset(source, config)
    except Exception as error:  # datasets raises many kinds, RuntimeError for a script among them
        reason = hub.explain(error, "data set", source, "datasets")
        if reason:
            raise StorageError(reason) from error
        words = " ".join(str(error).split())
        several = " Load one of them with datasets.load_dataset and pass the result." if "Config name" in words else ""
        raise DataError(f"The data set {source!r} cannot be read: {words[:300].rstrip('.')}.{several}") from error
    for split in splits:
        if split not in found:
            raise DataError(f"The data set {source!r} has no split {split!r} any more; it has {', '.join(found)}.")
    return {name: as_frame(part) for name, part in found.items() if not splits or name in splits}


def _with_task_columns(frame: pd.DataFrame, record: catalog.DatasetRecord) -> pd.DataFrame:
    """The frame with the columns that the task needs under the task's names, in front of its own."""
    needed = {role: _field(frame, path) for role, path in record.columns.items()}
    own = frame.drop(columns=[role for role in needed if role in frame.columns])
    return pd.concat([pd.DataFrame(needed), own], axis=1)


def _field(frame: pd.DataFrame, path: str) -> pd.Series:
    """A column, or by a dotted path a field of a column of structs or of lists of structs."""
    column, *keys = path.split(".")
    if column not in frame.columns:
        raise unknown_name("column", column, map(str, frame.columns))
    values = frame[column]
    for key in keys:
        values = values.map(lambda cell, k=key: cell[k] if isinstance(cell, dict) else [one[k] for one in cell])
    return values


def _read_path(path: Path) -> dict[str, pd.DataFrame]:
    if _is_folder(path):
        return folders.read(path)
    if archives.is_archive(path):
        _require_file(path, "an archive")
        return folders.read(path)
    annotations = folders.read_coco(path) if path.suffix.lower() == ".json" and path.is_file() else None
    return annotations or {WHOLE: read_file(path)}


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a text in place of a path is too long for a name
        return False


def read_file(path: Path) -> pd.DataFrame:
    """Read one file of a table (CSV, TSV, JSON lines, JSON or parquet) or of text, as its suffix says.

    The frame's `attrs["folder"]` is the folder of the file, where the paths in its cells start.
    """
    frame = _read_table(path)
    frame.attrs["folder"] = str(path.absolute().parent)
    return frame


def _read_table(path: Path) -> pd.DataFrame:
    _require_file(path, f"a file that ends in one of {', '.join(SUFFIXES)}")
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        known = ", ".join((*SUFFIXES, *archives.SUFFIXES))
        raise DataError(f"{path} ends in {suffix or 'no suffix'}; expected one of {known}.")
    try:
        return pd.read_parquet(path) if suffix == ".parquet" else parsing.PARSERS[suffix](decode(path), path)
    except OSError as error:
        # pyarrow reports a file that is no parquet as an OSError too
        raise DataError(f"{path} cannot be read: {' '.join(str(error).split())[:200]}") from error
    except (ValueError, RecursionError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path} is not a valid {suffix} file: {' '.join(str(error).split())[:200]}") from error


def read_aligned(source: Path, target: Path) -> pd.DataFrame:
    """Read two text files, each line of the one belonging to the same line of the other: columns source, target."""
    sides = {"source": source, "target": target}
    for path in sides.values():
        _require_file(path, "a text file")
        if path.suffix.lower() in TABLES:
            raise DataError(
                f"{path} is a table, not a text; expected two text files with a sentence a line (such as .txt, .en). "
                "Where one table holds both columns, pass its path alone."
            )
    lines = {name: parsing.lines(decode(path)) for name, path in sides.items()}
    if len(lines["source"]) != len(lines["target"]):
        raise DataError(
            f"{source} has {len(lines['source'])} lines and {target} has {len(lines['target'])}; expected as many, "
            f"each line belonging to the same line of the other file. {_suspect(lines['source'], lines['target'])}"
        )
    return pd.DataFrame(lines)


def _suspect(source: list[str], target: list[str]) -> str:
    """Where two files of unlike many lines go apart: at an empty line, or where the lengths of lines stop matching."""
    for number, (one, other) in enumerate(itertools.zip_longest(source, target, fillvalue="-"), 1):
        if is_blank(one) != is_blank(other):
            return f"Look at line {number}, which is empty in the {'first' if is_blank(one) else 'second'} alone."
    short, long = sorted((source, target), key=len)
    surplus = len(long) - len(short)
    # The surplus is cut out of the longer file where that leaves lines of the likest lengths side by side.
    lengths = [np.log1p([len(line) for line in side]) for side in (short, long)]
    one, other = (side - side.mean() for side in lengths)  # one language may be longer throughout
    above, below = np.abs(one - other[:-surplus]), np.abs(one - other[surplus:])  # of each line above, below the cut
    costs = np.append(0, above.cumsum()) + np.append(below[::-1].cumsum()[::-1], 0)
    number = len(costs) - int(costs[::-1].argmin())
    return f"By the lengths of the lines they go apart near line {number}: is one missing there, or broken in two?"


def _require_file(path: Path, expected: str) -> None:
    """Raise StorageError where there is no such file, DataError where it is empty."""
    try:
        found = path.is_file()
    except (OSError, ValueError) as error:  # a text in place of a path is too long for a name
        raise StorageError(f"{str(path)[:60]!r} ... is not the path of a file.") from error
    if not found:
        raise StorageError(_missing(path, expected))
    if path.stat().st_size == 0:
        raise DataError(f"{path} is empty (0 bytes).")


def _missing(path: Path, expected: str) -> str:
    if path.is_dir():
        return f"{path} is a folder; expected {expected}."
    beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    nearest = difflib.get_close_matches(path.name, beside, n=1)
    meant = f" Did you mean {str(path.with_name(nearest[0]))!r}?" if nearest else ""
    named = difflib.get_close_matches(str(path), [record.name for record in catalog.DATASETS], n=1, cutoff=0.75)
    meant = meant or (f" Did you mean the data set {named[0]!r}?" if named else "")
    embedded = ", ".join(catalog.embedded("datasets"))
    return (
        f"There is no file {str(path)!r}.{meant} (Embedded data sets, by name: {embedded}; "
        "`finetune-kit list datasets` shows those of the hub.)"
    )


def decode(path: Path) -> str:
    """The text of a file in UTF-8, or in what its byte order mark says. Raises DataError for any other file."""
    raw = path.read_bytes()
    marked = next((name for mark, name in MARKS.items() if raw.startswith(mark)), None)
    nulls = 0 if marked else raw.count(b"\0")
    if nulls:
        line = raw[: raw.index(b"\0")].count(b"\n") + 1
        raise DataError(
            f"{path} is a binary file, in UTF-16 or damaged: it holds {nulls:,} null byte{'s' * (nulls > 1)}, "
            f"{'the first ' * (nulls > 1)}in line {line}. Expected text in UTF-8."
        )
    try:
        return raw.decode(marked or "utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise DataError(
            f"{path} is not {(marked or 'utf-8').upper()}: byte 0x{raw[error.start]:02x} in line {line}. Save it as "
            "UTF-8, in Python by path.write_text(path.read_text(encoding='cp1252'), encoding='utf-8')."
        ) from error
