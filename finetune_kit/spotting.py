"""Spotting: commands heard in a long recording; which of them were said, which were missed, what was none."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .errors import DataError


@dataclass(frozen=True)
class Detection:
    """A command in a recording. start, end: in seconds. score: its probability, 1 of what was truly said."""

    label: str
    start: float
    end: float
    score: float = 1.0


@dataclass(frozen=True)
class Alarms:
    """What became of the commands in a recording: detections that were right, commands missed, detections of nothing.

    seconds: the length of the recording.
    """

    hits: int
    misses: int
    false_alarms: int
    seconds: float

    @property
    def an_hour(self) -> float:
        """False alarms an hour of the recording."""
        return 3600 * self.false_alarms / self.seconds

    @property
    def hit_rate(self) -> float:
        """The share of the commands said that were detected; not a number where none was said."""
        said = self.hits + self.misses
        return self.hits / said if said else math.nan


def false_alarms(detections: Iterable[Any], truth: Iterable[Any], seconds: float, label: str | None = None) -> Alarms:
    """How many commands of a recording were detected, how many missed, and how many detections were of nothing.

    detections: as `run.listen` yields them. truth: what was said, Detections too or tuples of
    (label, start, end) in seconds. seconds: the length of the recording. label: count this
    command alone. A detection is right where it overlaps a command of its label; each command
    makes one detection right and no more, so that a second one for it is a false alarm; commands
    of one label must not overlap each other. Raises DataError for a length that is not above 0,
    for times out of order and for commands of one label that overlap.
    """
    if not (math.isfinite(seconds) and seconds > 0):
        raise DataError(f"seconds={seconds!r}: expected the length of the recording, above 0.")
    found, said = _by_label(detections, label), _by_label(truth, label)
    hits = sum(_hits(found.get(name, []), spoken) for name, spoken in said.items())
    return Alarms(hits, sum(map(len, said.values())) - hits, sum(map(len, found.values())) - hits, float(seconds))


def _by_label(some: Iterable[Any], label: str | None) -> dict[str, list[Detection]]:
    """By label, in the order of their beginnings."""
    sorted_out: dict[str, list[Detection]] = {}
    for one in some:
        one = one if isinstance(one, Detection) else Detection(*one)
        if not 0 <= one.start <= one.end < math.inf:
            raise DataError(f"{one.label!r} from {one.start} to {one.end} s: expected 0 <= start <= end.")
        if label is None or one.label == label:
            sorted_out.setdefault(one.label, []).append(one)
    return {name: sorted(group, key=lambda one: one.start) for name, group in sorted_out.items()}


def _hits(detections: list[Detection], truth: list[Detection]) -> int:
    """The most commands that can be given a detection each (Glover 1967: always the one that ends first)."""
    waiting: list[float] = []  # the ends of detections that begin before the command ends
    hits = place = 0
    for before, command in zip([None, *truth], truth, strict=False):
        if before is not None and before.end > command.start:
            raise DataError(f"{command.label!r} at {before.start} s and at {command.start} s overlap in the truth.")
        while place < len(detections) and detections[place].start < command.end:
            heapq.heappush(waiting, detections[place].end)
            place += 1
        while waiting and waiting[0] <= command.start:
            heapq.heappop(waiting)
        if waiting:
            heapq.heappop(waiting)
            hits += 1
    return hits
