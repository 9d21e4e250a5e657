"""Object detection on made scenes: find every drawn object, its kind and its box (Zhao et al. 2023, "RT-DETR")."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
import transformers
from torch.nn import functional as F

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
            labels = rows([e["boxes"] for e in examples], [e["labels"] for e in examples], self.size)
            return {"pixel_values": images, "labels": labels}

        return collate

    def loss(self, model: Any, inputs: Batch) -> tuple[torch.Tensor, Any]:
        """The model's own loss over matched boxes; the outputs hold `boxes`, (batch, queries, 4 + classes)."""
        targets = [
            {"class_labels": one[one[:, 0] >= 0, 0].long(), "boxes": one[one[:, 0] >= 0, 1:]}
            for one in inputs["labels"]
        ]
        outputs = model(pixel_values=inputs["pixel_values"], labels=targets)
        loss = outputs["loss"]
        return loss, {"loss": loss, "boxes": torch.cat([outputs["pred_boxes"], outputs["logits"]], dim=-1).detach()}

    def measure(self, outputs: np.ndarray, labels: np.ndarray) -> dict[str, float]:
        """`ap50` of outputs (n, queries, 4 + classes) against label rows (n, most, 5)."""
        found = [detections(one) for one in outputs]
        true = [one[one[:, 0] >= 0] for one in labels]
        return {"ap50": average_precision(found, [(one[:, 0], corners(one[:, 1:])) for one in true])}


def rows(boxes: list[np.ndarray], labels: list[np.ndarray], size: int) -> torch.Tensor:
    """Boxes (x, y, width, height in pixels) and class ids of pictures as label rows, float32 (n, most, 5)."""
    most = max(len(ids) for ids in labels)
    filled = torch.full((len(boxes), most, 5), float(NOTHING))
    for row, box, ids in zip(filled, boxes, labels, strict=True):
        middle = box[:, :2] + box[:, 2:] / 2
        row[: len(ids)] = torch.from_numpy(np.column_stack([ids, middle / size, box[:, 2:] / size])).float()
    return filled


def corners(boxes: np.ndarray) -> np.ndarray:
    """Boxes (n, 4) as middle x, middle y, width, height turned into left, top, right, bottom."""
    return np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], axis=1)


def detections(output: np.ndarray, most: int = 100) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One picture's output (queries, 4 + classes) as its `most` surest scores, class ids and boxes by corners."""
    scores = 1 / (1 + np.exp(-output[:, 4:].astype(np.float64)))  # (queries, classes)
    best = np.argsort(-scores, axis=None, kind="stable")[:most]
    queries, ids = np.unravel_index(best, scores.shape)
    return scores[queries, ids], ids, corners(output[queries, :4])


def overlaps(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of every box (n, 4) with every other (m, 4), both by corners; (n, m)."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    areas = [(b[:, 2:] - b[:, :2]).prod(axis=1) for b in (boxes, others)]
    return np.asarray(shared / np.maximum(areas[0][:, None] + areas[1][None] - shared, 1e-12))


def average_precision(
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]],
    true: list[tuple[np.ndarray, np.ndarray]],
    threshold: float = 0.5,
) -> float:
    """Mean over classes of the average precision at one overlap, as COCO counts it (Lin et al. 2014).

    found: for each picture scores, class ids and boxes by corners; true: class ids and boxes. The surest detection
    takes the free true box that it overlaps most, if by `threshold` or more; precision is read at 101 recalls.
    """
    classes = np.unique(np.concatenate([ids for ids, _ in true]))
    return float(np.mean([_class_precision(found, true, label, threshold) for label in classes]))


def _class_precision(found: list[Any], true: list[Any], label: int, threshold: float) -> float:
    scores, hits, total = [], [], 0
    for (score, ids, boxes), (true_ids, true_boxes) in zip(found, true, strict=True):
        mine = np.argsort(-score[ids == label], kind="stable")
        total += int((true_ids == label).sum())
        scores.append(score[ids == label][mine])
        hits.append(_matched(overlaps(boxes[ids == label][mine], true_boxes[true_ids == label]), threshold))
    order = np.argsort(-np.concatenate(scores), kind="stable")
    right = np.cumsum(np.concatenate(hits)[order])
    recall, precision = right / total, right / np.arange(1, len(right) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]  # the best precision at this recall or a higher one
    places = np.searchsorted(recall, np.linspace(0, 1, 101), side="left")
    return float(np.append(precision, 0.0)[places].mean())


def _matched(overlap: np.ndarray, threshold: float) -> np.ndarray:
    """Whether each detection, surest first, takes a true box; overlap is (detections, true boxes)."""
    free = np.ones(overlap.shape[1], dtype=bool)
    hit = np.zeros(len(overlap), dtype=bool)
    for number, row in enumerate(overlap):
        candidates = np.where(free, row, -1.0)
        if len(candidates) and candidates.max() >= threshold:
            free[candidates.argmax()], hit[number] = False, True
    return hit
