"""Runs: one configuration end to end, before and after; save, load, predict."""

from .execution import execute, fine_tune, zero_step
from .record import fingerprint, versions
from .run import Run
from .storing import prepare_folder

__all__ = ["Run", "execute", "fine_tune", "fingerprint", "prepare_folder", "versions", "zero_step"]
