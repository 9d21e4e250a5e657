"""Storing: finished runs of comparisons on disk, each under the hash of all that it depends on."""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
import json
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import datasets
import numpy as np

from .. import checkpoints, runs
from ..config import RunConfig
from ..errors import StorageError
from ..metrics import Metric
from ..strategies import Strategy
from ..tasks import Task
from .results import Result

T = TypeVar("T")
FORMAT = 1  # of the files; another one is refused
MARK = "results.json"  # beside the results: which format they are in
TIMED = ".seconds.json"  # how the files end that say how many epochs a budget in seconds holds
FOLDER = "FINETUNE_KIT_CACHE"  # the environment variable that names the cache folder
# Settings that a result does not depend on beside what is hashed in their place: the data, the task, the weights.
COVERED = ("task", "model", "data", "text", "label", "settings", "drop_bad_rows", "strategy")


def default_folder() -> Path:
    """Where results are kept when the user names no folder."""
    return cache_folder() / f"results-{FORMAT}"


def cache_folder() -> Path:
    """The folder in FINETUNE_KIT_CACHE, or the kit's own in the user's cache folder of this platform."""
    named = os.environ.get(FOLDER)
    if named:
        return Path(named).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "finetune-kit" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "finetune-kit"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "finetune-kit"


class Store:
    """The results in one folder, a small JSON file each. fresh: read none of them, and write them anew.

    Raises StorageError for a folder that is in another format, and for one that cannot be written.
    """

    def __init__(self, folder: str | Path | None = None, fresh: bool = False):
        self.folder, self.fresh = Path(folder) if folder else default_folder(), fresh
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            mark = self.folder / MARK
            if mark.exists():
                self._check(mark.read_text(encoding="utf-8"))
            else:
                _write(mark, {"format": FORMAT, "by": f"finetune-kit {_version()}"})
        except StorageError:
            raise
        except OSError as error:
            raise self._unwritable(error) from error

    def _check(self, mark: str) -> None:
        try:
            held = json.loads(mark)
            found, by = held["format"], held.get("by", "another version")
        except (ValueError, TypeError, KeyError):
            found, by = "an unknown one", "something else"
        if found != FORMAT:
            raise StorageError(
                f"{self.folder} holds results in another format ({found}, written by {by}); this version reads and "
                f"writes format {FORMAT}. Name another folder with cache=... (--cache), or delete this one."
            )

    def _unwritable(self, error: OSError) -> StorageError:
        return StorageError(
            f"Cannot keep results in {self.folder}: {error.strerror or error}. Name another folder with cache=... "
            f"(--cache) or in the environment variable {FOLDER}."
        )

    def get(self, key: str) -> Result | None:
        """The result under a key, or None; a file that cannot be read is told, and its run is done again."""
        return self._read(f"{key}.json", _result, "its run is done again")

    def get_epochs(self, key: str) -> float | None:
        """The epochs that a budget in seconds was found to hold, or None; a file that cannot be read is told."""
        return self._read(f"{key}{TIMED}", lambda held: float(held["epochs"]), "its run is timed again")

    def _read(self, name: str, part: Callable[[dict[str, Any]], T], otherwise: str) -> T | None:
        file = self.folder / name
        if self.fresh or not file.exists():
            return None
        try:
            return part(json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, KeyError) as error:
            warnings.warn(f"{file} cannot be read ({error}); {otherwise}.", UserWarning, stacklevel=3)
            return None

    def put(self, key: str, result: Result, made_of: dict[str, Any]) -> None:
        """Keep a result, and beside it what it was made of, for people. Raises StorageError."""
        held = {f.name: getattr(result, f.name) for f in dataclasses.fields(result) if f.name != "kept"}
        held["qualities"] = None if result.qualities is None else np.round(result.qualities, 9).tolist()
        self._keep(f"{key}.json", {"result": held, "made_of": made_of})

    def put_epochs(self, key: str, epochs: float, made_of: dict[str, Any]) -> None:
        """Keep how many epochs a budget in seconds holds, so that a later call gives its runs as many. As `put`."""
        self._keep(f"{key}{TIMED}", {"epochs": epochs, "made_of": made_of})

    def _keep(self, name: str, value: dict[str, Any]) -> None:
        try:
            _write(self.folder / name, {**value, "versions": runs.versions()})
        except OSError as error:
            raise self._unwritable(error) from error


def _result(held: dict[str, Any]) -> Result:
    """A result as a file holds it."""
    values = dict(held["result"])
    qualities = values.pop("qualities")
    return Result(**values, qualities=None if qualities is None else np.array(qualities), kept=True)


def _write(file: Path, value: dict[str, Any]) -> None:
    """Write JSON whole or not at all."""
    part = file.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps(value), encoding="utf-8")
    part.replace(file)


def _version() -> str:
    from .. import __version__

    return __version__


def key_of(made_of: dict[str, Any]) -> str:
    """The name that a result is kept under."""
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:32]


def ingredients(
    config: RunConfig, strategy: Strategy, task: Task, data: dict[str, str], weights: str, split: str
) -> dict[str, Any]:
    """All that a result depends on, as JSON has it: settings, strategy, task, data, weights, split, device, version."""
    import torch

    settings = {k: v for k, v in dataclasses.asdict(config).items() if k not in COVERED}
    device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    return {
        "format": FORMAT, "kit": _version(), "settings": settings, "strategy": described(strategy),
        "default_rates": strategy.learning_rates, "task": described(task), "data": data, "weights": weights,
        "split": split, "device": device,
    }  # fmt: skip


def data_fingerprints(task: Task) -> dict[str, str]:
    """A fingerprint of each split: another one as soon as a row, or the order of rows, is another."""
    return {name: runs.fingerprint(datasets.DatasetDict({name: part})) for name, part in task.splits.items()}


def weights_fingerprint(model: str) -> str:
    """A hash of a model's files, or the commit of a hub repository."""
    where = Path(checkpoints.locate(model))
    if not where.is_dir():
        return str(getattr(checkpoints.configuration(model), "_commit_hash", None) or where)
    digest = hashlib.sha256()
    for file in sorted(where.glob("*")):
        if file.is_file() and file.suffix in (".safetensors", ".json", ".txt", ".model"):
            digest.update(file.name.encode())
            with file.open("rb") as held:
                digest.update(hashlib.file_digest(held, "sha256").digest())
    return digest.hexdigest()


def described(value: Any) -> Any:
    """A task, a strategy or a part of one as JSON has it: its class and all that it was made with, the data aside.

    Of a class that is not the kit's own its source belongs to it.
    """
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, (list, tuple, set, frozenset)):
        parts = [described(one) for one in value]
        return sorted(parts, key=repr) if isinstance(value, (set, frozenset)) else parts
    if isinstance(value, dict):
        return {str(name): described(one) for name, one in value.items()}
    if isinstance(value, Metric):
        return [type(value).__qualname__, value.name]
    if isinstance(value, np.ndarray):
        return [value.dtype.str, value.tolist()]
    if inspect.isroutine(value) or isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    if not hasattr(value, "__dict__"):
        return repr(value)
    inside = {name: described(one) for name, one in vars(value).items() if name != "splits"}
    return {"class": type(value).__qualname__, "source": _source(type(value)), **inside}


def _source(kind: type) -> str:
    """The source of a class that is not the kit's own; '' of one that is, which the version stands for."""
    if kind.__module__.startswith("finetune_kit."):
        return ""
    try:
        return inspect.getsource(kind)
    except (OSError, TypeError):
        return kind.__module__
