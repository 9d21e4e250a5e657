"""The learning-rate range test: which rates were tried, when it ends, what it suggests."""

import threading

import numpy as np
import pytest
from tiny import tiny_frame, write_tiny_bert

import finetune_kit as ftk
from finetune_kit.comparisons import rates
from finetune_kit.errors import ConfigError
from finetune_kit.history import History


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    """A tiny BERT that learns in few steps."""
    return str(write_tiny_bert(tmp_path_factory.mktemp("wide"), spread=0.3))


@pytest.fixture(scope="module")
def found(task, wide):
    return ftk.lr_range(task, wide, low=1e-5, high=0.3, steps=40, batch_size=8)


def test_the_rates_rise_exponentially(found):
    ratios = found.rates[1:] / found.rates[:-1]
    np.testing.assert_allclose(ratios, (0.3 / 1e-5) ** (1 / 39))
    assert found.rates[0] == pytest.approx(1e-5) and len(found.rates) == len(found.losses) == len(found.smoothed)


def test_the_optimiser_follows_the_rates(task, wide, monkeypatch):
    import torch

    seen = []
    step = torch.optim.AdamW.step
    monkeypatch.setattr(
        torch.optim.AdamW,
        "step",
        lambda self, *a, **k: (seen.append(self.param_groups[0]["lr"]), step(self, *a, **k))[1],
    )
    made = ftk.lr_range(task, wide, "head-then-full", low=1e-5, high=0.1, steps=24, batch_size=8)
    np.testing.assert_allclose(seen, made.rates, rtol=1e-6)


def test_the_loss_falls_and_the_suggestion_lies_before_its_lowest(found):
    lowest = found.rates[np.nanargmin(found.smoothed)]
    assert np.nanmin(found.smoothed) < 0.9 * found.smoothed[0]
    assert found.suggested == pytest.approx(lowest / 10)
    assert f"{found.suggested:.1g}" in repr(found)


def test_the_running_mean_is_adams():
    losses = np.array([3.0, 1.0, 2.0])
    by_hand = [3.0, (0.1 * 1 + 0.09 * 3) / (1 - 0.81), (0.1 * 2 + 0.09 * 1 + 0.081 * 3) / (1 - 0.729)]
    np.testing.assert_allclose(rates.smoothed(losses), by_hand)


def test_a_loss_that_never_falls_gives_no_suggestion():
    assert rates.suggestion(np.geomspace(1e-6, 1, 30), np.full(30, 0.7)) is None
    rising = np.linspace(0.7, 3, 30)
    assert rates.suggestion(np.geomspace(1e-6, 1, 30), rising) is None


@pytest.mark.parametrize("last, diverged", [(1.0, False), (30.0, True), (float("nan"), True), (float("inf"), True)])
def test_it_ends_where_the_loss_leaves_its_lowest_far_behind(last, diverged):
    assert rates._diverged(np.array([1.0] * 25 + [last] * 3)) is diverged


def test_a_step_that_is_wild_is_no_divergence():
    assert not rates._diverged(np.array([1.0] * 25 + [8.0]))


def test_the_model_is_thrown_away_and_the_validation_split_not_looked_at(task, wide, monkeypatch):
    from finetune_kit import training

    def refuse(*args, **kwargs):
        raise AssertionError("predicted")

    monkeypatch.setattr(training, "predict", refuse)
    made = ftk.lr_range(task, wide, low=1e-4, high=0.01, steps=20, batch_size=8)
    assert not any(hasattr(value, "parameters") for value in vars(made).values())
    assert made.suggested is None or made.suggested > 0


def test_stopped_early_it_keeps_what_there_is_or_says_what_is_missing(task, wide):
    def stopped_at(step):
        stop, history = threading.Event(), History()
        history.subscribe(lambda h: stop.set() if h.step >= step else None)
        return ftk.lr_range(task, wide, steps=60, batch_size=8, history=history, stop=stop)

    assert 24 <= len(stopped_at(24).losses) <= 26
    with pytest.raises(ConfigError, match="ended after"):
        stopped_at(5)


@pytest.mark.parametrize(
    "settings, words",
    [
        ({"low": 0}, "low=0"),
        ({"high": 2}, "high=2"),
        ({"low": 0.1, "high": 0.2}, "ten times"),
        ({"steps": 5}, "20 or more"),
        ({"learning_rate": 1e-3}, "low= and high="),
        ({"epochs": 3}, "steps="),
    ],
)
def test_a_range_that_makes_no_curve_is_refused(settings, words):
    with pytest.raises(ConfigError, match=words):
        ftk.lr_range(ftk.TextClassification(tiny_frame()), **settings)
