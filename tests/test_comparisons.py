"""Comparisons: the same labels for every method, and a table that says what was measured."""

import threading

import numpy as np
import pytest

import finetune_kit as ftk
from finetune_kit.errors import ConfigError, DataError, UnknownNameError

SETTINGS = {"epochs": 2, "learning_rate": 1e-2, "batch_size": 8}


@pytest.fixture(scope="module")
def comparison(task, folder):
    return ftk.compare(task, ["scratch", "full"], model=folder, labels=[8, 16], seeds=2, **SETTINGS)


def test_table_has_mean_and_spread_over_the_seeds(comparison):
    for row in comparison.table.to_dict("records"):
        same = [r for r in comparison.results if (r.method, r.labels) == (row["method"], row["labels"])]
        scores = [r.scores["accuracy"] for r in same]
        assert row["accuracy"] == pytest.approx(np.mean(scores))
        assert row["spread"] == pytest.approx(np.std(scores, ddof=1))
        assert row["seeds"] == 2


def test_every_method_stands_at_every_label_count(comparison, task):
    methods = {"scratch", "full", *task.baselines()}
    assert {(r["labels"], r["method"]) for r in comparison.table.to_dict("records")} == {
        (n, m) for n in (8, 16) for m in methods
    }


def test_one_cell_is_the_run_that_fine_tune_makes(comparison, task, folder):
    run = ftk.fine_tune(task, folder, "full", labels=16, seed=1, **SETTINGS)
    (cell,) = [r for r in comparison.results if (r.method, r.labels, r.seed) == ("full", 16, 1)]
    assert cell.scores == run.evaluate()


def test_on_run_is_told_of_each_run(task, folder):
    calls = []
    ftk.compare(
        task, ["head"], model=folder, seeds=2, baselines=False, on_run=lambda *call: calls.append(call[:3]), **SETTINGS
    )
    assert [(number, total) for number, total, _ in calls] == [(0, 2), (1, 2)]
    assert "head, all labels, seed 1" in calls[1][2]


def test_stop_keeps_the_finished_runs(task, folder):
    stop = threading.Event()

    def on_run(number, total, name, history):
        if number == 1:
            history.subscribe(lambda h: stop.set() if h.step == 1 else None)

    made = ftk.compare(task, ["head"], model=folder, seeds=3, baselines=False, on_run=on_run, stop=stop, **SETTINGS)
    assert made.stopped and len(made.results) == 1


@pytest.mark.parametrize(
    "arguments, error",
    [
        ({"seeds": 0}, ConfigError),
        ({"strategies_": ["ful"]}, UnknownNameError),
        ({"labels": [8, 5000]}, DataError),
    ],
)
def test_bad_input_is_known_before_the_first_run(task, folder, arguments, error):
    started = []
    with pytest.raises(error):
        ftk.compare(task, model=folder, on_run=lambda *call: started.append(call), **arguments)
    assert not started
