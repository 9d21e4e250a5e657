"""Cleaning: wrong labels are found by their losses, and mended in a new task, while the old one stays as it is."""

import datasets
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import accuracy_score
from tiny import tiny_frame, tiny_works, write_tiny_gpt2
from tiny_vision import tiny_pictures, write_tiny_resnet

import finetune_kit as ftk
from finetune_kit import runs, training
from finetune_kit.cleaning import measure
from finetune_kit.errors import ConfigError, DataError, UnknownNameError

SETTINGS = {"epochs": 6, "learning_rate": 5e-3, "batch_size": 8}
PLANTED = [4, 17, 30]


def flipped(labels, rows):
    return [1 - label if row in rows else label for row, label in enumerate(labels)]


@pytest.fixture(scope="module")
def clean_task():
    return ftk.TextClassification(tiny_frame(120))


@pytest.fixture(scope="module")
def dirty(clean_task):
    """The same task over data of which three training labels are wrong, built without the code that is tested."""
    parts = {name: part.to_pandas() for name, part in clean_task.splits.items()}
    parts["train"]["label"] = flipped(parts["train"]["label"], PLANTED)
    for part in parts.values():
        part["label"] = [clean_task.names[i] for i in part["label"]]
    return ftk.TextClassification(datasets.DatasetDict({n: datasets.Dataset.from_pandas(p) for n, p in parts.items()}))


@pytest.fixture(scope="module")
def run(dirty, folder):
    return ftk.fine_tune(dirty, folder, **SETTINGS)


# --- finding them


def test_planted_wrong_labels_come_first(run, clean_task):
    table = ftk.top_losses(run, "train")
    assert sorted(table["row"][:3]) == PLANTED and table["loss"].is_monotonic_decreasing
    assert sorted(table["row"]) == list(range(len(run.task.splits["train"])))
    names, truth = clean_task.names, clean_task.splits["train"]["label"]
    assert table["prediction"][:3].tolist() == [names[truth[row]] for row in table["row"][:3]]


@pytest.mark.parametrize("split", ["train", "validation"])
def test_losses_are_the_cross_entropy_of_the_models_own_logits(run, split):
    part = run.task.splits[split]
    batch = run.processor(part["text"][:], padding=True, return_tensors="pt")
    with torch.no_grad():
        logits = run.model.eval()(**batch).logits
    expected = torch.nn.functional.cross_entropy(logits, torch.tensor(part["label"][:]), reduction="none")
    table = ftk.top_losses(run, split).sort_values("row")
    assert list(table.columns) == ["row", "text", "truth", "prediction", "probability", "loss"]
    np.testing.assert_allclose(table["loss"], expected, atol=1e-4)
    np.testing.assert_allclose(table["probability"], np.exp(-expected.numpy()), atol=1e-4)
    assert table["text"].tolist() == part["text"][:]
    assert table["truth"].tolist() == [run.task.names[i] for i in part["label"]]
    assert table["prediction"].tolist() == [run.task.names[i] for i in logits.argmax(1)]


def test_count_gives_the_first_and_must_be_one_or_more(run):
    assert ftk.top_losses(run, count=5).equals(ftk.top_losses(run).head(5))
    for bad in (0, -1, 2.5, True):
        with pytest.raises(ConfigError, match="count="):
            ftk.top_losses(run, count=bad)


def test_validation_takes_the_stored_outputs_and_train_is_predicted_once(dirty, folder, monkeypatch):
    made = ftk.fine_tune(dirty, folder, epochs=1)
    first = ftk.top_losses(made, "train")
    monkeypatch.setattr(training, "predict", None)
    assert len(ftk.top_losses(made)) == len(dirty.splits["validation"])
    assert ftk.top_losses(made, "train").equals(first) and made.tested is None


def test_losses_of_a_sure_model_do_not_overflow(run, monkeypatch):
    size = len(run.task.splits["validation"])
    monkeypatch.setitem(run._measured, "validation", np.tile(np.float32([2000, -2000]), (size, 1)))
    table = ftk.top_losses(run)
    positives = sum(run.task.splits["validation"]["label"])
    assert table["loss"].tolist() == [4000.0] * positives + [0.0] * (size - positives)


