"""Object detection: one picture in, a class and a box for each object out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import datasets
import numpy as np
import torch

from .. import boxes as geometry
from .. import data
from ..config import require_share
from ..errors import DataError
from ..metrics import Ap50, AveragePrecision
from ..objectives.detection import boxes_loss, objects, rows
from .base import Baseline
from .pictures import Pictures

SCORE = 0.3  # from which a detection is shown
DETECTION, OBJECT = 6, 5  # columns of what is found (score, class id, corners) and of what is there (class id, corners)


class ObjectDetection(Pictures):
    """Find the objects in pictures, over any data with an image, boxes and their classes.

    source: a folder or an archive with COCO or Pascal VOC annotations, the path of a COCO file, a
    parquet file, a pandas frame, a `datasets.Dataset` or `DatasetDict`, or an embedded data
    set's name; None for a task without data, which can only predict and needs `names`. boxes,
    labels: the columns of lists. form: what four numbers say: 'xywh' in pixels, 'xyxy' for
    corners, 'cxcywh' for middle and size as shares of the picture. augment: names of
    `augmentation.WAYS`, for the training split alone. threshold: the score from which a
    detection is shown and counted as an answer. suppress: the overlap beyond which the less
    sure of two boxes of a class is left out; None leaves none out. A model sees every picture
    stretched to one square. Raises DataError, StorageError or UnknownNameError when the data
    cannot be used.
    """

    record = "object-detection"
    auto_class = "AutoModelForObjectDetection"
    truth_columns = ("boxes", "labels")

    def __init__(
        self,
        source: Any = None,
        image: str = "image",
        boxes: str = "boxes",
        labels: str = "labels",
        *,
        form: str = "xywh",
        names: list[str] | None = None,
        augment: tuple[str, ...] | list[str] = (),
        threshold: float = SCORE,
        suppress: float | None = None,
        drop_bad_rows: bool = False,
        seed: int = 0,
    ):
        super().__init__(augment)
        require_share("threshold", threshold)
        require_share("suppress", suppress if suppress is not None else 1)
        self.metrics = (Ap50(), AveragePrecision())
        self.threshold, self.suppress = threshold, suppress
        if source is not None:
            boxed = data.boxed(data.read(source), image, boxes, labels, drop_bad_rows, form=form)
            self.splits = data.split(boxed, seed)
            names = self.splits["train"].features["labels"].feature.names
            self._require_objects()
        elif names is None:
            raise DataError("Object detection needs a source of data; expected a folder, a file or a data set.")
        self.names = list(names)

    def _require_objects(self) -> None:
        for split, part in self.splits.items():
            if not any(part["labels"]):
                raise DataError(f"No picture of the split {split!r} has a box; expected at least one to measure by.")

    @property
    def settings(self) -> dict[str, Any]:
        mine = {"names": self.names, "threshold": self.threshold, "suppress": self.suppress}
        return {**super().settings, **mine}

    @property
    def head_settings(self) -> dict[str, Any]:
        return {
            "num_labels": len(self.names),
            "id2label": dict(enumerate(self.names)),
            "label2id": {name: i for i, name in enumerate(self.names)},
        }

    def truth(self, dataset: datasets.Dataset) -> list[np.ndarray]:
        """Each picture's objects: class id and corners as shares of its width and height, (objects, 5) float64."""
        return [
            np.column_stack([ids, corners_of(boxes, size)]).reshape(-1, OBJECT)
            for ids, boxes, size in zip(dataset["labels"], dataset["boxes"], sizes(dataset), strict=True)
        ]

    def collator(self, processor: Any) -> Callable[[list[Any]], dict[str, torch.Tensor]]:
        """Pictures to `pixel_values`, (batch, 3, side, side); where boxes are known, to `labels`, (batch, most, 5)."""
        side = _side(processor)

        def collate(examples: list[Any]) -> dict[str, torch.Tensor]:
            known = "boxes" in examples[0]
            drawn = [np.array(e["boxes"] if known else [], float).reshape(-1, 4) for e in examples]
            ids = [np.array(e["labels"] if known else [], int) for e in examples]
            pictures = [e["image"] for e in examples]
            for place, example in enumerate(examples):
                if example["augmented"]:
                    pictures[place], drawn[place], kept = self.augment(pictures[place], drawn[place])
                    ids[place] = ids[place][kept]
            square = {"height": side, "width": side}
            batch = {
                "pixel_values": processor(pictures, size=square, do_pad=False, return_tensors="pt")["pixel_values"]
            }
            if known:
                batch["labels"] = rows(drawn, ids, [picture.size for picture in pictures])
            return batch

        return collate

    def loss(self, model: Any, inputs: dict[str, torch.Tensor]) -> tuple[torch.Tensor, Any]:
        return boxes_loss(model, inputs)

    def outputs(self, model: Any, processor: Any, batch: dict[str, torch.Tensor]) -> list[np.ndarray]:
        """The surest detections of each picture, (100 or all, 6): score, class id, corners as shares of its sides."""
        found = model(**batch)
        return self._read(torch.cat([found.pred_boxes, found.logits], dim=-1).float().cpu().numpy())

    def _read(self, raw: np.ndarray) -> list[np.ndarray]:
        return [geometry.detections(one, len(self.names)) for one in raw]

    def measure(self, outputs: Any, labels: Any) -> dict[str, float]:
        if isinstance(labels, np.ndarray):  # from the Trainer: the model's own outputs, and rows of labels
            return self.score(self.decide(self._read(outputs)), objects(labels))
        return super().measure(outputs, labels)

    def decide(self, outputs: Any) -> list[np.ndarray]:
        found = [np.asarray(one, float).reshape(-1, DETECTION) for one in outputs]
        return found if self.suppress is None else [geometry.suppressed(one, self.suppress) for one in found]

    def quality(self, predictions: list[np.ndarray], truth: list[np.ndarray]) -> np.ndarray:
        """F1 of the boxes shown, of which those are right that overlap a true one of their class by half."""
        return np.array([_f1(self.shown(one), true) for one, true in zip(predictions, truth, strict=True)])

    def shown(self, found: np.ndarray) -> np.ndarray:
        """The detections of a picture that are sure enough, (n, 6)."""
        return found[found[:, 0] >= self.threshold]

    def words(self, predictions: list[np.ndarray]) -> list[str]:
        return [self._listed(self.shown(one)[:, 1] if one.shape[1] == DETECTION else one[:, 0]) for one in predictions]

    def _listed(self, ids: np.ndarray) -> str:
        counts = Counter(ids.astype(int).tolist())
        return ", ".join(f"{counts[i]} {self.names[i]}" for i in sorted(counts)) or "nothing"

    def show(self, examples: datasets.Dataset, outputs: Any) -> Any:
        """One row a picture: the picture, what is in it in words, and a frame of the objects' boxes in pixels."""
        import pandas as pd

        found = self.decide(outputs)
        pictures = examples["image"][:]
        objects = [self._table(self.shown(one), image.size) for one, image in zip(found, pictures, strict=True)]
        return pd.DataFrame({"image": pictures, "prediction": self.words(found), "objects": objects})

    def _table(self, found: np.ndarray, size: tuple[int, int]) -> Any:
        import pandas as pd

        pixels = found[:, 2:] * np.array([*size, *size])
        table = pd.DataFrame(pixels.round(1), columns=["left", "top", "right", "bottom"])
        table.insert(0, "label", [self.names[int(i)] for i in found[:, 1]])
        table.insert(1, "score", found[:, 0].round(3))
        return table

    def verdicts(self, found: np.ndarray, true: np.ndarray, size: tuple[int, int]) -> Any:
        """A picture's detections and objects as a frame: those found, the false ones, and the objects missed.

        found: (n, 6); true: (m, 5); size: width and height in pixels. The columns are label,
        score (1 of what was missed), left, top, right, bottom in pixels, and verdict.
        """
        import pandas as pd

        shown = self.shown(found)
        right, missed = _matched(shown, true)
        left_out = np.column_stack([np.ones(len(missed)), true[missed]])
        table = pd.concat([self._table(shown, size), self._table(left_out, size)], ignore_index=True)
        table["verdict"] = [*np.where(right, "found", "false"), *["missed"] * len(missed)]
        return table

    def baselines(self, processor: Any = None) -> dict[str, Baseline]:
        return {"most frequent box": self.most_frequent_box}

    def most_frequent_box(self, train: datasets.Dataset, examples: datasets.Dataset) -> list[np.ndarray]:
        """The same for every picture: of each class the training box that overlaps most others of it by half.

        Its score is the share of the training pictures that hold the class.
        """
        true = self.truth(train)
        every = np.concatenate(true)
        answer = []
        for label in np.unique(every[:, 0]):
            mine = every[every[:, 0] == label, 1:]
            usual = mine[(geometry.overlaps(mine, mine) >= 0.5).sum(axis=1).argmax()]
            answer.append([np.mean([(one[:, 0] == label).any() for one in true]), label, *usual])
        ordered = np.array(sorted(answer, reverse=True))
        return [ordered] * len(examples)


