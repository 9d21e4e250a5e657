"""What happened during a run, step by step: the record that plots, panels and the command line read."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

Row = dict[str, Any]
Listener = Callable[["History"], None]


class History:
    """An append-only table of what a run logged, safe to read while another thread writes.

    Each row holds `step`, `epoch`, `seconds` since the start and whatever was logged with
    it: `train_loss`, `learning_rate`, `validation_accuracy` and so on. `before` and
    `after` hold the metrics measured before the first step and after the last. Listeners are
    called after each change, in the writer's thread.
    """

    def __init__(self, rows: list[Row] | None = None, total_steps: int = 0):
        self._rows = list(rows or [])
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()
        self._started: float | None = None
        self._paced = (0, 0.0)  # step and seconds at the latest start
        self.total_steps = total_steps
        self.before: dict[str, float] = {}
        self.after: dict[str, float] = {}
        self.step = self._rows[-1]["step"] if self._rows else 0
        self.phase = "finished" if self._rows else "waiting"

    def start(self, steps: int, done: int = 0) -> int:
        """Note that training begins now, for `steps` optimiser steps of which `done` were done before.

        A second start, of the next stage of pretraining, goes on counting. Returns the steps of
        the stages before.
        """
        before = self.step
        if self._started is None:
            self._started = time.perf_counter()
        self.total_steps = max(self.total_steps, before + steps)
        self.step = before + done
        self._paced = (self.step, self.seconds)
        self.enter("training")
        return before

    def enter(self, phase: str) -> None:
        """Note what goes on now, in a word or two that a progress bar can show."""
        self.phase = phase
        self._tell()

    def advance(self, step: int) -> None:
        """Note that `step` optimiser steps are done."""
        self.step = step
        self._tell()

    def log(self, step: int, epoch: float, **values: float) -> None:
        """Append one row."""
        with self._lock:
            self._rows.append({"step": step, "epoch": epoch, "seconds": self.seconds, **values})
        self._tell()

    def note(self, **values: Any) -> None:
        """Add something other than a number, such as a model's guesses, to the latest row."""
        with self._lock:
            if self._rows:
                self._rows[-1] = {**self._rows[-1], **values}
        self._tell()

    def subscribe(self, listener: Listener) -> None:
        """Call `listener(history)` after each change from now on."""
        self._listeners.append(listener)

    def _tell(self) -> None:
        for listener in self._listeners:
            listener(self)

    @property
    def seconds(self) -> float:
        """Seconds since training began; of a loaded history, those of its last row."""
        if self._started is None:
            return self._rows[-1]["seconds"] if self._rows else 0.0
        return time.perf_counter() - self._started

    @property
    def pace(self) -> float:
        """Steps a second since the latest start; 0.0 before the first step."""
        step, seconds = self._paced
        if self._started is None:
            return 0.0
        return (self.step - step) / (self.seconds - seconds) if self.step > step else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds to the last step at the pace so far; None before the first step."""
        return (self.total_steps - self.step) / self.pace if self.pace else None

    @property
    def rows(self) -> list[Row]:
        """A copy of all rows, oldest first."""
        with self._lock:
            return list(self._rows)

    def series(self, name: str) -> tuple[list[int], list[float]]:
        """The steps and values of one logged quantity; two empty lists when it was never logged."""
        rows = [row for row in self.rows if name in row]
        return [row["step"] for row in rows], [row[name] for row in rows]

    def best(self, name: str, higher_is_better: bool = True) -> Row | None:
        """The first row with the best value of `name`, NaN left aside; None when there is none."""
        rows = [row for row in self.rows if name in row and row[name] == row[name]]
        return (max if higher_is_better else min)(rows, key=lambda row: row[name], default=None)

    def to_frame(self) -> Any:
        """All rows as a pandas DataFrame, one column a quantity."""
        import pandas as pd

        return pd.DataFrame(self.rows)
