"""Object detection on tiny models, against plain transformers and cases worked out by hand."""

import copy

import datasets
import numpy as np
import pytest
import torch
import transformers
from tiny_vision import (
    KINDS,
    SIDE,
    drawn,
    tiny_scenes,
    write_tiny_dfine,
    write_tiny_resnet,
    write_tiny_rtdetr,
    write_tiny_yolos,
)

import finetune_kit as ftk
from finetune_kit.errors import ConfigError, DataError, ModelError, UnknownNameError

WRITERS = {"rtdetr": write_tiny_rtdetr, "dfine": write_tiny_dfine, "yolos": write_tiny_yolos}
QUICK = {"epochs": 1, "batch_size": 8}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    return {kind: str(write(root / kind)) for kind, write in WRITERS.items()}


@pytest.fixture(scope="module")
def task():
    return ftk.ObjectDetection(tiny_scenes())


@pytest.fixture(scope="module")
def run(task, folders):
    return ftk.fine_tune(task, folders["rtdetr"], epochs=3, batch_size=8, learning_rate=1e-3)


def found_rows(*rows):
    return np.array([[score, label, *box] for score, label, box in rows], float).reshape(-1, 6)


def test_the_truth_is_in_shares_of_the_picture(task):
    part = task.splits["validation"]
    for row, true in zip(part, task.truth(part), strict=True):
        boxes = np.array(row["boxes"])
        assert true[:, 0].tolist() == row["labels"]
        assert true[:, 1:3] * [48, 32] == pytest.approx(boxes[:, :2], abs=1e-4)
        assert (true[:, 3:] - true[:, 1:3]) * [48, 32] == pytest.approx(boxes[:, 2:], abs=1e-4)
    assert task.names == sorted(KINDS) and sum(map(len, task.splits.values())) == 40


@pytest.mark.parametrize("kind", WRITERS)
def test_a_batch_is_every_picture_stretched_to_a_square(task, folders, kind):
    processor = transformers.AutoImageProcessor.from_pretrained(folders[kind])
    part = task.splits["validation"]
    encoded = task.encode(part, processor, 128)
    batch = task.collator(processor)([encoded[i] for i in range(len(part))])
    assert batch["pixel_values"].shape == (len(part), 3, SIDE, SIDE)
    squares = [image.resize((SIDE, SIDE), 2) for image in part["image"]]
    plain = processor(squares, do_resize=False, do_pad=False, return_tensors="pt")["pixel_values"]
    assert (batch["pixel_values"] - plain).abs().max() < 0.02
    for row, rows in zip(part, batch["labels"], strict=True):
        x, y, width, height = row["boxes"][0]
        expected = [row["labels"][0], (x + width / 2) / 48, (y + height / 2) / 32, width / 48, height / 32]
        assert rows[0].tolist() == pytest.approx(expected, abs=1e-5)
        assert (rows[len(row["labels"]) :, 0] == -1).all()


def test_training_alone_is_augmented_and_boxes_follow(folders):
    task = ftk.ObjectDetection(tiny_scenes(), augment=["flip"])
    processor = transformers.AutoImageProcessor.from_pretrained(folders["rtdetr"])
    collate = task.collator(processor)
    learnt, measured = (way(task.splits["train"], processor, 128) for way in (task.encode_training, task.encode))
    torch.manual_seed(0)
    altered, plain = (collate([rows[i] for i in range(12)]) for rows in (learnt, measured))
    mirrored = 0
    for number in range(12):
        pixels, labels = altered["pixel_values"][number], altered["labels"][number]
        before = plain["labels"][number]
        if torch.equal(pixels, plain["pixel_values"][number]):
            assert torch.equal(labels, before)
            continue
        mirrored += 1
        assert (pixels - plain["pixel_values"][number].flip(2)).abs().max() < 0.1
        real = before[:, 0] >= 0
        assert labels[real, 1].tolist() == pytest.approx((1 - before[real, 1]).tolist(), abs=1e-5)
        assert torch.equal(labels[:, [0, 2, 3, 4]], before[:, [0, 2, 3, 4]])
    assert 2 < mirrored < 11


@pytest.mark.parametrize("kind", WRITERS)
def test_outputs_are_those_of_the_processors_own_reading(task, folders, kind):
    run = ftk.fine_tune(task, folders[kind], **QUICK)
    part = task.splits["test"]
    found = run._predict(part)
    pixels = task.collator(run.processor)([task.encode(part, run.processor, 128)[i] for i in range(len(part))])
    with torch.no_grad():
        outputs = run.model.eval()(pixel_values=pixels["pixel_values"])
    sizes = [(32, 48)] * len(part)  # height, width
    for mine, theirs in zip(
        found, run.processor.post_process_object_detection(outputs, threshold=0.0, target_sizes=sizes), strict=True
    ):
        # RT-DETR lists every class of a query, YOLOS each query's best: its surest ones are in both lists.
        surest = theirs["scores"].argmax()
        assert mine[0, 0] == pytest.approx(float(theirs["scores"][surest]), abs=1e-5)
        assert mine[0, 1] == int(theirs["labels"][surest])
        assert mine[0, 2:] * [48, 32, 48, 32] == pytest.approx(theirs["boxes"][surest].numpy(), abs=1e-2)
    assert set(run.after) == {"ap50", "ap"} and 0 <= run.after["ap"] <= run.after["ap50"] <= 1


