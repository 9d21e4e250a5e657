"""Runs: before and after, saved and loaded alike, and outputs that are never lost."""

import json
import threading

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score
from tiny import tiny_frame, tiny_works, write_tiny_gpt2

import finetune_kit as ftk
from finetune_kit import runs, training
from finetune_kit.errors import DataError, ModelError, StorageError, UnknownNameError

SETTINGS = {"epochs": 8, "learning_rate": 5e-3, "batch_size": 8}


@pytest.fixture(scope="module")
def run(folder, task):
    return ftk.fine_tune(task, folder, "full", **SETTINGS)


def test_fine_tuning_learns_what_a_word_gives_away(run):
    assert run.after["accuracy"] > max(0.9, run.before["accuracy"])


def test_scores_are_those_of_scikit_learn_on_the_predictions(run):
    validation = run.task.splits["validation"]
    truth = [run.task.names[i] for i in validation["label"]]
    predicted = list(run.predict(validation["text"][:])["prediction"])
    assert run.after["accuracy"] == pytest.approx(accuracy_score(truth, predicted))
    assert run.after["macro_f1"] == pytest.approx(f1_score(truth, predicted, average="macro"))


def test_before_is_the_untouched_checkpoint(run, folder, task):
    assert run.before == ftk.zero_step(task, folder)


def test_changes_are_the_examples_whose_verdict_turned(run):
    changes = run.changes()
    assert set(changes["change"]) <= {"fixed", "broken"}
    for row in changes.itertuples():
        assert (row.after == row.truth) == (row.change == "fixed")
        assert row.before != row.after
    size = len(run.task.splits["validation"])
    gain = (changes["change"] == "fixed").sum() - (changes["change"] == "broken").sum()
    assert gain == round(size * (run.after["accuracy"] - run.before["accuracy"]))


# --- who was taken for whom


@pytest.fixture(scope="module")
def unsure(folder):
    """A run over three classes of unlike size that gets some of each wrong."""
    frame = tiny_frame(90)
    frame.loc[::5, "label"] = "neither"
    return ftk.fine_tune(ftk.TextClassification(frame), folder, "full", epochs=2, learning_rate=5e-3)


def expected_confusion(run, split):
    part, names = run.task.splits[split], run.task.names
    truth = [names[i] for i in part["label"]]
    return confusion_matrix(truth, run.predict(part["text"][:])["prediction"], labels=names)


def test_confusion_is_scikit_learns(run, unsure):
    for made in (run, unsure):
        table = made.confusion()
        assert table.to_numpy().tolist() == expected_confusion(made, "validation").tolist()
        assert list(table.index) == list(table.columns) == made.task.names
        assert (table.index.name, table.columns.name) == ("truth", "prediction")
    off = unsure.confusion().to_numpy()
    assert (off != off.T).any() and len(off) == 3  # else rows and columns could be mixed up


def test_confusion_of_another_split_wants_it_measured_and_predicts_nothing(folder, task, monkeypatch):
    made = ftk.fine_tune(task, folder, "full", **SETTINGS)
    with pytest.raises(DataError, match=r"not yet measured on the test split.*run\.evaluate\('test'\) first"):
        made.confusion("test")
    assert made.tested is None
    made.evaluate()
    expected = expected_confusion(made, "test").tolist()
    monkeypatch.setattr(training, "predict", None)
    assert made.confusion("test").to_numpy().tolist() == expected
    assert made.confusion().to_numpy().sum() == len(task.splits["validation"])
    with pytest.raises(DataError, match="'tset'"):
        made.confusion("tset")


def test_a_loaded_run_has_its_confusion_and_its_examples(unsure, tmp_path):
    loaded = ftk.Run.load(unsure.save(tmp_path / "run"))
    assert loaded.confusion().equals(unsure.confusion()) and loaded.examples().equals(unsure.examples())
    with pytest.raises(DataError, match="'test'"):
        loaded.confusion("test")