def test_rows_are_those_of_the_whole_training_split_where_few_labels_were_learnt(dirty, folder):
    made = ftk.fine_tune(dirty, folder, labels=8, epochs=1)
    train = dirty.splits["train"]
    table = ftk.top_losses(made, "train")
    assert sorted(table["row"]) == list(range(len(train)))
    assert all(train[row]["text"] == text for row, text in zip(table["row"], table["text"], strict=True))


def test_a_loaded_run_has_its_validation_losses_alone(run, tmp_path):
    loaded = ftk.Run.load(run.save(tmp_path / "run"))
    pd.testing.assert_frame_equal(ftk.top_losses(loaded), ftk.top_losses(run))
    with pytest.raises(DataError, match=r"\['validation'\] at hand, not 'train'"):
        ftk.top_losses(loaded, "train")


def test_the_test_split_and_tasks_without_classes_are_refused(run, tmp_path):
    with pytest.raises(DataError, match="fits it to the model"):
        ftk.top_losses(run, "test")
    with pytest.raises(UnknownNameError, match="Did you mean 'train'"):
        ftk.top_losses(run, "trian")
    task = ftk.Completion(tiny_works())
    made = ftk.fine_tune(task, str(write_tiny_gpt2(tmp_path / "gpt2")), labels=8, epochs=1)
    with pytest.raises(DataError, match="no classes"):
        ftk.top_losses(made)
    with pytest.raises(DataError, match="no classes"):
        ftk.clean(task, drop=[0])


# --- mending them


def test_relabelled_and_dropped_rows_change_and_no_other(dirty):
    train = dirty.splits["train"]
    texts, labels, names = train["text"][:], train["label"][:], dirty.names
    cleaned = ftk.clean(dirty, "train", {row: names[1 - labels[row]] for row in PLANTED}, [0, 9])
    expected = [(text, label) for text, label in zip(texts, flipped(labels, PLANTED), strict=True)]
    expected = [pair for row, pair in enumerate(expected) if row not in (0, 9)]
    part = cleaned.splits["train"]
    assert list(zip(part["text"], part["label"], strict=True)) == expected
    assert part.features == train.features and type(cleaned) is type(dirty)
    assert all(cleaned.splits[name] is dirty.splits[name] for name in ("validation", "test"))


def test_the_old_task_and_its_data_stay_as_they_are(dirty):
    before, held = runs.fingerprint(dirty.splits), {name: id(part) for name, part in dirty.splits.items()}
    names = dirty.splits["train"]["label"][:]
    cleaned = ftk.clean(dirty, "train", {4: dirty.names[1 - names[4]]}, [1])
    assert runs.fingerprint(dirty.splits) == before != runs.fingerprint(cleaned.splits)
    assert {name: id(part) for name, part in dirty.splits.items()} == held and cleaned is not dirty


def test_mending_the_planted_labels_gives_the_clean_data(run, clean_task):
    table = ftk.top_losses(run, "train", 3)
    cleaned = ftk.clean(run.task, relabel=dict(zip(table["row"], table["prediction"], strict=True)))
    assert cleaned.splits["train"]["label"][:] == clean_task.splits["train"]["label"][:]


def test_cleaning_goes_on_from_cleaned_data(dirty):
    labels = dirty.splits["train"]["label"][:]
    twice = ftk.clean(ftk.clean(dirty, drop=[0, 1]), "train", {0: dirty.names[1 - labels[2]]}, [1])
    assert twice.splits["train"]["label"][:2] == [1 - labels[2], labels[4]]
    both = ftk.clean(twice, "validation", drop=np.array([0]))
    assert len(both.splits["validation"]) == len(dirty.splits["validation"]) - 1
    assert both.splits["train"] is twice.splits["train"]


def test_a_cleaned_task_trains_compares_saves_and_loads(dirty, folder, tmp_path):
    labels = dirty.splits["train"]["label"][:]
    cleaned = ftk.clean(dirty, "train", {row: dirty.names[1 - labels[row]] for row in PLANTED})
    cleaned = ftk.clean(cleaned, "validation", drop=[2])
    made = ftk.fine_tune(cleaned, folder, **SETTINGS)
    loaded = ftk.Run.load(made.save(tmp_path / "run"))
    assert loaded.after == made.after and len(loaded.examples()) == len(dirty.splits["validation"]) - 1
    found = ftk.compare(cleaned, ["head"], model=folder, labels=[16], seeds=1, epochs=1)
    assert set(found.table["labels"]) == {16} and "head" in set(found.table["method"])


