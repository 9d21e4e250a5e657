"""Sweeps: chosen by the validation split, and the test split once, when it is asked for."""

import threading

import fake_runs
import numpy as np
import pytest
from tiny import tiny_frame

import finetune_kit as ftk
from finetune_kit import training
from finetune_kit.errors import ConfigError, DataError, UnknownNameError

RATES, BATCHES = [1e-4, 1e-3, 1e-2], [4, 16]


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("FINETUNE_KIT_CACHE", str(tmp_path / "cache"))


def share(config, split):
    """On the validation split 1e-3 with batches of 4 is best; the test split would choose another."""
    if split == "test":
        return 0.5 + 10 * config.learning_rate
    return 0.9 - 0.2 * abs(np.log10(config.learning_rate) + 3) - 0.01 * config.batch_size


@pytest.fixture
def swept(task, folder, monkeypatch):
    runs = fake_runs.install(monkeypatch, share)
    return ftk.sweep(task, model=folder, learning_rate=RATES, batch_size=BATCHES, seeds=2), runs


def test_every_point_is_run_with_every_seed_and_equal_passes(swept):
    found, runs = swept
    points = {(c.learning_rate, c.batch_size, c.seed) for c in runs.done}
    assert points == {(rate, batch, seed) for rate in RATES for batch in BATCHES for seed in (0, 1)}
    assert len(runs.done) == 12 and len({c.epochs for c in runs.done}) == 1
    assert found.grid == {"learning_rate": RATES, "batch_size": BATCHES}


def test_the_best_is_that_of_the_validation_split_and_the_test_split_is_not_seen(swept):
    found, runs = swept
    assert (found.best.learning_rate, found.best.batch_size) == (1e-3, 4)
    assert runs.measured == [] and found.split == "validation"


def test_the_table_has_a_column_a_setting_and_the_best_first(swept):
    table = swept[0].table
    assert list(table.columns)[:4] == ["learning_rate", "batch_size", "labels", "accuracy"]
    assert (table.loc[0, "learning_rate"], table.loc[0, "batch_size"]) == (1e-3, 4)
    assert table["accuracy"].is_monotonic_decreasing and len(table) == 6


def test_the_chosen_one_is_measured_on_the_test_split_once(swept):
    found, runs = swept
    chosen = found.evaluate()
    assert runs.measured == ["test", "test"] and len(runs.done) == 14
    assert {(c.learning_rate, c.batch_size) for c in runs.done[12:]} == {(1e-3, 4)}
    assert chosen.split == "test" and chosen.table["seeds"].tolist() == [2]
    found.evaluate()
    assert len(runs.done) == 14


def test_every_point_gets_the_steps_that_are_asked_for(task, folder, monkeypatch):
    runs = fake_runs.install(monkeypatch, share)
    found = ftk.sweep(task, model=folder, labels=32, batch_size=[4, 16], learning_rate=[1e-3, 1e-2], steps=20)
    # 32 examples are 8 batches of 4 or 2 of 16
    assert {(c.batch_size, c.epochs) for c in runs.done} == {(4, 20 / 8), (16, 20 / 2)}
    assert found.best.epochs == 20 / 8 and found.said()[-1] == f"Every run: {found.budget}."


def test_every_point_gets_the_same_seconds_and_a_rate_is_not_timed_anew(task, folder, monkeypatch):
    runs, asked = fake_runs.install(monkeypatch, share), []

    def timed(trainer):
        size = trainer.args.per_device_train_batch_size
        asked.append(size)
        return training.Timing(0.01 * size, 0, 0)

    monkeypatch.setattr("finetune_kit.training.timed", timed)
    given = {"model": folder, "labels": 32, "batch_size": [4, 16], "learning_rate": RATES}
    found = ftk.sweep(task, seconds=8, **given)
    assert asked == [4, 16]
    # 200 steps of 0.04 s in passes of 8 batches, 50 of 0.16 s in passes of 2
    assert {(c.batch_size, c.epochs) for c in runs.done} == {(4, 200 / 8), (16, 50 / 2)}
    assert {r.allowed for r in found.results} == {8.0} and "8 s of training" in repr(found)
    again = ftk.sweep(task, seconds=8, **given)
    assert len(runs.done) == 6 and asked == [4, 16] and all(r.kept for r in again.results)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"steps": 5, "seconds": 5}, "seconds=5 and steps=5: expected one of them"),
        ({"steps": 5, "epochs": [1, 2]}, "steps=5 and epochs=1: expected one of them"),
        ({"seconds": 5, "epochs": 3}, "seconds=5 and epochs=3: expected one of them"),
        ({"steps": 0}, "steps=0"),
    ],
)
def test_two_budgets_at_once_or_none_are_refused(task, folder, monkeypatch, given, said):
    runs = fake_runs.install(monkeypatch, share)
    with pytest.raises(ConfigError, match=said):
        ftk.sweep(task, model=folder, learning_rate=RATES, **given)
    assert not runs.done


