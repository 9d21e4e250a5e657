"""The record of a run: its configuration and scores, and what they depend on."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import platform
import sys
from typing import TYPE_CHECKING, Any

import datasets
import torch

from ..data.files import is_media, stored

if TYPE_CHECKING:
    from .run import Run


def record_of(run: Run) -> dict[str, Any]:
    """All that there is to know of a run but its model and its predictions, as JSON has it."""
    return {
        "config": dataclasses.asdict(run.config),
        "task": run.task.settings,
        "before": run.before,
        "after": run.after,
        "test": run.tested,
        "stopped": run.stopped,
        "seconds": run.seconds,
        "trainable_share": run.trainable_share,
        "data_fingerprint": fingerprint(run.task.splits),
        "device": str(run.model.device),
        "peak_memory_mb": peak_memory(),
        "versions": versions(),
        "total_steps": run.history.total_steps,
        "history": run.history.rows,
    }


def fingerprint(splits: datasets.DatasetDict) -> str:
    """A hash of all texts, pictures, sounds and labels: equal for equal data, whatever it was read from."""
    digest = hashlib.sha256()
    for name in sorted(splits):
        digest.update(json.dumps([name, _values(splits[name])], sort_keys=True).encode())
    return digest.hexdigest()[:16]


def _values(dataset: datasets.Dataset) -> dict[str, list[Any]]:
    """The columns of a data set, a picture or a sound as the hash of its file."""
    media = [name for name, kind in dataset.features.items() if is_media(kind)]
    hashed = {name: [hashlib.sha256(raw).hexdigest() for raw in stored(dataset, name)] for name in media}
    return {**dataset.remove_columns(media).to_dict(), **hashed}


def versions() -> dict[str, str]:
    """The versions that a result depends on."""
    import importlib.metadata as metadata

    packages = ("finetune-kit", "torch", "transformers", "datasets", "tokenizers", "numpy")
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in packages}}


def peak_memory() -> int:
    """The most memory this process has held, in MB: of the GPU where there is one, else of the main memory."""
    if torch.cuda.is_available():
        return round(torch.cuda.max_memory_allocated() / 1e6)
    if sys.platform == "win32":
        import psutil

        return round(psutil.Process().memory_info().peak_wset / 1e6)
    import resource

    unit = 1 if sys.platform == "darwin" else 1024  # bytes on macOS, kilobytes on Linux
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6)