def test_the_examples_behind_each_cell_are_as_many_as_it_says(unsure):
    table = unsure.confusion()
    for truth in table.index:
        for prediction in table.columns:
            found = unsure.examples(truth, prediction)
            assert len(found) == table.loc[truth, prediction]
            assert set(found["truth"]) <= {truth} and set(found["after"]) <= {prediction}
        assert len(unsure.examples(truth)) == table.loc[truth].sum()
    whole = unsure.examples()
    assert whole["text"].tolist() == unsure.task.splits["validation"]["text"][:]
    assert whole["after"].tolist() == list(unsure.predict(whole["text"].tolist())["prediction"])
    with pytest.raises(UnknownNameError, match="Did you mean 'neither'"):
        unsure.examples("neiter")


def test_a_task_without_classes_has_no_confusion(tmp_path):
    gpt2 = str(write_tiny_gpt2(tmp_path / "gpt2"))
    made = ftk.fine_tune(ftk.Completion(tiny_works()), gpt2, labels=8, epochs=1)
    with pytest.raises(DataError, match=r"'completion' are no classes.*run\.examples\(\)"):
        made.confusion()
    with pytest.raises(DataError, match="no classes"):
        made.examples("the film was good")
    found = made.examples()
    assert found["text"].tolist() == found["truth"].tolist() == made.task.splits["validation"]["text"][:]
    assert all(text.startswith("perplexity") for text in found["after"])


@pytest.mark.parametrize("strategy", ["full", "scratch", "head"])
def test_the_model_before_training_can_be_asked_too(folder, task, strategy):
    made = ftk.fine_tune(task, folder, strategy, **{**SETTINGS, "epochs": 2, "seed": 3})
    validation = task.splits["validation"]
    found = made.predict(validation["text"][:], before=True)["prediction"]
    assert found.tolist() == made.examples()["before"].tolist()
    assert accuracy_score([task.names[i] for i in validation["label"]], found) == made.before["accuracy"]
    np.testing.assert_array_equal(made._predict(validation, before=True), made._outputs["before"])
    np.testing.assert_array_equal(made._predict(validation), made._outputs["after"])  # and the trained one is as it was


def test_probabilities_sum_to_one_and_agree_with_the_label(run):
    table = run.predict(["the film was good", "the film was bad"])
    shares = table[["p(negative)", "p(positive)"]].to_numpy()
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-3)
    assert [run.task.names[i] for i in shares.argmax(axis=1)] == list(table["prediction"])


def test_same_seed_same_run(run, folder, task):
    again = ftk.fine_tune(task, folder, "full", **SETTINGS)
    assert again.after == run.after
    assert again.history.series("train_loss") == run.history.series("train_loss")


def test_save_and_load_give_identical_predictions(run, tmp_path):
    texts = ["the film was good", "we was poor", "not very fine"]
    loaded = ftk.Run.load(run.save(tmp_path / "run"))
    assert loaded.predict(texts).equals(run.predict(texts))
    assert (loaded.before, loaded.after, loaded.seconds) == (run.before, run.after, run.seconds)
    assert loaded.changes().equals(run.changes())
    assert loaded.history.series("train_loss") == run.history.series("train_loss")
    assert repr(loaded) == repr(run)


def test_saved_folder_is_an_ordinary_checkpoint(run, tmp_path):
    import transformers

    folder = run.save(tmp_path / "run")
    classify = transformers.pipeline("text-classification", str(folder))
    assert classify("the film was good")[0]["label"] == run.predict("the film was good").loc[0, "prediction"]


def test_record_says_how_the_run_was_made(run, tmp_path):
    record = json.loads((run.save(tmp_path / "run") / "run.json").read_text())
    assert record["config"]["seed"] == 0 and record["config"]["strategy"] == "full"
    assert record["data_fingerprint"] == runs.fingerprint(run.task.splits)
    assert {"torch", "transformers", "finetune-kit"} <= record["versions"].keys()
    assert record["peak_memory_mb"] > 0 and record["task"] == {"names": ["negative", "positive"]}


def test_load_refuses_weights_that_predict_otherwise(run, tmp_path):
    folder = run.save(tmp_path / "run")
    weights = load_file(folder / "model.safetensors")
    weights["classifier.bias"] += torch.tensor([1.0, 2.0])
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match="otherwise than when it was saved"):
        ftk.Run.load(folder)


