"""Runs: one configuration end to end, before and after; save, load, predict."""

from .calibration import Calibration
from .execution import Job, execute, fine_tune, prepare, zero_step
from .record import fingerprint, versions
from .run import Run
from .storing import prepare_folder

__all__ = [
    "Calibration",
    "Job",
    "Run",
    "execute",
    "fine_tune",
    "fingerprint",
    "prepare",
    "prepare_folder",
    "versions",
    "zero_step",
]
