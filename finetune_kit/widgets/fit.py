"""Fit: what speaks against the chosen model for a task, looked for off the panel's thread, before anything trains."""

from __future__ import annotations

import threading

from .. import suitability
from ..config import RunConfig
from ..tasks import Task
from . import parts
from .notice import Notice, failure


class FitNotice(Notice):
    """What `ftk.compatibility` finds, in plain words; nothing where all fits.

    The weights are not loaded for it, which takes seconds and draws from the generators that a training draws from.
    What goes wrong in it is a note: only training says whether a model can be used.
    """

    def __init__(self, task: Task):
        self._task, self._worker, self._lock = task, parts.Worker(), threading.Lock()
        self._done = threading.Event()
        super().__init__()

    def look(self, config: RunConfig) -> None:
        """Begin to look at the model of a configuration, in place of another one; returns at once, except in Colab."""
        self.hush()
        self._done = done = threading.Event()
        self._worker.start(lambda stop: self._look(config, stop, done))

    def hush(self) -> None:
        """Say nothing, nor what is being looked for now."""
        with self._lock:
            self._worker.stop()
            self.tell("")

    def wait(self, seconds: float | None = None) -> bool:
        """Return when the latest look has ended, or so many seconds are over; whether it has ended."""
        return self._done.wait(seconds)

    def _look(self, config: RunConfig, stop: threading.Event, done: threading.Event) -> None:
        said = ""

        def work() -> None:
            nonlocal said
            read = {"max_length": config.max_length, "seed": config.seed}
            found = suitability.compatibility(self._task, config.model, weights=False, **read)
            if not found.healthy:
                lines = [f"{one.what} {one.evidence} Try: {one.advice}" for one in found.findings]
                said = parts.summed_up(f"Before you train: {found.summary}", lines)

        wrong = failure(work)
        with self._lock:
            if not stop.is_set():
                self.value = (
                    parts.message(f"Whether this model fits could not be looked at: {wrong}") if wrong else said
                )
        done.set()
