"""Image classification on tiny models, against plain transformers and scikit-learn."""

import json

import numpy as np
import pytest
import torch
import transformers
from PIL import Image
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestCentroid
from sklearn.preprocessing import StandardScaler
from tiny import write_tiny_bert
from tiny_vision import KINDS, SIDE, drawn, tiny_pictures, write_tiny_resnet, write_tiny_vit

import finetune_kit as ftk
from finetune_kit import checkpoints, runs
from finetune_kit.errors import ConfigError, DataError, ModelError, UnknownNameError
from finetune_kit.tasks import image_classification

QUICK = {"epochs": 2, "batch_size": 8}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    return {"resnet": str(write_tiny_resnet(root / "resnet")), "vit": str(write_tiny_vit(root / "vit"))}


@pytest.fixture(scope="module")
def task():
    return ftk.ImageClassification(tiny_pictures())


@pytest.fixture(scope="module")
def run(task, folders):
    return ftk.fine_tune(task, folders["resnet"], epochs=8, batch_size=8, learning_rate=3e-3)


def test_splits_hold_pictures_and_classes(task):
    assert list(task.splits) == ["train", "validation", "test"] and sum(map(len, task.splits.values())) == 60
    assert task.names == sorted(KINDS) == task.splits["train"].features["label"].names
    first = task.splits["train"][0]["image"]
    assert isinstance(first, Image.Image) and first.size == (SIDE, SIDE)
    assert not {one.tobytes() for one in task.splits["train"]["image"]} & {
        one.tobytes() for one in task.splits["test"]["image"]
    }


@pytest.mark.parametrize("kind", ["resnet", "vit"])
def test_a_batch_is_what_the_processor_makes_of_the_pictures(task, folders, kind):
    processor = transformers.AutoImageProcessor.from_pretrained(folders[kind])
    part = task.splits["validation"]
    encoded = task.encode(part, processor, 128)
    batch = task.collator(processor)([encoded[i] for i in range(len(part))])
    expected = processor(list(part["image"]), return_tensors="pt")["pixel_values"]
    assert torch.equal(batch["pixel_values"], expected) and expected.shape == (len(part), 3, SIDE, SIDE)
    assert batch["labels"].tolist() == list(part["label"])


def test_training_alone_is_augmented_and_each_time_anew(folders):
    task = ftk.ImageClassification(tiny_pictures(), augment=["flip", "crop"])
    processor = transformers.AutoImageProcessor.from_pretrained(folders["resnet"])
    collate = task.collator(processor)
    learnt, measured = (ways(task.splits["train"], processor, 128) for ways in (task.encode_training, task.encode))
    once, again = (collate([learnt[i] for i in range(8)])["pixel_values"] for _ in range(2))
    plain = [collate([measured[i] for i in range(8)])["pixel_values"] for _ in range(2)]
    assert not torch.equal(once, again) and not torch.equal(once, plain[0]) and torch.equal(*plain)
    assert task.settings == {"names": ["disc", "square"], "augment": ["flip", "crop"]}


def test_it_learns_and_scores_as_transformers_and_scikit_learn_do(run, task):
    assert run.before["accuracy"] < 0.9 <= run.after["accuracy"]
    part = task.splits["test"]
    pixels = run.processor(list(part["image"]), return_tensors="pt")["pixel_values"]
    with torch.no_grad():
        logits = run.model.eval()(pixel_values=pixels).logits.numpy()
    scores = run.evaluate()
    assert scores["accuracy"] == pytest.approx((logits.argmax(1) == np.array(part["label"])).mean())
    found = run.predict(list(part["image"]))
    assert found["prediction"].tolist() == [task.names[i] for i in logits.argmax(1)]
    assert found[["p(disc)", "p(square)"]].to_numpy() == pytest.approx(softmax(logits, axis=1), abs=1e-3)
    assert run.confusion("test").to_numpy().sum() == len(part)


def test_a_picture_to_predict_comes_in_any_form(run, tmp_path):
    image = drawn("disc", (4, 4, 20, 20))
    image.save(tmp_path / "disc.png")
    forms = [image, np.asarray(image), str(tmp_path / "disc.png"), tmp_path / "disc.png",
             (tmp_path / "disc.png").read_bytes()]  # fmt: skip
    found = run.predict(forms)
    assert len(found) == 5 and found["p(disc)"].nunique() == 1
    assert len(run.predict(image)) == 1 and list(found.columns[:2]) == ["image", "prediction"]
    with pytest.raises(DataError, match="no picture"):
        run.predict([])
    (tmp_path / "empty.png").touch()
    with pytest.raises(DataError, match=r"empty\.png is empty"):
        run.predict([image, tmp_path / "empty.png"])


