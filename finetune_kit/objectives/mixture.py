"""Mixture: several objectives at once, so that none is unlearnt while another is learnt.

Liu et al. 2019, "Multi-Task Deep Neural Networks for Natural Language Understanding" (arXiv 1901.11504), there with
one task a batch; here a batch holds examples of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from ..config import Stage, require
from ..corpora import Material
from ..errors import ConfigError
from .base import Batch, TextObjective

PART = "part"  # the number of the objective that an example belongs to


class Mixture(TextObjective):
    """The mean of the parts' losses, each weighted by its share of the batch.

    parts: two or more mappings of `objective` and `settings`, as in a recipe's stage. Each part has as
    many of the examples as it makes, so its own settings say how much it counts for.
    """

    labels = (PART,)
    by_length = True
    measures = False

    def __init__(self, parts: Sequence[dict[str, Any]]):
        from . import resolve

        listed = isinstance(parts, (list, tuple)) and all(isinstance(part, dict) for part in parts)
        require(listed and len(parts) > 1, "parts", parts, "two or more mappings of objective and settings")
        self.parts = [resolve(Stage.from_dict(part)) for part in parts]
        if not all(isinstance(part, TextObjective) for part in self.parts):
            raise ConfigError("parts: expected objectives over text; images and sounds are not mixed.")
        classes = sorted({part.auto_class for part in self.parts})
        if len(classes) > 1:
            raise ConfigError(f"parts: expected objectives of one kind of model; these need {' and '.join(classes)}.")
        self.auto_class = classes[0]

    def fits(self, processor: Any) -> str:
        return next(filter(None, (part.fits(processor) for part in self._texts())), "")

    def separator(self, processor: Any) -> list[int]:
        found = [part.separator(processor) for part in self._texts()]
        if any(one != found[0] for one in found):
            raise ConfigError("parts: expected objectives that end a paragraph alike; these do not.")
        return found[0]

    def _texts(self) -> list[TextObjective]:
        return [part for part in self.parts if isinstance(part, TextObjective)]

    def examples(self, split: str, length: int, material: Material) -> torch.utils.data.Dataset[Any]:
        return Marked([part.examples(split, length, material) for part in self.parts])

    def equip(self, model: Any) -> None:
        for part in self.parts:
            part.equip(model)

    def collator(self, processor: Any) -> Any:
        collators = [part.collator(processor) for part in self.parts]

        def collate(examples: list[dict[str, Any]]) -> dict[str, Any]:
            # First of all the tensor from which the Trainer reads how many examples there are.
            batch: dict[str, Any] = {PART: torch.tensor([example[PART] for example in examples])}
            for number, part in enumerate(collators):
                own = [example["example"] for example in examples if example[PART] == number]
                if own:
                    batch[str(number)] = part(own)
            return batch

        return collate

    def loss(self, model: Any, inputs: Batch) -> tuple[torch.Tensor, Any]:
        """The parts' losses, in their own units, weighted by their shares of the batch."""
        sizes = torch.bincount(inputs[PART], minlength=len(self.parts)).tolist()
        losses = [
            part.loss(model, inputs[str(number)])[0] * size / sum(sizes)  # type: ignore[arg-type]
            for number, (part, size) in enumerate(zip(self.parts, sizes, strict=True))
            if size
        ]
        loss = torch.stack(losses).sum()
        return loss, {"loss": loss}

    def read(self, loss: float) -> dict[str, float]:
        return {}  # a sum of several losses is no perplexity


class Marked(torch.utils.data.Dataset[dict[str, Any]]):
    """The examples of several data sets, each with the number of its own and with its `input_ids`, for the length."""

    def __init__(self, parts: Sequence[Any]):
        self.whole = torch.utils.data.ConcatDataset(parts)
        self.numbers = [number for number, part in enumerate(parts) for _ in range(len(part))]

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, index: int) -> dict[str, Any]:
        example = self.whole[index]
        return {PART: self.numbers[index], "input_ids": example["input_ids"], "example": example}