def test_the_loss_is_the_models_own(task, folders, run):
    encoded = task.encode(task.splits["validation"], run.processor, 128)
    batch = task.collator(run.processor)([encoded[i] for i in range(4)])
    model = run.model.eval()
    with torch.no_grad():
        loss, outputs = task.loss(model, batch)
        targets = [
            {"class_labels": rows[rows[:, 0] >= 0, 0].long(), "boxes": rows[rows[:, 0] >= 0, 1:]}
            for rows in batch["labels"]
        ]
        plain = model(pixel_values=batch["pixel_values"], labels=targets)
    assert loss.item() == pytest.approx(plain.loss.item(), rel=1e-5)
    assert outputs["boxes"].shape == (4, 8, 4 + 2)


def test_training_lowers_the_loss_and_measures_as_the_run_does(run, task):
    _, losses = run.history.series("train_loss")
    assert np.mean(losses[-3:]) < np.mean(losses[:3])
    assert run.history.series("validation_ap50")[1] and run.evaluate()["ap50"] >= 0
    truth = task.truth(task.splits["validation"])
    perfect = [np.column_stack([np.ones(len(one)), one]) for one in truth]
    assert task.score(perfect, truth) == {"ap50": 1.0, "ap": 1.0}
    assert task.quality(perfect, truth).tolist() == [1.0] * len(truth)


def test_a_saved_run_is_the_run(run, tmp_path):
    loaded = ftk.Run.load(run.save(tmp_path / "saved"))
    assert loaded.after == pytest.approx(run.after) and loaded.task.settings == run.task.settings
    assert loaded.examples()["truth"].tolist() == run.examples()["truth"].tolist()


def test_predictions_as_people_read_them(task):
    sure = found_rows((0.9, 0, [0.1, 0.1, 0.5, 0.5]), (0.8, 1, [0.6, 0.5, 0.9, 1.0]), (0.1, 1, [0, 0, 1, 1]))
    assert task.words([sure, found_rows()]) == ["1 disc, 1 square", "nothing"]
    assert task.words([np.array([[1, 0, 0, 1, 1], [1, 0, 0, 0.5, 0.5]])]) == ["2 square"]
    picture = drawn("disc", (4, 4, 10, 10), (40, 20))
    examples = task.inputs([picture])
    table = task.show(examples, [sure])
    assert table["prediction"].tolist() == ["1 disc, 1 square"]
    objects = table["objects"][0]
    assert objects["label"].tolist() == ["disc", "square"] and objects["score"].tolist() == [0.9, 0.8]
    assert objects[["left", "top", "right", "bottom"]].to_numpy().tolist() == [[4, 2, 20, 10], [24, 10, 36, 20]]


def test_verdicts_tell_found_false_and_missed(task):
    true = np.array([[0, 0.1, 0.1, 0.5, 0.5], [1, 0.6, 0.6, 0.9, 0.9]])
    found = found_rows((0.9, 0, [0.1, 0.1, 0.5, 0.48]), (0.7, 0, [0.6, 0.6, 0.9, 0.9]), (0.2, 1, [0.6, 0.6, 0.9, 0.9]))
    table = task.verdicts(found, true, (100, 100))
    assert table["verdict"].tolist() == ["found", "false", "missed"]
    assert table["label"].tolist() == ["disc", "disc", "square"]
    assert task.quality([found], [true]) == pytest.approx([0.5])  # 1 right of 2 shown, of 2 true
    nothing = found_rows(), np.zeros((0, 5))
    assert task.quality([nothing[0], found], [nothing[1]] * 2).tolist() == [1.0, 0.0]


