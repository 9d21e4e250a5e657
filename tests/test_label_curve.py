"""Label curves, and how many labels pretraining saves at equal accuracy, against curves worked out by hand."""

import fake_runs
import numpy as np
import pytest
from tiny import tiny_frame

import finetune_kit as ftk
from finetune_kit.comparisons import LabelCurve, Result
from finetune_kit.errors import ConfigError, DataError, UnknownNameError


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("FINETUNE_KIT_CACHE", str(tmp_path / "cache"))


def curve(scores, task=None, shifts=(0.0,)):
    """By method the scores at 10, 100 and 1,000 labels; every seed has its own shift of all of them."""
    metric = (task or ftk.TextClassification(names=["no", "yes"])).metric.name
    rows = [
        Result(method, "model", labels, seed, {metric: score + shift}, 1.0, 1.0)
        for method, column in scores.items()
        for labels, score in zip((10, 100, 1000), column, strict=True)
        for seed, shift in enumerate(shifts)
    ]
    return LabelCurve(task or ftk.TextClassification(names=["no", "yes"]), "toy", rows)


def test_saved_labels_by_hand():
    # Both reach 0.8: scratch with 1,000 labels, full halfway between 10 and 100 on the logarithmic axis.
    found = curve({"scratch": (0.5, 0.6, 0.8), "full": (0.7, 0.9, 0.95)}).saved()
    assert found.at == pytest.approx(0.8)
    assert found.labels == (pytest.approx(10**1.5), pytest.approx(1000))
    assert found.times.value == pytest.approx(10**1.5) and not found.bounded
    assert "one seed" in repr(found) and "31.6 times as many" in repr(found)


def test_saved_at_a_score_that_is_named():
    found = curve({"scratch": (0.5, 0.6, 0.8), "full": (0.7, 0.9, 0.95)}).saved(at=0.7)
    assert found.labels == (pytest.approx(10), pytest.approx(10**2.5)) and found.bounded
    assert "at least" in repr(found)
    turned = curve({"scratch": (0.5, 0.6, 0.8), "full": (0.7, 0.9, 0.95)}).saved("scratch", "full", at=0.75)
    assert turned.times.value == pytest.approx(10 ** (1.25 - 2.75))


def test_the_first_number_of_labels_that_reaches_a_score_counts():
    found = curve({"scratch": (0.5, 0.8, 0.6), "full": (0.6, 0.7, 0.9)}).saved()
    assert found.at == pytest.approx(0.8) and found.labels == (pytest.approx(10**2.5), pytest.approx(100))


def test_curves_that_never_meet_give_bounds():
    found = curve({"scratch": (0.3, 0.4, 0.5), "full": (0.7, 0.8, 0.9)}).saved()
    assert found.labels == (pytest.approx(10), pytest.approx(1000)) and found.bounded
    assert curve({"scratch": (0.3, 0.4, 0.5), "full": (0.7, 0.8, 0.9)}).saved(at=0.8).times.value == np.inf
    with pytest.raises(DataError, match=r"Neither full nor scratch reaches 0\.99"):
        curve({"scratch": (0.3, 0.4, 0.5), "full": (0.7, 0.8, 0.9)}).saved(at=0.99)


def test_of_a_metric_that_falls_the_lower_score_is_reached():
    found = curve({"scratch": (90, 70, 50), "full": (60, 40, 30)}, ftk.Completion()).saved()
    assert found.at == pytest.approx(50) and found.labels == (pytest.approx(10**1.5), pytest.approx(1000))


def test_seeds_that_move_both_curves_alike_leave_no_doubt():
    found = curve({"scratch": (0.5, 0.6, 0.8), "full": (0.7, 0.9, 0.95)}, shifts=(-0.02, 0.0, 0.03)).saved()
    assert (found.times.low, found.times.high) == pytest.approx((10**1.5, 10**1.5), rel=1e-6)
    assert found.times.basis == "3 seeds"


def test_the_interval_holds_the_number_and_narrows_with_seeds():
    draw = np.random.default_rng(0)

    def noisy(seeds):
        made = curve({"scratch": (0.5, 0.6, 0.8), "full": (0.7, 0.9, 0.95)}, shifts=(0.0,) * seeds)
        made.results = [
            Result(
                r.method, r.kind, r.labels, r.seed, {"accuracy": r.scores["accuracy"] + draw.normal(0, 0.01)}, 1.0, 1.0
            )
            for r in made.results
        ]
        return made.saved().times

    few, many = noisy(3), noisy(20)
    assert few.low < few.value < few.high and many.low < 10**1.5 < many.high
    assert many.high / many.low < few.high / few.low


def test_saved_wants_two_methods_at_two_numbers_of_labels():
    made = curve({"scratch": (0.5, 0.6, 0.8), "full": (0.7, 0.9, 0.95)})
    with pytest.raises(UnknownNameError, match="Did you mean 'full'"):
        made.saved("ful")
    made.results = [r for r in made.results if r.method == "scratch" or r.labels == 10]
    with pytest.raises(DataError, match=r"on \[10\] labels; expected two numbers or more"):
        made.saved()


def test_the_curve_runs_every_method_at_every_number_of_labels(folder, monkeypatch):
    task = ftk.TextClassification(tiny_frame())
    skill = {"scratch": 0.05, "full": 0.15}
    runs = fake_runs.install(
        monkeypatch, lambda c, split: min(1.0, 0.4 + skill[c.strategy] * np.log2((c.labels or 43) / 4))
    )
    made = ftk.label_curve(task, [8, 16, None], model=folder, seeds=2, epochs=1)
    assert isinstance(made, LabelCurve) and made.counts == [8, 16, 43] and len(runs.done) == 12
    assert [(c.seed, c.labels, c.strategy) for c in runs.done[:3]] == [
        (0, 8, "scratch"),
        (0, 8, "full"),
        (0, 16, "scratch"),
    ]
    found = made.saved()
    assert repr(found) in repr(made)
    assert found.times.value > 1 and found.times.examples == len(task.splits["test"])
    assert ftk.label_curve(task, [8, 16, None], model=folder, seeds=2, epochs=1).saved() == found
    assert len(runs.done) == 12


@pytest.mark.parametrize("labels", [[32], 32, []])
def test_one_number_of_labels_is_no_curve(labels):
    with pytest.raises(ConfigError, match="two or more"):
        ftk.label_curve("sentiment", labels)


def test_more_labels_than_the_data_has(folder):
    with pytest.raises(DataError, match="at most 42"):
        ftk.label_curve(ftk.TextClassification(tiny_frame()), [8, 512], model=folder)
