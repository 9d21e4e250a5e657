"""Calibration: bins and errors are those of hand and of scikit-learn, before and after, on measured splits."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from tiny import tiny_frame, tiny_works, write_tiny_gpt2

import finetune_kit as ftk
from finetune_kit.errors import ConfigError, DataError
from finetune_kit.runs.calibration import expected_error, reliability


@pytest.fixture(scope="module")
def run(folder):
    frame = tiny_frame(90)
    frame.loc[::5, "label"] = "neither"
    return ftk.fine_tune(ftk.TextClassification(frame), folder, "full", epochs=2, learning_rate=5e-3)


def test_bins_and_error_by_hand():
    # Confidences 0.55 (right), 0.75 (wrong), 0.7 (right), 0.95 (right), in bins (0, 0.25], (0.25, 0.5], (0.5, 0.75] ...
    shares = np.array([[0.45, 0.55], [0.75, 0.25], [0.7, 0.3], [0.05, 0.95]])
    found = reliability(shares, np.array([1, 1, 0, 1]), bins=4)
    assert found["examples"].tolist() == [0, 0, 3, 1]
    np.testing.assert_allclose(found["confidence"], [np.nan, np.nan, 2 / 3, 0.95])
    np.testing.assert_allclose(found["accuracy"], [np.nan, np.nan, 2 / 3, 1.0])
    assert expected_error(found) == pytest.approx(0.05 / 4)
    assert found["above"].tolist() == [0, 0.25, 0.5, 0.75] and found["up_to"].tolist() == [0.25, 0.5, 0.75, 1]


@pytest.mark.parametrize("bins", [5, 10, 15])
def test_bins_are_scikit_learns(bins):
    draw = np.random.default_rng(bins)
    shares, truth = draw.dirichlet([0.6] * 3, 400), draw.integers(0, 3, 400)
    found = reliability(shares, truth, bins)
    right = shares.argmax(axis=1) == truth
    accuracy, confidence = calibration_curve(right, shares.max(axis=1), n_bins=bins)
    held = found["examples"] > 0
    np.testing.assert_allclose(found["accuracy"][held], accuracy)
    np.testing.assert_allclose(found["confidence"][held], confidence)
    weights = found["examples"][held] / 400
    assert expected_error(found) == pytest.approx(np.sum(weights * np.abs(accuracy - confidence)))


def by_hand(table, truth, names):
    """The expected calibration error of a table of predictions, ten bins."""
    shares = table[[f"p({name})" for name in names]].to_numpy()
    sure, right = shares.max(axis=1), table["prediction"].to_numpy() == truth
    bins = np.ceil(10 * sure).astype(int)
    gaps = [abs(right[bins == b].mean() - sure[bins == b].mean()) * (bins == b).mean() for b in set(bins)]
    return sum(gaps)


@pytest.mark.parametrize("split", ["validation", "test"])
def test_before_and_after_are_those_of_the_runs_predictions(run, split):
    if split == "test":
        with pytest.raises(DataError, match=r"run\.evaluate\('test'\)"):
            run.calibration("test")
        run.evaluate()
    found, part = run.calibration(split), run.task.splits[split]
    truth = np.array([run.task.names[i] for i in part["label"]])
    for when in ("before", "after"):
        table = run.predict(part["text"][:], before=when == "before")
        assert getattr(found, when) == pytest.approx(by_hand(table, truth, run.task.names), abs=1e-3)
        rows = found.table[found.table["when"] == when]
        assert rows["examples"].sum() == len(part)
        score = run.before if when == "before" else run.after
        if split == "validation":
            assert np.average(rows["accuracy"].fillna(0), weights=rows["examples"]) == pytest.approx(score["accuracy"])
    assert found.split == split and f"({split}, {len(part)} examples, 10 bins)" in repr(found)


def test_a_loaded_run_is_calibrated_alike(run, tmp_path):
    loaded = ftk.Run.load(run.save(tmp_path / "run")).calibration()
    assert (loaded.before, loaded.after) == pytest.approx((run.calibration().before, run.calibration().after))


def test_what_has_no_probabilities_is_refused(run, tmp_path):
    with pytest.raises(ConfigError, match="bins=1"):
        run.calibration(bins=1)
    with pytest.raises(DataError, match="'tset'"):
        run.calibration("tset")
    gpt2 = str(write_tiny_gpt2(tmp_path / "gpt2"))
    made = ftk.fine_tune(ftk.Completion(tiny_works()), gpt2, labels=8, epochs=1)
    with pytest.raises(DataError, match="no probability for each class"):
        made.calibration()
