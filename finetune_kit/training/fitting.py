"""Fitting: training that can be stopped and resumed, and what it writes to disk."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from ..checkpoints import quiet
from ..errors import FinetuneKitError, StorageError
from .trainer import KitTrainer


def fit(trainer: KitTrainer, stop: threading.Event) -> bool:
    """Train in place and leave the plan's weights, best or last, in the model; whether it was stopped early.

    Goes on from the last checkpoint in the trainer's folder, if there is one. Ctrl-C, or the
    runtime's interrupt in Colab, stops like a click does; a second one interrupts. Raises
    StorageError when a checkpoint cannot be written.
    """
    with _interrupt_stops(stop), quiet(), writing(Path(trainer.args.output_dir)):
        latest = _latest_checkpoint(Path(trainer.args.output_dir))
        if stop.is_set():
            return True
        trainer.data_collator.number = int(latest.name.split("-")[1]) if latest else 0
        trainer.train(resume_from_checkpoint=str(latest) if latest else None)
        # Mixed precision has wrapped the model's forward; whoever predicts with it wants the plain one.
        trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False)
    return trainer.state.global_step < trainer.args.max_steps


def _latest_checkpoint(folder: Path) -> Path | None:
    """The newest whole checkpoint; those that a crash or a full disk left unfinished are removed."""
    found = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1]), reverse=True)
    for path in found:
        try:
            json.loads((path / "trainer_state.json").read_text(encoding="utf-8"))
            return path
        except (OSError, ValueError):
            shutil.rmtree(path, ignore_errors=True)
    return None


@contextlib.contextmanager
def writing(target: Path) -> Iterator[None]:
    """A full disk or a read-only folder as a StorageError."""
    try:
        yield
    except (OSError, SafetensorError, RuntimeError) as error:
        # torch.save reports a full disk as a RuntimeError of its writer; any other is none of ours
        written = isinstance(error, (OSError, SafetensorError)) or "PytorchStreamWriter" in str(error)
        if isinstance(error, FinetuneKitError) or not written:
            raise
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())[:200]
        raise StorageError(f"Cannot write {target}: {reason}. All saved before is kept.") from error


@contextlib.contextmanager
def _interrupt_stops(stop: threading.Event) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set a signal handler
        return
    previous: Callable[..., Any] | int | None = signal.getsignal(signal.SIGINT)

    def on_interrupt(number: int, frame: Any) -> None:
        stop.set()
        signal.signal(signal.SIGINT, previous)

    signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """Where checkpoints lie while a run trains."""
    return tempfile.TemporaryDirectory(prefix="finetune-kit-", ignore_cleanup_errors=True)
