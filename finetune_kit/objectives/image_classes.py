"""Classes of made images: read characters, tell formulas apart (Kataoka et al. 2020, arXiv 2101.08515)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import transformers
from torch.nn import functional as F

from ..errors import ConfigError, unknown_name
from ..synthetic import glyphs, patterns
from .base import VALIDATION, Batch, MadeObjective

KINDS = {"glyphs": glyphs, "patterns": patterns}
DRAWN = 32  # pixels a side of a made image
MEAN, SPREAD = 0.5, 0.25  # of a channel from 0 to 1, about what made images and photographs have


class MadeImages(torch.utils.data.Dataset[dict[str, Any]]):
    """Images, uint8 (n, size, size, 3), and labels, int64 (n,); an item is one of each."""

    def __init__(self, images: np.ndarray, labels: np.ndarray, augmented: bool):
        self.images, self.labels, self.augmented = images, labels, augmented

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {"image": self.images[index], "label": int(self.labels[index]), "augmented": self.augmented}


class ImageClasses(MadeObjective):
    """Which character or formula is in the picture; the kinds share one list of classes.

    kinds: 'glyphs', 'patterns' or both. images: how many are drawn to train on, shared evenly.
    validation: how many to measure on. size: pixels a side that the model sees; 64, twice what is
    drawn, lets ResNet's stem, which halves, look at every pixel. smoothing: label smoothing
    (Szegedy et al. 2016).
    """

    auto_class = "AutoModelForImageClassification"
    measures = True

    def __init__(
        self,
        kinds: tuple[str, ...] | list[str] = ("glyphs", "patterns"),
        images: int = 60_000,
        validation: int = 2_000,
        size: int = 64,
        smoothing: float = 0.1,
    ):
        for kind in kinds:
            if kind not in KINDS:
                raise unknown_name("kind of made image", kind, KINDS)
        if not kinds or min(images, validation) < len(kinds):
            raise ConfigError(
                f"kinds={kinds!r}, images={images!r}, validation={validation!r}: expected at least one kind, and at "
                "least one image a kind in both splits."
            )
        if not isinstance(size, int) or size < DRAWN:
            raise ConfigError(f"size={size!r}: expected a number of pixels, {DRAWN} or more.")
        if not 0 <= smoothing < 1:
            raise ConfigError(f"smoothing={smoothing!r}: expected a share from 0 to below 1.")
        self.kinds, self.counts = tuple(kinds), {"train": images, "validation": validation}
        self.size, self.smoothing = size, smoothing

    @property
    def names(self) -> list[str]:
        """The classes in the order of their ids."""
        return [name for kind in self.kinds for name in KINDS[kind].NAMES]

    def head_settings(self) -> dict[str, Any]:
        return {
            "num_labels": len(self.names),
            "id2label": dict(enumerate(self.names)),
            "label2id": {name: number for number, name in enumerate(self.names)},
        }

    def processor(self) -> Any:
        return transformers.ViTImageProcessorPil(
            size={"height": self.size, "width": self.size}, image_mean=[MEAN] * 3, image_std=[SPREAD] * 3
        )

    def examples(self, split: str, length: int, material: Any) -> MadeImages:
        """Images drawn for the split; only `material.seed` is of use, and the two splits draw from different seeds."""
        seed = material.seed + (VALIDATION if split == "validation" else 0)
        share = self.counts[split] // len(self.kinds)
        drawn = [KINDS[kind].draw(share, seed, DRAWN) for kind in self.kinds]
        starts = np.cumsum([0] + [len(KINDS[kind].NAMES) for kind in self.kinds])
        labels = np.concatenate([ids + start for (_, ids), start in zip(drawn, starts, strict=False)])
        return MadeImages(np.concatenate([images for images, _ in drawn]), labels, augmented=split == "train")

    def collator(self, processor: Any) -> Callable[[list[Any]], Batch]:
        """Images to `pixel_values`, float32 (batch, 3, height, width), as `processor` would; augmented for training."""
        size = processor.size["height"], processor.size["width"]
        mean, deviation = (torch.tensor(v).view(1, 3, 1, 1) for v in (processor.image_mean, processor.image_std))

        def collate(examples: list[Any]) -> Batch:
            images = torch.from_numpy(np.stack([e["image"] for e in examples])).permute(0, 3, 1, 2).float() / 255
            if examples[0]["augmented"]:
                images = augment(images)
            # The processor's own bilinear resizing, for all images of a batch at once.
            images = F.interpolate(images, size=size, mode="bilinear", align_corners=False)
            # On a CPU convolutions over channels-last images are several times faster.
            pixels = ((images - mean) / deviation).contiguous(memory_format=torch.channels_last)
            return {"pixel_values": pixels, "labels": torch.tensor([e["label"] for e in examples])}

        return collate

    def loss(self, model: Any, inputs: Batch) -> tuple[torch.Tensor, Any]:
        """Cross-entropy in nats an image, with label smoothing while the model trains."""
        outputs = model(pixel_values=inputs["pixel_values"])
        smoothing = self.smoothing if model.training else 0.0
        loss = F.cross_entropy(outputs["logits"].float(), inputs["labels"], label_smoothing=smoothing)
        return loss, {"loss": loss, "logits": outputs["logits"]}

    def measure(self, outputs: np.ndarray, labels: np.ndarray) -> dict[str, float]:
        return {"accuracy": float((outputs.argmax(axis=1) == labels).mean())}


def augment(images: torch.Tensor, reach: int = 3) -> torch.Tensor:
    """Images (batch, 3, height, width) from 0 to 1 with channels swapped, half of them inverted, and a common shift."""
    images = recoloured(images)
    height, width = images.shape[2:]
    down, right = (int(v) for v in torch.randint(0, 2 * reach + 1, (2,)))
    return F.pad(images, (reach,) * 4, mode="reflect")[:, :, down : down + height, right : right + width]


def recoloured(images: torch.Tensor) -> torch.Tensor:
    """Images (batch, 3, height, width) from 0 to 1 with channels swapped, half of them inverted."""
    order = torch.rand(len(images), 3).argsort(dim=1)
    images = images.gather(1, order[:, :, None, None].expand_as(images))
    return torch.where(torch.rand(len(images), 1, 1, 1) < 0.5, 1 - images, images)