def test_load_of_a_folder_without_a_run(tmp_path):
    with pytest.raises(StorageError, match=r"holds no run"):
        ftk.Run.load(tmp_path)


def test_a_folder_that_holds_a_run_is_kept_unless_told(run, tmp_path):
    folder = run.save(tmp_path / "run")
    before = (folder / "run.json").read_bytes()
    with pytest.raises(StorageError, match="already holds a run"):
        run.save(folder)
    assert (folder / "run.json").read_bytes() == before
    run.save(folder, overwrite=True)


def test_a_folder_with_other_files_is_kept(run, tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(StorageError, match=r"thesis\.txt"):
        run.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_folder_that_cannot_be_made(run, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="Cannot write"):
        run.save(tmp_path / "file" / "run")


def test_a_read_only_folder(run, tmp_path, monkeypatch):
    import errno
    from pathlib import Path

    def refuse(self, *args, **kwargs):  # the tests may run as root, whom permissions do not stop
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(StorageError, match="Permission denied"):
        run.save(tmp_path / "run")


def test_stopped_run_is_a_valid_run(folder, task, tmp_path):
    stop, history = threading.Event(), ftk.History()
    history.subscribe(lambda h: stop.set() if h.step == 4 else None)
    run = ftk.fine_tune(task, folder, "full", history=history, stop=stop, **{**SETTINGS, "epochs": 50})
    assert run.stopped and "stopped early" in repr(run)
    assert 0 <= run.after["accuracy"] <= 1
    assert len(ftk.Run.load(run.save(tmp_path / "run")).predict(["good", "bad"])) == 2


def test_test_split_is_measured_on_request_only(run):
    assert run.tested is None or run.tested == run.evaluate()
    test = run.task.splits["test"]
    predicted = list(run.predict(test["text"][:])["prediction"])
    truth = [run.task.names[i] for i in test["label"]]
    assert run.evaluate()["accuracy"] == pytest.approx(accuracy_score(truth, predicted))
    with pytest.raises(DataError, match="'tset'"):
        run.evaluate("tset")


def test_user_file_by_path(folder, tmp_path):
    frame = tiny_frame().rename(columns={"text": "review", "label": "stars"})
    frame.to_csv(tmp_path / "mine.csv", index=False)
    config = {"data": str(tmp_path / "mine.csv"), "text": "review", "label": "stars"}
    run = ftk.fine_tune("text-classification", folder, "head", **config, **SETTINGS)
    assert run.task.names == ["negative", "positive"]
    assert run.trainable_share < 0.2


@pytest.mark.parametrize(
    "settings, words",
    [
        ({"task": "sentimnt"}, "Did you mean 'sentiment'"),
        ({"model": "pocket-brt"}, "Did you mean 'pocket-bert'"),
        ({"strategy": "heda"}, "Did you mean 'head'"),
        ({"labls": 3}, "Did you mean 'labels'"),
        ({"labels": 100_000}, "training examples"),
        ({"text": "review"}, "expected data="),
        ({"strategy": "last-99"}, "this model has"),
    ],
)
def test_bad_settings_are_clear_errors(settings, words, folder):
    with pytest.raises(ftk.FinetuneKitError, match=words):
        ftk.fine_tune(**{"model": folder, **settings})


def test_predicting_bad_examples(run):
    for bad in ("", "   ", [3], "x" * 1_000_000):
        with pytest.raises(DataError):
            run.predict(bad)


def test_a_text_longer_than_the_models_window_is_cut_to_it(folder):
    texts = [f"the film was {'good' if i % 2 else 'bad'} " + "and it was so " * 30 for i in range(40)]
    labels = ["positive" if i % 2 else "negative" for i in range(40)]
    import pandas as pd

    task = ftk.TextClassification(pd.DataFrame({"text": [f"{t} {i}" for i, t in enumerate(texts)], "label": labels}))
    made = ftk.fine_tune(task, folder, epochs=1)
    assert made.config.max_length == 32 and made.model.config.max_position_embeddings == 32
