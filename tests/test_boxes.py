"""Boxes, against pycocotools and cases worked out by hand."""

import contextlib
import io

import numpy as np
import pytest
from pycocotools import mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from finetune_kit import boxes

SQUARE, FAR = [0, 0, 10, 10], [50, 50, 60, 60]


def found_in(*rows):
    """Detections (score, class, corners), and none as an array too."""
    return np.array([[score, label, *box] for score, label, box in rows], float).reshape(-1, 6)


def true_of(*rows):
    return np.array([[label, *box] for label, box in rows], float).reshape(-1, 5)


def test_average_precision_by_hand():
    true = [true_of((0, SQUARE), (0, FAR))]
    assert boxes.average_precision([found_in((0.9, 0, SQUARE), (0.8, 0, FAR))], true) == 1.0
    # Right, wrong, right: precision 1 up to recall 0.5 (51 of the 101 points), then 2/3.
    three = found_in((0.9, 0, SQUARE), (0.8, 0, [20, 20, 30, 30]), (0.7, 0, FAR))
    assert boxes.average_precision([three], true) == pytest.approx((51 + 50 * 2 / 3) / 101)
    # The second detection of the same object is wrong, and the far one is never found.
    twice = found_in((0.9, 0, SQUARE), (0.8, 0, SQUARE))
    assert boxes.average_precision([twice], true) == pytest.approx(51 / 101)
    assert boxes.average_precision([found_in()], true) == 0.0
    assert boxes.average_precision([twice], [true_of()]) == 0.0


def test_average_precision_asks_for_the_class_and_for_half_an_overlap():
    wrong_class = found_in((0.9, 1, SQUARE), (0.8, 1, FAR))
    # class 0: 0; class 1: 1/2
    assert boxes.average_precision([wrong_class], [true_of((0, SQUARE), (1, FAR))]) == pytest.approx(0.25)
    alone = [true_of((0, SQUARE))]
    assert boxes.average_precision([found_in((0.5, 0, [0, 0, 10, 5]))], alone) == 1.0
    assert boxes.average_precision([found_in((0.5, 0, [0, 0, 10, 4.9]))], alone) == 0.0


def random_pictures(seed, pictures=12, classes=3):
    """True boxes, and detections that are some of them moved a little, some of another class, some nowhere."""
    draw = np.random.default_rng(seed)
    found, true = [], []
    for _ in range(pictures):
        count = draw.integers(0, 6)
        corner, size = draw.uniform(0, 70, (count, 2)), draw.uniform(8, 30, (count, 2))
        objects = np.column_stack([draw.integers(0, classes, count), corner, corner + size])
        guesses = np.repeat(objects, draw.integers(0, 3, count), axis=0)
        guesses[:, 1:] += draw.uniform(-4, 4, (len(guesses), 4)).round(1)
        swapped = draw.random(len(guesses)) < 0.2
        guesses[swapped, 0] = draw.integers(0, classes, swapped.sum())
        stray = draw.uniform(0, 70, (draw.integers(0, 3), 2))
        guesses = np.vstack([guesses, np.column_stack([draw.integers(0, classes, len(stray)), stray, stray + 15])])
        scores = draw.permutation(1000)[: len(guesses)] / 1000
        order = np.argsort(-scores)
        found.append(np.column_stack([scores, guesses])[order])
        true.append(objects)
    return found, true