def test_it_says_what_was_chosen_and_what_is_as_good(task, folder, monkeypatch):
    fake_runs.install(monkeypatch, lambda config, split: 0.9 if config.learning_rate > 1e-4 else 0.1)
    said = "\n".join(ftk.sweep(task, model=folder, learning_rate=[1e-2, 1e-3, 1e-4], seeds=3).said())
    assert "learning_rate=0.01" in said and "1 of the 2 others are within the noise of it: learning_rate=0.001" in said
    assert "largest that was tried" in said and "evaluate()" in said


def test_small_learning_rates_are_shown_as_they_are(swept):
    assert all(f" {rate:g} " in repr(swept[0]) for rate in RATES) and "<td>0.0001</td>" in swept[0]._repr_html_()


def test_a_best_amid_the_grid_is_not_called_an_end(swept):
    assert not any("learning_rate is the" in line for line in swept[0].said())


def test_a_stopped_sweep_goes_on(task, folder, monkeypatch):
    stop = threading.Event()
    runs = fake_runs.install(monkeypatch, share, at=lambda run, step: stop.set() if (run, step) == (2, 1) else None)
    first = ftk.sweep(task, model=folder, learning_rate=RATES, batch_size=BATCHES, stop=stop)
    assert first.stopped and len(first.table) == 2 and "goes on" in repr(first)
    again = ftk.sweep(task, model=folder, learning_rate=RATES, batch_size=BATCHES)
    assert len(again.table) == 6 and len(runs.done) == 3 + 4
    finished = fake_runs.keys([*runs.done[:2], *runs.done[3:]])
    assert len(set(finished)) == 6


def test_a_real_sweep_of_strategies_chooses_what_fine_tune_gives(task, folder):
    found = ftk.sweep(task, model=folder, strategy=["head", "full"], learning_rate=1e-2, epochs=1, labels=16)
    assert set(found.table["strategy"]) == {"head", "full"}
    run = ftk.fine_tune(task, folder, "full", learning_rate=1e-2, epochs=1, labels=16)
    (row,) = [r for r in found.results if r.method == "strategy=full"]
    assert row.scores == run.after and row.qualities.mean() == pytest.approx(run.after["accuracy"])


def test_model_and_strategy_are_taken_by_place_as_fine_tune_takes_them(task, folder, monkeypatch):
    runs = fake_runs.install(monkeypatch, share)
    ftk.sweep(task, folder, "last-1", learning_rate=RATES)
    ftk.sweep(task, model=folder, strategy="last-1", learning_rate=RATES)
    assert len(runs.done) == 3 and {(c.model, c.strategy) for c in runs.done} == {(folder, "last-1")}


def test_nothing_run_yet_has_no_best(task, folder, monkeypatch):
    stop = threading.Event()
    stop.set()
    fake_runs.install(monkeypatch, share)
    found = ftk.sweep(task, model=folder, learning_rate=RATES, stop=stop)
    assert found.stopped and found.said()
    with pytest.raises(DataError, match="no trained run"):
        found.evaluate()


@pytest.mark.parametrize(
    "settings, error, words",
    [
        ({}, ConfigError, "one point"),
        ({"learning_rate": [1e-3]}, ConfigError, "one point.*ftk.fine_tune"),
        ({"learning_rate": 1e-3}, ConfigError, "one point"),
        ({"learning_rate": [1e-3, 1e-3]}, ConfigError, "different values"),
        ({"learning_rate": []}, ConfigError, "different values"),
        ({"learning_rate": [1e-3, 7]}, ConfigError, "learning_rate=7"),
        ({"precision": ["fp32", "bf16"]}, ConfigError, "expected one value"),
        ({"seed": 1, "learning_rate": RATES}, ConfigError, "seeds="),
        ({"strategy": ["full", "hed"]}, UnknownNameError, "head"),
        ({"learning_rate": RATES, "labels": 500}, DataError, "at most 42"),
    ],
)
def test_bad_input_is_one_sentence_before_the_first_run(folder, monkeypatch, settings, error, words):
    runs = fake_runs.install(monkeypatch, share)
    with pytest.raises(error, match=words):
        ftk.sweep(ftk.TextClassification(tiny_frame()), model=folder, **settings)
    assert not runs.done


def test_numbers_of_numpy_are_taken(task, folder, monkeypatch):
    runs = fake_runs.install(monkeypatch, share)
    ftk.sweep(task, model=folder, learning_rate=np.geomspace(1e-4, 1e-2, 3), batch_size=np.array([4, 8]))
    assert all(type(c.learning_rate) is float and type(c.batch_size) is int for c in runs.done)