def test_the_objects_of_a_run_by_hand(run, task):
    part = task.splits["validation"]
    known = copy.copy(run)
    true = task.truth(part)
    other = true[1].copy()
    other[:, 0] = 1 - other[:, 0]
    unsure, sure = (np.full(len(one), score) for one, score in ((true[2], 0.1), (true[0], 0.9)))
    answers = [np.column_stack([sure, true[0]]), np.column_stack([np.full(len(other), 0.8), other])]
    answers.append(np.column_stack([unsure, true[2]]))
    known._measured = {"validation": [*answers, *[found_rows()] * (len(part) - 3)]}
    verdicts = [known.objects(row)["verdict"].tolist() for row in range(3)]
    assert verdicts[0] == ["found"] * len(true[0]) and verdicts[2] == ["missed"] * len(true[2])
    assert verdicts[1] == ["false"] * len(true[1]) + ["missed"] * len(true[1])
    found = known.objects(0)
    x, y, width, height = np.array(part[0]["boxes"]).T
    corners = np.column_stack([x, y, x + width, y + height])
    assert found[["left", "top", "right", "bottom"]].to_numpy() == pytest.approx(corners, abs=0.06)
    assert found["label"].tolist() == [task.names[i] for i in part[0]["labels"]]
    assert found["score"].tolist() == [0.9] * len(true[0])


def test_the_objects_of_a_run_are_all_that_it_shows_and_all_that_is_there(run, task, tmp_path, monkeypatch):
    part = task.splits["validation"]
    monkeypatch.setattr(task, "threshold", float(np.median([one[0, 0] for one in run._predict(part)])) - 1e-4)
    loaded = ftk.Run.load(run.save(tmp_path / "saved"))
    shown = 0
    for row, raw in enumerate(run._predict(part)):
        table = run.objects(row)
        counts = table["verdict"].value_counts()
        shown += (raw[:, 0] >= task.threshold).sum()
        assert counts.get("found", 0) + counts.get("missed", 0) == len(part[row]["labels"])
        assert counts.get("found", 0) + counts.get("false", 0) == (raw[:, 0] >= task.threshold).sum()
        assert loaded.objects(row)[["label", "verdict"]].equals(table[["label", "verdict"]])
    assert shown


def test_objects_of_what_was_not_measured_are_refused(run, task):
    fresh = copy.copy(run)
    fresh._measured = dict(run._measured)
    fresh._measured.pop("test", None)
    with pytest.raises(DataError, match=r"run\.evaluate"):
        fresh.objects(0, "test")
    fresh.evaluate("test")
    assert {"label", "verdict"} <= {*fresh.objects(0, "test")}
    for row in (-1, len(task.splits["validation"])):
        with pytest.raises(DataError, match=f"row={row}.*0 to {len(task.splits['validation']) - 1}"):
            run.objects(row)
    fresh.task = ftk.ImageClassification(names=["a", "b"])
    with pytest.raises(DataError, match="no boxes"):
        fresh.objects(0)


def test_suppression_is_a_setting():
    heap = found_rows((0.9, 0, [0, 0, 0.5, 0.5]), (0.8, 0, [0, 0, 0.5, 0.45]), (0.7, 1, [0, 0, 0.5, 0.5]))
    assert [len(ftk.ObjectDetection(names=["a", "b"], suppress=s).decide([heap])[0]) for s in (None, 0.5)] == [3, 2]
    for wrong in ({"suppress": 2.0}, {"threshold": -0.1}):
        with pytest.raises(ConfigError, match=next(iter(wrong))):
            ftk.ObjectDetection(names=["a"], **wrong)


def test_the_most_frequent_box_by_hand(task):
    feature = task.splits["train"].features
    rows = {
        "image": [drawn("disc", (0, 0, 5, 5), (100, 100))] * 3,
        "boxes": [[[10, 10, 40, 40]], [[12, 10, 40, 40], [60, 60, 20, 20]], [[70, 0, 10, 10]]],
        "labels": [[0], [0, 1], [0]],
    }
    train = datasets.Dataset.from_dict(rows, features=datasets.Features({name: feature[name] for name in rows}))
    answer = task.most_frequent_box(train, train)
    assert len(answer) == 3
    assert answer[0] == pytest.approx(np.array([[1, 0, 0.1, 0.1, 0.5, 0.5], [1 / 3, 1, 0.6, 0.6, 0.8, 0.8]]))


def test_a_comparison_sets_models_beside_the_most_frequent_box(task, folders):
    found = ftk.compare(task, ["scratch", "full"], model=folders["rtdetr"], seeds=1, **QUICK)
    assert found.table["method"].tolist() == ["most frequent box", "scratch", "full"]
    assert found.table["ap50"].between(0, 1).all()


def test_what_cannot_be_learnt_is_refused(task, tmp_path):
    with pytest.raises(DataError, match="needs a source of data"):
        ftk.ObjectDetection()
    empty = tiny_scenes()
    empty["boxes"], empty["labels"] = [[] for _ in range(40)], [[] for _ in range(40)]
    with pytest.raises(DataError):
        ftk.ObjectDetection(empty)
    with pytest.raises(UnknownNameError, match="'xyz'"):
        ftk.ObjectDetection(tiny_scenes(), form="xyz")
    with pytest.raises(ModelError, match="no head for object-detection"):
        ftk.fine_tune(task, str(write_tiny_resnet(tmp_path / "resnet")))
