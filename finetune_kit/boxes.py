"""Boxes: how far they overlap, which of them belong together, and how well a detector found them."""

from __future__ import annotations

import numpy as np

Found = np.ndarray  # (n, 6) float64: score, class id, left, top, right, bottom
True_ = np.ndarray  # (n, 5) float64: class id, left, top, right, bottom
RECALLS = np.linspace(0, 1, 101)  # at which COCO reads the precision
MOST = 100  # detections a picture that count


def corners(boxes: np.ndarray) -> np.ndarray:
    """Boxes (n, 4) as middle x, middle y, width, height turned into left, top, right, bottom."""
    return np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], axis=1)


def overlaps(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of every box (n, 4) with every other (m, 4), both by corners; (n, m)."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    areas = [(b[:, 2:] - b[:, :2]).prod(axis=1) for b in (boxes, others)]
    return np.asarray(shared / np.maximum(areas[0][:, None] + areas[1][None] - shared, 1e-12))


def detections(output: np.ndarray, classes: int, most: int = MOST) -> Found:
    """One picture's output, (queries, 4 + logits), as its `most` surest detections, surest first: (n, 6).

    The boxes of the output are middle x, middle y, width and height. Where there is a logit more than classes it
    stands for no object, and the shares are a softmax's (DETR, YOLOS); else each is a sigmoid's (RT-DETR, D-FINE).
    """
    logits = output[:, 4:].astype(np.float64)
    if logits.shape[1] > classes:
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        scores = (odds / odds.sum(axis=1, keepdims=True))[:, :classes]
    else:
        scores = 1 / (1 + np.exp(-logits))
    best = np.argsort(-scores, axis=None, kind="stable")[:most]
    queries, ids = np.unravel_index(best, scores.shape)
    return np.column_stack([scores[queries, ids], ids, corners(output[queries, :4].astype(np.float64))])


def suppressed(found: Found, overlap: float) -> Found:
    """Detections, surest first, without those that overlap a surer one of their class by more than `overlap`.

    Non-maximum suppression, for models that give an object several boxes.
    """
    kept: list[int] = []
    for number, row in enumerate(found):
        rivals = [k for k in kept if found[k, 1] == row[1]]
        if not rivals or overlaps(row[None, 2:], found[rivals, 2:]).max() <= overlap:
            kept.append(number)
    return found[kept]


def matches(found: np.ndarray, true: np.ndarray, threshold: float = 0.5) -> np.ndarray:
    """For each box found (n, 4), surest first, the number of the true one (m, 4) that it takes; -1 for none.

    It takes the free true box that it overlaps most, if by `threshold` or more. Both by corners; (n,) int64.
    """
    overlap = overlaps(found, true)
    free, taken = np.ones(len(true), dtype=bool), np.full(len(found), -1)
    for number, row in enumerate(overlap):
        candidates = np.where(free, row, -1.0)
        if len(candidates) and candidates.max() >= threshold:
            taken[number] = candidates.argmax()
            free[taken[number]] = False
    return taken


def average_precision(found: list[Found], true: list[True_], threshold: float = 0.5) -> float:
    """Mean over classes of the average precision at one overlap, as COCO counts it (Lin et al. 2014); 0.0 without any.

    found, true: one array a picture, `found` surest first. A precision is read at 101 recalls.
    """
    classes = np.unique(np.concatenate([one[:, 0] for one in true]))
    precisions = [_class_precision(found, true, label, threshold) for label in classes]
    return float(np.mean(precisions)) if precisions else 0.0


def _class_precision(found: list[Found], true: list[True_], label: float, threshold: float) -> float:
    scores, hits, total = [], [], 0
    for given, objects in zip(found, true, strict=True):
        mine, wanted = given[given[:, 1] == label], objects[objects[:, 0] == label]
        mine = mine[np.argsort(-mine[:, 0], kind="stable")]
        total += len(wanted)
        scores.append(mine[:, 0])
        hits.append(matches(mine[:, 2:], wanted[:, 1:], threshold) >= 0)
    order = np.argsort(-np.concatenate(scores), kind="stable")
    right = np.cumsum(np.concatenate(hits)[order])
    recall, precision = right / total, right / np.arange(1, len(right) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]  # the best precision at this recall or a higher one
    places = np.searchsorted(recall, RECALLS, side="left")
    return float(np.append(precision, 0.0)[places].mean())
