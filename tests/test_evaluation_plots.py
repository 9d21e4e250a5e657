"""Pictures of a run's evaluation: what is drawn is what was measured, and before can be told from after in grey."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from finetune_kit import plots
from finetune_kit.runs import Calibration


def points(line):
    return list(zip(line.get_xdata(), line.get_ydata(), strict=True))


@pytest.fixture
def pair():
    return list(Figure().subplots(1, 2))


def test_calibration_draws_the_bins_that_hold_something():
    rows = [
        ("before", 0.0, 0.5, 0, np.nan, np.nan), ("before", 0.5, 1.0, 20, 0.6, 0.4),
        ("after", 0.0, 0.5, 4, 0.45, 0.5), ("after", 0.5, 1.0, 16, 0.9, 0.8),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["when", "above", "up_to", "examples", "confidence", "accuracy"])
    ax = Figure().subplots()
    assert plots.calibration(Calibration("validation", table, 0.2, 0.09), ax) is ax
    lines = {line.get_label(): line for line in ax.lines}
    assert points(lines["before: error 0.200"]) == [(0.6, 0.4)]
    assert points(lines["after: error 0.090"]) == [(0.45, 0.5), (0.9, 0.8)]
    drawn = [lines[name] for name in ("before: error 0.200", "after: error 0.090")]
    assert len({line.get_linestyle() for line in drawn}) == len({line.get_marker() for line in drawn}) == 2
    small, large = ax.collections[1].get_sizes()
    assert small < large < ax.collections[0].get_sizes()[0]
    assert ax.get_xlabel() == "confidence" and ax.get_ylabel() == "accuracy on the validation split"


def test_movement_draws_the_lowest_group_at_the_bottom(pair):
    groups = ["embeddings", "layer.0", "head"]
    table = pd.DataFrame({"group": groups, "change": [0, 0.02, 0.4], "cka": [1, 0.9, np.nan]})
    assert plots.movement(table, pair) == pair
    weights, outputs = pair
    assert [bar.get_width() for bar in weights.patches] == pytest.approx([0, 2, 40])
    assert [tick.get_text() for tick in weights.get_yticklabels()] == ["embeddings", "layer.0", "head"]
    assert [bar.get_y() for bar in weights.patches] == sorted(bar.get_y() for bar in weights.patches)
    assert points(outputs.lines[0])[:2] == [(1, 0), (0.9, 1)] and np.isnan(outputs.lines[0].get_xdata()[2])


def test_forgetting_draws_the_old_task_beside_the_new(pair):
    table = pd.DataFrame(
        {"step": [0, 5, 10], "old_loss": [4.0, 4.5, 5.0], "old_perplexity": [55.0, 90.0, 148.0], "f1": [0.1, 0.5, 0.7]}
    )
    assert plots.forgetting(table, pair) == pair
    old, new = pair
    assert points(old.lines[0]) == [(0, 55), (5, 90), (10, 148)]
    assert points(new.lines[0]) == [(0, 0.1), (5, 0.5), (10, 0.7)]
    assert set(old.lines[1].get_ydata()) == {55} and set(new.lines[1].get_ydata()) == {0.1}
    assert (old.get_ylabel(), new.get_ylabel()) == ("old task: perplexity", "new task: f1")


def test_forgetting_without_a_score_before_has_no_line_for_it(pair):
    table = pd.DataFrame({"step": [0, 5], "old_loss": [4.0, 4.5], "old_accuracy": [0.5, 0.4], "loss": [np.nan, 2.0]})
    old, new = plots.forgetting(table, pair)
    assert old.get_ylabel() == "old task: accuracy" and points(new.lines[0]) == [(5, 2)] and len(new.lines) == 1


def test_the_pictures_make_their_own_axes():
    table = pd.DataFrame({"group": ["a"], "change": [0.1], "cka": [1.0]})
    for axes in (plots.movement(table), plots.forgetting(pd.DataFrame({"step": [0], "old_loss": [1.0], "f1": [0.1]}))):
        assert len(axes) == 2 and axes[0].figure is axes[1].figure and axes[0].figure.get_figwidth() == plots.WIDTH