def test_measure_scores_a_run_on_other_labels(run, dirty, clean_task):
    labels = dirty.splits["validation"]["label"][:]
    cleaned = ftk.clean(dirty, "validation", {0: dirty.names[1 - labels[0]]}, [1, 5])
    part = cleaned.splits["validation"]
    said = run.predict(part["text"][:])["prediction"].tolist()
    truth = [dirty.names[label] for label in part["label"]]
    assert measure(run, cleaned)["accuracy"] == pytest.approx(accuracy_score(truth, said))
    assert measure(run, dirty) == run.after != measure(run, cleaned)
    frame = tiny_frame()
    frame.loc[::5, "label"] = "neither"
    with pytest.raises(DataError, match="expected the run's classes"):
        measure(run, ftk.TextClassification(frame))


@pytest.mark.parametrize(
    "arguments, kind, words",
    [
        ({"relabel": {3: "positve"}}, UnknownNameError, "Did you mean 'positive'"),
        ({"relabel": {-1: "positive"}}, DataError, "Row -1 is not in the split 'train'"),
        ({"drop": [500]}, DataError, "Row 500 is not in the split 'train'; expected numbers from 0 to"),
        ({"drop": [1.0]}, DataError, r"Row 1\.0 is not"),
        ({"drop": [True]}, DataError, "Row True is not"),
        ({"relabel": {3: "positive"}, "drop": [3, 4]}, DataError, "relabelled and dropped: 3;"),
        ({"split": "test", "drop": [3]}, DataError, "fits it to the model"),
        ({"split": "tran", "drop": [3]}, UnknownNameError, "Did you mean 'train'"),
        ({}, DataError, "Nothing would change"),
        ({"relabel": {}, "drop": []}, DataError, "Nothing would change"),
        ({"drop": 3}, ConfigError, "drop=3: expected rows"),
        ({"relabel": [3]}, ConfigError, r"relabel=\[3\]: expected classes by row"),
    ],
)
def test_what_cannot_be_cleaned(clean_task, arguments, kind, words):
    with pytest.raises(kind, match=words):
        ftk.clean(clean_task, **arguments)


def test_a_class_is_never_emptied_and_its_own_class_is_no_change(clean_task):
    labels = clean_task.splits["train"]["label"][:]
    positives = [row for row, label in enumerate(labels) if label]
    for arguments in ({"drop": positives}, {"relabel": dict.fromkeys(positives, "negative")}):
        with pytest.raises(DataError, match="No example of positive would be left in the split 'train'"):
            ftk.clean(clean_task, **arguments)
    kept = ftk.clean(clean_task, drop=positives[1:])
    assert sum(kept.splits["train"]["label"]) == 1
    with pytest.raises(DataError, match="Nothing would change"):
        ftk.clean(clean_task, relabel={positives[0]: "positive"})
    with pytest.raises(DataError, match=r"splits \[\] at hand"):
        ftk.clean(ftk.TextClassification(names=["no", "yes"]), drop=[0])


# --- pictures


def test_pictures_keep_their_bytes_and_their_augmentation(tmp_path):
    task = ftk.ImageClassification(tiny_pictures(), augment=["flip"])
    train = task.splits["train"]
    cleaned = ftk.clean(task, "train", {0: task.names[1 - train[0]["label"]]}, [2])
    rows = [row for row in range(len(train)) if row != 2]
    part = cleaned.splits["train"]
    assert part.features == train.features and cleaned.settings == task.settings
    stored = [one.cast_column("image", datasets.Image(decode=False))["image"][:] for one in (train, part)]
    assert [cell["bytes"] for cell in stored[1]] == [stored[0][row]["bytes"] for row in rows]
    assert part["label"][1:] == [train[row]["label"] for row in rows][1:] and part[0]["label"] != train[0]["label"]
    resnet = str(write_tiny_resnet(tmp_path / "resnet"))
    made = ftk.fine_tune(cleaned, resnet, epochs=1, batch_size=8)
    assert ftk.Run.load(made.save(tmp_path / "run")).after == made.after
    table = ftk.top_losses(made, "train", 4)
    assert list(table.columns)[:2] == ["row", "image"]
    assert all(
        part[row]["image"].tobytes() == image.tobytes()
        for row, image in zip(table["row"].tolist(), table["image"], strict=True)
    )
