"""The commands of the laboratory: what they print, what they write, and that they go on where they stopped."""

import fake_runs
import pandas as pd
import pytest
from tiny import tiny_frame, write_tiny_bert

from finetune_kit.training import Timing


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("FINETUNE_KIT_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def runs(monkeypatch, tmp_path):
    tiny_frame().to_csv(tmp_path / "mine.csv", index=False)
    skill = {"scratch": 0.1, "full": 0.2}
    return fake_runs.install(
        monkeypatch,
        lambda c, split: min(1, 0.4 + skill[c.strategy] * (c.labels or 40) / 16 + 10 * (c.learning_rate or 0)),
    )


def test_compare_prints_and_writes_and_repeats_nothing(call, folder, runs, tmp_path):
    flags = ("--data", "mine.csv", "--model", folder, "--seeds", 2, "--epochs", 1, "--labels", 16, "--out", "made")
    code, out, err = call("compare", *flags)
    assert (code, err, len(runs.done)) == (0, "", 4)
    assert "scratch" in out and "majority class" in out and "above scratch" in out and "Every run: 4 steps" in out
    assert (tmp_path / "made" / "side_by_side.png").read_bytes().startswith(b"\x89PNG")
    assert set(pd.read_csv(tmp_path / "made" / "table.csv")["method"]) >= {"scratch", "full"}
    assert call("compare", *flags)[0] == 0 and len(runs.done) == 4
    assert call("compare", *flags, "--fresh")[0] == 0 and len(runs.done) == 8


def test_compare_takes_seconds_and_looks_back(call, folder, runs, monkeypatch):
    monkeypatch.setattr("finetune_kit.training.timed", lambda trainer: Timing(0.01, 0.05, 0))
    flags = ("--data", "mine.csv", "--model", folder, "--seeds", 1, "--labels", 16, "--no-baselines")
    code, out, err = call("compare", *flags, "--seconds", 1, "--forgetting", "--out", "made")
    assert (code, err) == (0, "") and out.count("Every run") == 1
    assert "1 s of training, measured 0.5 s (with 16 labels scratch 4 steps, full 4 steps)" in out  # of fake runs
    assert {c.strategy: (c.epochs, c.forgetting) for c in runs.done} == {"scratch": (80, False), "full": (80, True)}
    code, _, err = call("compare", *flags, "--seconds", 1, "--steps", 5)
    assert code == 2 and "seconds=1 and steps=5" in " ".join(err.split())


def test_label_curve_says_what_pretraining_saves(call, folder, runs, tmp_path):
    flags = ("--data", "mine.csv", "--model", folder, "--seeds", 1, "--epochs", 1, "--no-baselines")
    code, out, _ = call("label-curve", *flags, "--labels", 8, "--labels", 16, "--labels", "all", "--out", "made")
    assert code == 0 and "times as many" in out and "majority" not in out and len(runs.done) == 6
    assert (tmp_path / "made" / "label_curve.png").exists()


def test_sweep_chooses_by_validation_and_tests_when_asked(call, folder, runs, tmp_path):
    flags = ("--data", "mine.csv", "--model", folder, "--labels", 16, "--epochs", 1)
    rates = ("--learning-rate", 1e-3, "--learning-rate", 1e-2)
    code, out, _ = call("sweep", *flags, *rates, "--out", "made")
    assert code == 0 and "learning_rate=0.01" in out and runs.measured == []
    assert (tmp_path / "made" / "sweep.png").exists()
    assert call("sweep", *flags, *rates, "--test")[0] == 0 and runs.measured == ["test"]
    code, _, err = call("sweep", *flags, "--learning-rate", 1e-3)
    assert code == 2 and "one point" in err


def test_sweep_takes_steps(call, folder, runs):
    flags = ("--data", "mine.csv", "--model", folder, "--labels", 16, "--learning-rate", 1e-3, "--learning-rate", 1e-2)
    code, out, _ = call("sweep", *flags, "--steps", 6)
    assert code == 0 and {config.epochs for config in runs.done} == {6} and "Every run:" in out
    code, _, err = call("sweep", *flags, "--steps", 6, "--seconds", 6)
    assert code and "expected one of them" in err


def test_lr_range_prints_and_draws(call, tmp_path):
    tiny_frame().to_csv(tmp_path / "mine.csv", index=False)
    model = write_tiny_bert(tmp_path / "model", spread=0.3)
    flags = ("--data", "mine.csv", "--model", model, "--steps", 20, "--batch-size", 8, "--low", 1e-4)
    code, out, _ = call("lr-range", *flags, "--out", "made")
    assert code == 0 and "20 steps from 0.0001" in out
    assert (tmp_path / "made" / "lr_range.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "flags, words",
    [
        (("compare", "--strategy", "ful"), "Did you mean 'full'"),
        (("compare", "--labels", "many"), "--labels many"),
        (("label-curve", "--labels", 8), "two or more"),
        (("lr-range", "--steps", 3), "20 or more"),
        (("compare", "--out", "mine.csv/x"), "Cannot write"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(call, folder, runs, flags, words):
    code, _, err = call(flags[0], "--data", "mine.csv", "--model", folder, *flags[1:])
    assert (code, words in " ".join(err.split())) == (2, True), err
    assert not runs.done


def test_compatibility_says_what_speaks_against_a_checkpoint(call, folder, runs):
    flags = ("compatibility", "--data", "mine.csv", "--model", folder, "--no-weights")
    code, out, err = call(*flags)
    assert (code, err) == (0, "") and "nothing was found that speaks against it" in out
    code, out, _ = call(*flags, "--max-length", 8)
    assert code == 1 and "1. truncation (high)" in out and "evidence:" in out and "try:" in out
    code, _, err = call("compatibility", "sentimnt")
    assert code == 2 and "Did you mean 'sentiment'" in " ".join(err.split())
    assert not runs.done