def test_a_saved_run_is_the_run(run, task, tmp_path):
    folder = run.save(tmp_path / "saved")
    loaded = ftk.Run.load(folder)
    assert loaded.after == run.after and loaded.task.names == task.names
    table, again = run.examples(), loaded.examples()
    assert table["after"].tolist() == again["after"].tolist()
    assert all(a.tobytes() == b.tobytes() for a, b in zip(table["image"], again["image"], strict=True))
    record = json.loads((folder / "run.json").read_text())
    assert record["data_fingerprint"] == runs.fingerprint(task.splits)
    other = ftk.ImageClassification(tiny_pictures(seed=1))
    assert runs.fingerprint(other.splits) != runs.fingerprint(task.splits)
    plain = transformers.AutoModelForImageClassification.from_pretrained(folder)
    assert plain.config.id2label == {0: "disc", 1: "square"}


def test_examples_and_changes_show_the_pictures(run, task):
    table = run.examples(truth="disc")
    assert set(table["truth"]) == {"disc"} and isinstance(table["image"].iloc[0], Image.Image)
    assert set(run.changes()["change"]) <= {"fixed", "broken"}


def test_frozen_batch_norms_keep_their_statistics(task, folders):
    held = ftk.fine_tune(task, folders["resnet"], "head", **QUICK)
    start = checkpoints.load_weights(folders["resnet"], "AutoModelForImageClassification")
    now, then = held.model.state_dict(), start.state_dict()
    statistics = [name for name in then if "running" in name]
    assert len(statistics) > 8 and all(torch.equal(now[name], then[name]) for name in statistics)
    moved = ftk.fine_tune(task, folders["resnet"], "full", **QUICK).model.state_dict()
    assert not any(torch.equal(moved[name], then[name]) for name in statistics)


def test_baselines_are_those_of_scikit_learn(task):
    train, test = task.splits["train"], task.splits["test"]
    flat = [
        np.stack([np.asarray(one.resize((32, 32))).ravel() / 255 for one in part["image"]]) for part in (train, test)
    ]
    labels = list(train["label"])
    found = {name: method(train, test) for name, method in task.baselines().items()}
    assert list(found) == ["majority class", "nearest centroid of pixels", "logistic regression on pixels"]
    assert (
        found["nearest centroid of pixels"].tolist() == NearestCentroid().fit(flat[0], labels).predict(flat[1]).tolist()
    )
    scale = StandardScaler().fit(flat[0])
    expected = LogisticRegression(C=0.01, max_iter=1000).fit(scale.transform(flat[0]), labels)
    assert found["logistic regression on pixels"].tolist() == expected.predict(scale.transform(flat[1])).tolist()
    alone = train.filter(lambda label: label == 0, input_columns="label")
    assert image_classification.nearest_centroid(alone, test).tolist() == [0] * len(test)


def test_a_comparison_knows_pictures(task, folders):
    found = ftk.compare(task, ["scratch", "head"], model=folders["vit"], labels=[8], seeds=1, epochs=1)
    assert found.table["method"].tolist()[-2:] == ["scratch", "head"]
    assert found.table["accuracy"].between(0, 1).all() and len(found.table) == 5


def test_a_model_that_reads_texts_is_refused(task, tmp_path):
    folder = str(write_tiny_bert(tmp_path / "bert"))
    with pytest.raises(ModelError, match=r"'bert' has no head for image-classification. Expected one such as .*resnet"):
        ftk.fine_tune(task, folder)


def test_bad_settings_and_data_are_refused():
    with pytest.raises(DataError, match="needs a source of data"):
        ftk.ImageClassification()
    with pytest.raises(UnknownNameError, match="'flp'"):
        ftk.ImageClassification(tiny_pictures(), augment=["flp"])
    with pytest.raises(ConfigError, match="expected a list of flip"):
        ftk.ImageClassification(tiny_pictures(), augment="flip")
    with pytest.raises(UnknownNameError, match="'picture'"):
        ftk.ImageClassification(tiny_pictures(), image="picture")
