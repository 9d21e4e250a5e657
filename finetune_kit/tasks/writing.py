"""Writing: what all tasks share in which a model writes texts."""

from __future__ import annotations

import dataclasses
from typing import Any

import torch

from ..metrics import LOSS, Criterion
from ..objectives.base import Batch
from .base import Task
from .generation import Generation, pad


class WritingTask(Task):
    """A task whose model writes. To write takes long, so the weights of the least validation loss are the best."""

    generation = Generation()

    @property
    def settings(self) -> dict[str, Any]:
        return {"generation": dataclasses.asdict(self.generation)}

    @property
    def chooses(self) -> Criterion:
        return LOSS

    def collator(self, processor: Any) -> Any:
        return lambda examples: pad(processor, examples)

    def loss(self, model: Any, inputs: Batch) -> tuple[torch.Tensor, Any]:
        """The model's own; its logits, which nobody looks at here, are let go."""
        loss = model(**inputs)["loss"]
        return loss, {"loss": loss}
