"""Object detection on made scenes: find every drawn object, its kind and its box (Zhao et al. 2023, "RT-DETR")."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
import transformers
from torch.nn import functional as F

from .. import boxes
from ..errors import ConfigError
from ..synthetic import scenes
from .base import VALIDATION, Batch, MadeObjective
from .image_classes import MEAN, SPREAD, recoloured

NOTHING = -1  # the class id that fills up the rows of a picture with fewer objects than another
Boxes = Iterable[np.ndarray]


class MadeScenes(torch.utils.data.Dataset[dict[str, Any]]):
    """Scenes as `scenes.draw` returns them; an item is one image, its boxes and its class ids."""

    def __init__(self, images: np.ndarray, boxes: list[np.ndarray], labels: list[np.ndarray], augmented: bool):
        self.images, self.boxes, self.labels, self.augmented = images, boxes, labels, augmented

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> dict[str, Any]:
        drawn = {"image": self.images[index], "boxes": self.boxes[index], "labels": self.labels[index]}
        return {**drawn, "augmented": self.augmented}


class ObjectBoxes(MadeObjective):
    """The kind and the box of each object in a scene.

    kinds: what is drawn, the names in `synthetic.scenes`. images, validation: how many scenes to
    train and to measure on. size: pixels a side of a scene. most: objects a scene at the most.
    """

    auto_class = "AutoModelForObjectDetection"
    measures = True

    def __init__(
        self,
        kinds: tuple[str, ...] | list[str] = scenes.KINDS,
        images: int = 8_000,
        validation: int = 300,
        size: int = 96,
        most: int = 5,
    ):
        if min(images, validation) < 1:
            raise ConfigError(f"images={images!r}, validation={validation!r}: expected at least one scene in each.")
        scenes.draw(1, 0, size, tuple(kinds), most)  # raises what is wrong with the rest
        self.kinds, self.size, self.most = tuple(kinds), size, most
        self.counts = {"train": images, "validation": validation}

    def head_settings(self) -> dict[str, Any]:
        return {
            "num_labels": len(self.kinds),
            "id2label": dict(enumerate(self.kinds)),
            "label2id": {name: number for number, name in enumerate(self.kinds)},
        }

    def processor(self) -> Any:
        return transformers.RTDetrImageProcessorPil(
            size={"height": self.size, "width": self.size},
            do_normalize=True,
            image_mean=[MEAN] * 3,
            image_std=[SPREAD] * 3,
        )

    def examples(self, split: str, length: int, material: Any) -> MadeScenes:
        """Scenes drawn for the split; only `material.seed` is of use, and the two splits draw from different seeds."""
        seed = material.seed + (VALIDATION if split == "validation" else 0)
        drawn = scenes.draw(self.counts[split], seed, self.size, self.kinds, self.most)
        return MadeScenes(*drawn, augmented=split == "train")

    def collator(self, processor: Any) -> Callable[[list[Any]], Batch]:
        """Scenes to `pixel_values`, float32 (batch, 3, height, width), and `labels`, float32 (batch, most, 5).

        A row of the labels is a class id and a box as the model counts: middle x, middle y, width and height as
        shares of the picture. Rows to spare have the class id -1.
        """
        size = processor.size["height"], processor.size["width"]

        def collate(examples: list[Any]) -> Batch:
            images = torch.from_numpy(np.stack([e["image"] for e in examples])).permute(0, 3, 1, 2).float() / 255
            if examples[0]["augmented"]:
                images = recoloured(images)
            images = F.interpolate(images, size=size, mode="bilinear", align_corners=False)
            if processor.do_normalize:
                mean, spread = (torch.tensor(v).view(1, 3, 1, 1) for v in (processor.image_mean, processor.image_std))
                images = (images - mean) / spread
            sizes = [(self.size, self.size)] * len(examples)
            labels = rows([e["boxes"] for e in examples], [e["labels"] for e in examples], sizes)
            return {"pixel_values": images, "labels": labels}

        return collate

    def loss(self, model: Any, inputs: Batch) -> tuple[torch.Tensor, Any]:
        return boxes_loss(model, inputs)

    def measure(self, outputs: np.ndarray, labels: np.ndarray) -> dict[str, float]:
        """`ap50` of outputs (n, queries, 4 + classes) against label rows (n, most, 5)."""
        found = [boxes.detections(one, len(self.kinds)) for one in outputs]
        return {"ap50": boxes.average_precision(found, objects(labels))}


def rows(drawn: list[np.ndarray], labels: list[np.ndarray], sizes: list[tuple[int, int]]) -> torch.Tensor:
    """Boxes and class ids of pictures as label rows, float32 (n, most, 5).

    drawn: x, y, width and height in pixels, (objects, 4) a picture. sizes: each picture's width and height.
    """
    most = max(map(len, labels))
    filled = torch.full((len(drawn), most, 5), float(NOTHING))
    for row, box, ids, size in zip(filled, drawn, labels, sizes, strict=True):
        middle = box[:, :2] + box[:, 2:] / 2
        row[: len(ids)] = torch.from_numpy(np.column_stack([ids, middle / size, box[:, 2:] / size])).float()
    return filled


def objects(labels: np.ndarray) -> list[np.ndarray]:
    """Label rows (n, most, 5) as the objects of each picture: class id and corners, (objects, 5)."""
    real = [one[one[:, 0] >= 0] for one in labels]
    return [np.column_stack([one[:, 0], boxes.corners(one[:, 1:])]) for one in real]


def boxes_loss(model: Any, inputs: Batch) -> tuple[torch.Tensor, Any]:
    """The model's own loss over matched boxes; the outputs hold `boxes`, (batch, queries, 4 + logits).

    inputs: what the model reads, and `labels` as `rows` gives them.
    """
    targets = [
        {"class_labels": one[one[:, 0] >= 0, 0].long(), "boxes": one[one[:, 0] >= 0, 1:]} for one in inputs["labels"]
    ]
    outputs = model(**{name: value for name, value in inputs.items() if name != "labels"}, labels=targets)
    found = torch.cat([outputs["pred_boxes"], outputs["logits"]], dim=-1).detach()
    return outputs["loss"], {"loss": outputs["loss"], "boxes": found}
