"""Comparisons that look back: what each method has left of the old task, in table, words and on disk."""

import fake_runs
import numpy as np
import pytest
from tiny import write_tiny_bert
from tiny_vision import tiny_pictures, write_tiny_resnet

import finetune_kit as ftk
from finetune_kit import forgetting
from finetune_kit.comparisons import Comparison, Result
from finetune_kit.errors import ConfigError
from finetune_kit.history import History
from finetune_kit.metrics import LOSS

SETTINGS = {"labels": [16], "epochs": 3, "learning_rate": 1e-2, "batch_size": 8}


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("FINETUNE_KIT_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    return str(write_tiny_bert(tmp_path_factory.mktemp("models") / "bert", spread=0.2))


def looked(method, seed, score, before, after, labels=8):
    """A result by hand, whose old task is masked words."""
    scores, both = {"accuracy": score}, ({"old_loss": 1.0, "old_perplexity": p} for p in (before, after))
    old = dict(zip(("old_before", "old_after"), both, strict=True)) if after else {}
    return Result(method, "model", labels, seed, scores, 1.0, 1.0, steps=4, **old)


def test_the_old_score_is_that_of_the_weights_that_were_kept(bert, task):
    given = {"model": bert, "seeds": 1, "baselines": False, **SETTINGS}
    found = ftk.compare(task, ["scratch", "head", "full"], forgetting=True, **given)
    old = forgetting.old_task(bert)
    untouched = old.measure(old.model, whole=True)
    run = ftk.fine_tune(task, bert, "full", **{**SETTINGS, "labels": 16})  # which does not look back
    by_method = {r.method: r for r in found.results}
    assert by_method["full"].old_before == pytest.approx(untouched) == by_method["head"].old_after
    assert by_method["full"].old_after == pytest.approx(old.measure(run.model)) != pytest.approx(untouched)
    assert by_method["full"].scores == run.evaluate()
    assert by_method["scratch"].old_after == {} and by_method["scratch"].config.get("forgetting") is None
    table = found.table.set_index("method")
    assert np.isnan(table.loc["scratch", "old_perplexity"])
    assert table.loc["head", "old_perplexity"] == pytest.approx(untouched["old_perplexity"])
    again = ftk.compare(task, ["scratch", "head", "full"], forgetting=True, **given)
    assert all(r.kept for r in again.results) and again.table.equals(found.table)
    without = ftk.compare(task, ["full"], **given)
    assert not without.results[0].kept and without.old_metric is None
    assert "old_perplexity" not in without.table and without.results[0].scores == by_method["full"].scores


def test_before_and_after_by_hand():
    history = History()
    rows = [(None, 5.0), (0.6, 7.0), (0.9, 8.0), (0.9, 9.0), (0.7, 10.0)]
    for step, (accuracy, old) in enumerate(rows):
        history.log(step, 0.0, **({} if accuracy is None else {"validation_accuracy": accuracy}), old_loss=old)
    accuracy = ftk.TextClassification(names=["no", "yes"]).chooses
    assert forgetting.before_and_after(history, accuracy) == ({"old_loss": 5.0}, {"old_loss": 8.0})  # the first best
    losses = History()
    for step, (loss, old) in enumerate([(None, 5.0), (3.0, 6.0), (1.0, 7.0), (2.0, 8.0)]):
        losses.log(step, 0.0, **({} if loss is None else {"validation_loss": loss}), old_loss=old)
    assert forgetting.before_and_after(losses, LOSS)[1] == {"old_loss": 7.0}
    assert forgetting.before_and_after(History(), accuracy) == ({}, {})


def test_table_and_words_have_mean_and_spread_over_the_seeds(task):
    rows = [
        *(looked("full", seed, 0.8, 40.0, after) for seed, after in enumerate((50.0, 54.0))),
        *(looked("head", seed, 0.6, 40.0, 40.0) for seed in range(2)),
        *(looked("scratch", seed, 0.5, 0, 0) for seed in range(2)),
    ]
    found = Comparison(task, "toy", rows)
    table = found.table.set_index("method")
    assert table.loc["full", "old_perplexity"] == 52 and table.loc["full", "old_spread"] == pytest.approx(8**0.5)
    assert table.loc["head", "old_spread"] == 0 and table.loc["scratch", ["old_perplexity", "old_spread"]].isna().all()
    words = (
        "The old task's perplexity (lower is better), 40.0 before fine-tuning: "
        "with 8 labels full 52.0 ± 2.8, head 40.0 ± 0.0."
    )
    assert words in found.said() and words in repr(found)
    more = Comparison(task, "toy", [*rows, looked("full", 0, 0.9, 40.0, 80.0, labels=32)])
    assert more.notes()[-1].endswith("; with 32 labels full 80.0.")
    other = Comparison(task, "toy", [*rows, looked("full (other)", 0, 0.9, 30.0, 60.0)])
    assert "before fine-tuning → after: with 8 labels full 40.0 → 52.0 ± 2.8" in other.notes()[-1]
    assert other.notes()[-1].endswith(", full (other) 30.0 → 60.0.")


def test_old_scores_are_shown_as_what_they_are():
    shown = [forgetting.shown(n, 0.51234) for n in ("old_accuracy", "old_loss", "old_perplexity")]
    assert shown == ["51.2%", "0.512", "0.5"]
    assert forgetting.in_words("old_ap50") == "ap50 (higher is better)"
    assert forgetting.headline(["old_loss", "old_accuracy"]) == "old_accuracy" and forgetting.headline([]) is None


def test_what_starts_from_random_weights_is_not_asked(bert, task, monkeypatch):
    runs = fake_runs.install(monkeypatch, lambda config, split: 0.5)
    ftk.compare(task, ["scratch", "lora"], model=bert, seeds=1, baselines=False, forgetting=True, epochs=1)
    assert {c.strategy: c.forgetting for c in runs.done} == {"scratch": False, "lora": True}
    with pytest.raises(ConfigError, match=r"scratch starts from random weights.*'full'"):
        ftk.compare(task, ["scratch"], model=bert, seeds=1, forgetting=True)
    assert len(runs.done) == 2


def test_an_old_task_that_is_not_known_is_said_before_the_first_run(tmp_path, monkeypatch):
    runs = fake_runs.install(monkeypatch, lambda config, split: 0.5)
    resnet = str(write_tiny_resnet(tmp_path / "resnet"))
    with pytest.raises(ConfigError, match=r"what '.*' was pretrained for is not known"):
        ftk.compare(ftk.ImageClassification(tiny_pictures()), model=resnet, seeds=1, forgetting=True)
    assert not runs.done
