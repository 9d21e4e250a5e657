"""Pair: a task and a checkpoint, as the rules take them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import datasets

from .. import checkpoints
from ..config import RunConfig
from ..tasks import Task


@dataclass(frozen=True, eq=False)
class Pair:
    """A task and a checkpoint without its weights. network: transformers' configuration of the model."""

    task: Task
    config: RunConfig
    network: Any
    processor: Any

    @property
    def max_length(self) -> int:
        """How many tokens a run reads at once: what the configuration says, as far as the model goes."""
        return min(self.config.max_length, checkpoints.longest(self.network))

    def parts(self, most: int) -> list[datasets.Dataset]:
        """The first examples, `most` at most, of the training and of the validation split."""
        splits = (self.task.splits[name] for name in ("train", "validation") if name in self.task.splits)
        return [part.select(range(min(most, len(part)))) for part in splits]