def coco_scores(found, true):
    """AP and AP50 as pycocotools counts them."""
    images = [{"id": number, "width": 100, "height": 100} for number in range(1, len(true) + 1)]
    objects = [(n, one) for n, picture in enumerate(true, 1) for one in picture]
    truth = COCO()
    truth.dataset = {
        "info": {},
        "images": images,
        "categories": [{"id": int(label)} for label in {one[0] for _, one in objects}],
        "annotations": [
            {"id": i, "image_id": n, "category_id": int(one[0]), "iscrowd": 0,
             "bbox": [*one[1:3], *(one[3:] - one[1:3])], "area": float(np.prod(one[3:] - one[1:3]))}
            for i, (n, one) in enumerate(objects, 1)
        ],
    }  # fmt: skip
    given = [
        {"image_id": n, "category_id": int(one[1]), "score": float(one[0]), "bbox": [*one[2:4], *(one[4:] - one[2:4])]}
        for n, picture in enumerate(found, 1)
        for one in picture
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        judge = COCOeval(truth, truth.loadRes(given), "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return judge.stats[0], judge.stats[1]


@pytest.mark.parametrize("seed", range(5))
def test_average_precision_is_that_of_pycocotools(seed):
    found, true = random_pictures(seed)
    ap, ap50 = coco_scores(found, true)
    assert boxes.average_precision(found, true) == pytest.approx(ap50, abs=1e-6)
    thresholds = np.linspace(0.5, 0.95, 10)
    assert np.mean([boxes.average_precision(found, true, t) for t in thresholds]) == pytest.approx(ap, abs=1e-6)
    assert 0.05 < ap < ap50 < 0.95


def test_overlaps_are_those_of_pycocotools():
    draw = np.random.default_rng(0)
    ones, others = (draw.uniform(0, 50, (9, 4)) for _ in range(2))
    for some in (ones, others):
        some[:, 2:] += some[:, :2]
    as_coco = [np.column_stack([b[:, :2], b[:, 2:] - b[:, :2]]) for b in (ones, others)]
    assert boxes.overlaps(ones, others) == pytest.approx(mask.iou(*as_coco, np.zeros(9, np.uint8)))
    assert boxes.overlaps(ones[:0], others).shape == (0, 9)
    flat = np.array([[5.0, 5, 5, 9]])
    assert boxes.overlaps(flat, flat) == 0.0


def test_corners_go_round_the_middle():
    assert boxes.corners(np.array([[0.5, 0.4, 0.2, 0.6]])) == pytest.approx(np.array([[0.4, 0.1, 0.6, 0.7]]))


@pytest.mark.parametrize("spare", [0, 1])
def test_detections_are_the_surest_classes_of_the_queries(spare):
    draw = np.random.default_rng(1)
    output = np.concatenate([draw.uniform(0.2, 0.8, (7, 4)), draw.normal(0, 2, (7, 3 + spare))], axis=1)
    logits = output[:, 4:]
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True) if spare else 1 / (1 + np.exp(-logits))
    shares = shares[:, :3]  # the last one of four stands for nothing
    found = boxes.detections(output, classes=3, most=8)
    assert found[:, 0] == pytest.approx(np.sort(shares.ravel())[::-1][:8])
    for score, label, *box in found:
        query = int(np.flatnonzero(np.isclose(shares[:, int(label)], score))[0])
        assert box == pytest.approx(boxes.corners(output[query : query + 1, :4])[0])
    assert len(boxes.detections(output, classes=3)) == 21


def test_suppression_leaves_the_surest_of_a_heap_and_other_classes():
    near, half = [1, 0, 11, 10], [0, 5, 10, 15]
    found = found_in((0.9, 0, SQUARE), (0.8, 0, near), (0.7, 1, SQUARE), (0.6, 0, half), (0.5, 0, FAR))
    assert boxes.suppressed(found, 0.5)[:, 0].tolist() == [0.9, 0.7, 0.6, 0.5]
    assert boxes.suppressed(found, 0.2)[:, 0].tolist() == [0.9, 0.7, 0.5]  # half overlaps the first by a third
    assert boxes.suppressed(found_in(), 0.5).shape == (0, 6)


def test_a_box_takes_the_free_true_one_that_it_overlaps_most():
    true = np.array([SQUARE, [4, 0, 14, 10], FAR], float)
    given = np.array([[3, 0, 13, 10], [3, 0, 13, 10], [4, 0, 14, 10], FAR], float)
    assert boxes.matches(given, true).tolist() == [1, 0, -1, 2]
    assert boxes.matches(given[:0], true).tolist() == [] and boxes.matches(given, true[:0]).tolist() == [-1] * 4