def _f1(found: np.ndarray, true: np.ndarray) -> float:
    if not len(found) and not len(true):
        return 1.0
    right, _ = _matched(found, true)
    return 2 * int(right.sum()) / (len(found) + len(true))


def _matched(found: np.ndarray, true: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which detections (n, 6) take an object (m, 5) of their class, (n,) bool, and the numbers of those left over."""
    right, left = np.zeros(len(found), bool), np.ones(len(true), bool)
    for label in np.unique(true[:, 0]):
        mine, wanted = np.flatnonzero(found[:, 1] == label), np.flatnonzero(true[:, 0] == label)
        taken = geometry.matches(found[mine, 2:], true[wanted, 1:])
        right[mine] = taken >= 0
        left[wanted[taken[taken >= 0]]] = False
    return right, np.flatnonzero(left)


def corners_of(boxes: Any, size: tuple[int, int]) -> np.ndarray:
    """Boxes (x, y, width, height in pixels) as corners in shares of a picture of (width, height): (n, 4) float64."""
    given = np.array(boxes, float).reshape(-1, 4)
    return np.concatenate([given[:, :2], given[:, :2] + given[:, 2:]], axis=1) / np.array([*size, *size])


def sizes(dataset: datasets.Dataset) -> list[tuple[int, int]]:
    """Each picture's width and height in pixels."""
    return [image.size for image in dataset["image"]]


def _side(processor: Any) -> int:
    """The pixels a side of the square that the model sees."""
    size = dict(processor.size)
    return int(size.get("height") or size.get("shortest_edge") or max(size.values()))
