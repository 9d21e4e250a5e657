"""Comparisons: the same labels for every method, differences with their noise, and finished runs kept on disk."""

import dataclasses
import json
import shutil
import threading

import fake_runs
import numpy as np
import pytest
from safetensors.torch import load_file, save_file
from scipy import stats
from tiny import tiny_frame

import finetune_kit as ftk
from finetune_kit import training
from finetune_kit.comparisons import BASELINE, Comparison, Result, statistics, storing
from finetune_kit.errors import ConfigError, DataError, StorageError, UnknownNameError
from finetune_kit.history import History

SETTINGS = {"epochs": 2, "learning_rate": 1e-2, "batch_size": 8}
QUICK = {"baselines": False, "epochs": 1}


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch, tmp_path):
    """Each test finds no runs of another one."""
    monkeypatch.setenv("FINETUNE_KIT_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def comparison(task, folder):
    return ftk.compare(task, ["scratch", "full"], model=folder, labels=[8, 16], seeds=2, **SETTINGS)


def half(config, split):
    return 0.5


def made(task, scores, qualities=None, **more):
    """A comparison by hand: scores by method, one a seed, all with 8 labels."""
    rows = [
        Result(method, "model", 8, seed, {"accuracy": score}, 1.0, 1.0, qualities=qualities and qualities[method][seed])
        for method, column in scores.items()
        for seed, score in enumerate(column)
    ]
    return Comparison(task, "toy", rows, **more)


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
    assert comparison.table["labels"].is_monotonic_increasing


def test_one_cell_is_the_run_that_fine_tune_makes(comparison, task, folder):
    run = ftk.fine_tune(task, folder, "full", labels=16, seed=1, **SETTINGS)
    (cell,) = [r for r in comparison.results if (r.method, r.labels, r.seed) == ("full", 16, 1)]
    assert cell.scores == run.evaluate() and cell.validation == run.after
    assert cell.qualities.mean() == pytest.approx(cell.scores["accuracy"])
    assert cell.steps == run.history.total_steps == 4 and cell.config == run.config.to_dict()


def test_every_run_has_the_same_budget_and_it_is_told(comparison, task, folder, monkeypatch):
    assert comparison.budget == "2 steps with 8 labels; 4 steps with 16 labels"
    runs = fake_runs.install(monkeypatch, half)
    ftk.compare(task, ["scratch", "head"], model=folder, labels=[8, 40], seeds=1, steps=30, baselines=False)
    assert {c.labels: c.epochs for c in runs.done} == {8: 30, 40: 10}  # 1 and 3 batches of 16 a pass


def test_the_most_patient_strategy_sets_the_default_epochs_of_all(task, folder, monkeypatch):
    runs = fake_runs.install(monkeypatch, half)
    monkeypatch.setattr("finetune_kit.strategies.HeadOnly.patience", 3.0)
    ftk.compare(task, ["scratch", "head"], model=folder, labels=[16], seeds=1, baselines=False)
    assert [c.epochs for c in runs.done] == [120, 120]


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
    assert made.stopped and len(made.results) == 1 and "goes on" in repr(made)


def test_one_history_moves_over_all_runs_and_knows_the_time_left(task, folder, monkeypatch):
    fake_runs.install(monkeypatch, half, steps=4)
    history, seen = History(), []
    history.subscribe(lambda h: seen.append((h.step, h.phase, h.seconds_left)))
    ftk.compare(
        task, ["head", "full"], model=folder, labels=[16, 32], seeds=2, steps=8, **{"baselines": False}, history=history
    )
    steps = [step for step, _, _ in seen]
    assert steps == sorted(steps) and (history.step, history.total_steps) == (64, 64)
    assert {phase for _, phase, _ in seen} >= {"run 1 of 8: head, 16 labels, seed 0", "finished"}
    assert all(left is not None for step, phase, left in seen if step and phase.startswith("run"))


# --- the same seconds


@pytest.fixture
def paces(monkeypatch):
    """In place of a clock: a step of the head alone takes 0.04 s, one of all weights 0.08 s; and what was asked."""
    asked = []

    def timed(trainer):
        weights = sum(p.numel() for p in trainer.model.parameters() if p.requires_grad)
        asked.append(weights)
        return training.Timing(0.04 if weights < 1000 else 0.08, 0.05, 0)

    monkeypatch.setattr("finetune_kit.training.timed", timed)
    return asked


SECONDS = {"strategies": ["head", "full"], "labels": [8, 40], "baselines": False, "seconds": 1.0}


def test_each_run_gets_the_steps_that_fit_into_the_same_seconds(task, folder, monkeypatch, paces):
    runs = fake_runs.install(monkeypatch, half)
    ftk.compare(task, model=folder, seeds=2, **SECONDS)
    # 4 evaluations of 0.05 s leave 0.8 s: 20 steps of 0.04 s and 10 of 0.08 s; 40 labels are 3 batches of 16 a pass.
    assert [(c.strategy, c.labels, c.epochs) for c in runs.done[:4]] == [
        ("head", 8, 20), ("full", 8, 10), ("head", 40, pytest.approx(20 / 3)), ("full", 40, pytest.approx(10 / 3)),
    ]  # fmt: skip
    assert [c.epochs for c in runs.done[4:]] == [c.epochs for c in runs.done[:4]]  # with another seed the same
    assert len(paces) == 4


def test_the_seconds_and_the_steps_of_each_method_are_told(task, folder, monkeypatch, paces):
    found = ftk.compare(task, model=folder, seeds=1, epochs=None, **{**SECONDS, "labels": [16]})
    took = sorted(f"{r.seconds:.1f}" for r in found.results)
    measured = took[0] if took[0] == took[1] else " to ".join(sorted(took, key=float))
    assert found.budget == f"1 s of training, measured {measured} s (with 16 labels head 20 steps, full 10 steps)"
    assert f"Every run: {found.budget}." in repr(found) and f"Every run: {found.budget}." in found._repr_html_()
    assert dict(zip(found.table["method"], found.table["steps"], strict=True)) == {"head": 20, "full": 10}
    curve = ftk.label_curve(task, [8, 16], ["head", "full"], model=folder, seeds=1, seconds=1, baselines=False)
    assert "with 8 labels head 20 steps, full 10 steps; with 16 labels head" in curve.budget and curve.budget in repr(
        curve
    )


def test_the_schedule_of_a_run_in_seconds_ends_at_zero(task, folder, paces):
    history, rates = History(), []

    def watch(number, total, name, history):
        history.subscribe(
            lambda h: rates.append((h.step, h.total_steps, h.rows[-1].get("learning_rate"))) if h.rows else 0
        )

    ftk.compare(
        task, ["full"], model=folder, labels=[8], seeds=1, seconds=1, baselines=False, on_run=watch, history=history
    )
    step, steps, rate = next(one for one in reversed(rates) if one[2] is not None)
    assert (step, steps) == (10, 10) and rate == pytest.approx(3e-4 / 9)  # after it there is 0


def test_one_run_in_seconds_is_the_run_of_as_many_epochs(task, folder, paces):
    found = ftk.compare(task, ["head"], model=folder, labels=[16], seeds=1, seconds=0.75, baselines=False)
    run = ftk.fine_tune(task, folder, "head", labels=16, epochs=14)  # 0.5625 s, as evaluations count a quarter
    assert found.results[0].scores == run.evaluate() and found.results[0].steps == 14
    assert found.best == run.config


def test_a_second_call_goes_on_with_the_steps_of_the_first(task, folder, monkeypatch, paces):
    runs = fake_runs.install(monkeypatch, half)
    first = ftk.compare(task, model=folder, seeds=1, **SECONDS)
    times = iter(np.linspace(0.005, 0.01, 10))
    monkeypatch.setattr("finetune_kit.training.timed", lambda trainer: training.Timing(next(times), 0.05, 0))
    again = ftk.compare(task, model=folder, seeds=2, **SECONDS)
    assert len(runs.done) == 8 and [c.epochs for c in runs.done[4:]] == [c.epochs for c in runs.done[:4]]
    assert [r for r in again.results if r.kept] == [dataclasses.replace(r, kept=True) for r in first.results]
    ftk.compare(task, model=folder, seeds=1, **{**SECONDS, "seconds": 2.0})
    assert len(runs.done) == 12 and runs.done[-1].epochs != runs.done[0].epochs
    ftk.compare(task, model=folder, seeds=2, fresh=True, **SECONDS)
    anew = [c.epochs for c in runs.done[-8:]]
    assert anew[:4] == anew[4:] != [c.epochs for c in runs.done[:4]]  # timed anew, and once for both seeds
    ftk.compare(task, model=folder, seeds=1, **{**SECONDS, "seconds": 1})
    assert len(runs.done) == 20


def test_runs_in_steps_and_in_seconds_are_kept_apart(task, folder, monkeypatch, paces):
    runs = fake_runs.install(monkeypatch, half)
    given = {"strategies": ["head"], "model": folder, "labels": [8], "seeds": 1, "baselines": False}
    timed, counted = ftk.compare(task, seconds=1, **given), ftk.compare(task, steps=20, **given)
    assert [c.epochs for c in runs.done] == [20, 20]
    assert [c.results[0].allowed for c in (timed, counted)] == [1, None] and "training" not in counted.budget
    again = ftk.compare(task, steps=20, **given)
    assert len(runs.done) == 2 and again.budget == counted.budget


def test_a_stop_while_it_is_timed_keeps_what_there_is(task, folder, monkeypatch, paces):
    runs = fake_runs.install(monkeypatch, half)
    stop, history = threading.Event(), History()
    ftk.compare(task, model=folder, seeds=1, **{**SECONDS, "strategies": ["full"]})
    history.subscribe(lambda h: stop.set() if h.phase.startswith("timing head, 8") else None)
    found = ftk.compare(task, model=folder, seeds=1, history=history, stop=stop, **SECONDS)
    assert found.stopped and found.methods == ["full"] and len(runs.done) == 2 and history.phase == "stopped"
    assert len(ftk.compare(task, model=folder, seeds=1, **SECONDS).results) == 4 and len(runs.done) == 4


def test_runs_of_the_same_seconds_count_the_same_in_the_progress(task, folder, monkeypatch, paces):
    fake_runs.install(monkeypatch, half)
    history, seen = History(), {}
    history.subscribe(lambda h: seen.setdefault(h.phase, h.step))
    ftk.compare(task, model=folder, seeds=1, history=history, **{**SECONDS, "labels": [8]})
    assert seen["run 2 of 2: full, 8 labels, seed 0"] == history.total_steps / 2


def test_seconds_too_few_for_a_training_are_refused_before_the_first_run(task, folder, monkeypatch, paces):
    runs = fake_runs.install(monkeypatch, half)
    with pytest.raises(ConfigError, match=r"'head' with 8 labels takes 0\.04 s a step, so that 7 fit; expected 0\.53"):
        ftk.compare(task, model=folder, seeds=1, **{**SECONDS, "seconds": 0.4})
    assert not runs.done


def test_the_trainer_of_the_run_itself_is_timed(task, folder, monkeypatch):
    fake_runs.install(monkeypatch, half)
    timed, found = training.timed, []

    def kept(trainer):
        found.append((timed(trainer), trainer.args.per_device_train_batch_size, len(trainer.train_dataset)))
        return training.Timing(0.01, 0.05, 0)  # for on a slow machine no step fits

    monkeypatch.setattr("finetune_kit.training.timed", kept)
    ftk.compare(task, ["head"], model=folder, labels=[8], seeds=1, seconds=1, batch_size=4, baselines=False)
    ((timing, batch, examples),) = found
    assert timing.step > 0 and timing.evaluation > 0 and (batch, examples) == (4, 8)


# --- kept runs


def test_a_second_call_repeats_no_run(task, folder, monkeypatch):
    runs = fake_runs.install(monkeypatch, lambda config, split: 0.9 if config.strategy == "full" else 0.6)
    first = ftk.compare(task, model=folder, seeds=2, **QUICK)
    assert len(runs.done) == 4
    again = ftk.compare(task, model=folder, seeds=3, **QUICK)
    assert fake_runs.keys(runs.done[4:]) == [(s, None, 2, None, 16) for s in ("scratch", "full")]
    kept = [r for r in again.results if r.kept]
    assert kept == [dataclasses.replace(r, kept=True) for r in first.results]
    for old, new in zip(first.results, kept, strict=True):
        np.testing.assert_array_equal(old.qualities, new.qualities)


def test_after_a_stop_only_what_is_missing_is_run(task, folder, monkeypatch):
    stop = threading.Event()
    runs = fake_runs.install(monkeypatch, half, at=lambda run, step: stop.set() if (run, step) == (2, 3) else None)
    plan = {"model": folder, "labels": [8, 16], "seeds": 2, **QUICK}
    first = ftk.compare(task, stop=stop, **plan)
    assert first.stopped and len(first.results) == 2 and len(runs.done) == 3
    second = ftk.compare(task, **plan)
    assert not second.stopped and len(second.results) == 8
    finished = fake_runs.keys([*runs.done[:2], *runs.done[3:]])
    assert len(finished) == len(set(finished)) == 8 and fake_runs.keys(runs.done)[2] in finished


def test_fresh_runs_all_again_and_keeps_what_it_finds(task, folder, monkeypatch):
    fake_runs.install(monkeypatch, half)
    ftk.compare(task, model=folder, seeds=1, **QUICK)
    runs = fake_runs.install(monkeypatch, lambda config, split: 1.0)
    assert {r.scores["accuracy"] for r in ftk.compare(task, model=folder, seeds=1, fresh=True, **QUICK).results} == {1}
    kept = ftk.compare(task, model=folder, seeds=1, **QUICK)
    assert len(runs.done) == 2 and {r.scores["accuracy"] for r in kept.results} == {1}


def another_row():
    frame = tiny_frame()
    frame.loc[7, "text"] += " so"
    return {"task": ftk.TextClassification(frame)}


def another_label():
    frame = tiny_frame()
    frame.loc[7, "label"] = "negative"
    return {"task": ftk.TextClassification(frame)}


class Louder(ftk.TextClassification):
    """A task of the user's own."""


CHANGES = {
    "row": another_row,
    "label": another_label,
    "class": lambda: {"task": Louder(tiny_frame())},
    "epochs": lambda: {"epochs": 2},
    "batch size": lambda: {"batch_size": 4},
    "length": lambda: {"max_length": 16},
    "labels": lambda: {"labels": [30]},
    "strategy": lambda: {"strategies": ["lora-2"]},
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_is_run_again(task, folder, monkeypatch, change):
    runs = fake_runs.install(monkeypatch, half)
    given = {"task": task, "strategies": ["lora"], "model": folder, "seeds": 1, **QUICK}
    ftk.compare(**given)
    ftk.compare(**given)
    assert len(runs.done) == 1
    ftk.compare(**{**given, **CHANGES[change]()})
    assert len(runs.done) == 2


def test_other_weights_are_run_again_and_a_copy_of_the_same_is_not(task, folder, monkeypatch, tmp_path):
    runs = fake_runs.install(monkeypatch, half)
    copy = shutil.copytree(folder, tmp_path / "copy")
    ftk.compare(task, ["full"], model=folder, seeds=1, **QUICK)
    ftk.compare(task, ["full"], model=str(copy), seeds=1, **QUICK)
    assert len(runs.done) == 1
    weights = load_file(copy / "model.safetensors")
    name = sorted(weights)[0]
    weights[name] = weights[name] + 1e-3
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    ftk.compare(task, ["full"], model=str(copy), seeds=1, **QUICK)
    assert len(runs.done) == 2


def test_another_default_learning_rate_is_run_again(task, folder, monkeypatch):
    runs = fake_runs.install(monkeypatch, half)
    given = {"task": task, "strategies": ["lora"], "model": folder, "seeds": 1, **QUICK}
    ftk.compare(**given)
    monkeypatch.setattr(ftk.LoRA, "learning_rates", (1e-3, 1e-4))
    ftk.compare(**given)
    ftk.compare(**given)
    assert len(runs.done) == 2


def test_a_picture_task_with_another_augmentation_is_another_task():
    same = [ftk.ImageClassification(names=["a", "b"], augment=["flip"]) for _ in range(2)]
    other = ftk.ImageClassification(names=["a", "b"], augment=["crop"])
    texts = [json.dumps(storing.described(one)) for one in (*same, other)]
    assert texts[0] == texts[1] != texts[2] and " at 0x" not in texts[0]


def test_results_lie_in_the_folder_that_is_named(task, folder, monkeypatch, tmp_path):
    runs = fake_runs.install(monkeypatch, half)
    ftk.compare(task, ["full"], model=folder, seeds=1, cache=tmp_path / "mine", **QUICK)
    (file,) = [path for path in (tmp_path / "mine").iterdir() if path.name != storing.MARK]
    held = json.loads(file.read_text(encoding="utf-8"))
    assert held["made_of"]["settings"]["epochs"] == 1 and held["result"]["method"] == "full" and held["versions"]
    assert not (tmp_path / "cache").exists()
    ftk.compare(task, ["full"], model=folder, seeds=1, **QUICK)
    assert len(runs.done) == 2


def test_a_folder_of_another_format_is_refused(task, folder, monkeypatch, tmp_path):
    runs = fake_runs.install(monkeypatch, half)
    (tmp_path / storing.MARK).write_text(json.dumps({"format": 99, "by": "finetune-kit 9.9"}), encoding="utf-8")
    for fresh in (False, True):
        with pytest.raises(StorageError, match=r"another format \(99, written by finetune-kit 9\.9\).*cache="):
            ftk.compare(task, model=folder, cache=tmp_path, fresh=fresh, **QUICK)
    (tmp_path / storing.MARK).write_text("{", encoding="utf-8")
    with pytest.raises(StorageError, match="another format"):
        ftk.compare(task, model=folder, cache=tmp_path, **QUICK)
    assert not runs.done


def test_a_folder_that_cannot_be_written_is_refused(task, folder, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"Cannot keep results in .*file.*FINETUNE_KIT_CACHE"):
        ftk.compare(task, model=folder, cache=tmp_path / "file" / "cache", **QUICK)


def test_a_spoilt_file_is_told_and_run_again(task, folder, monkeypatch, tmp_path):
    runs = fake_runs.install(monkeypatch, half)
    given = {"model": folder, "seeds": 1, "cache": tmp_path, **QUICK}
    ftk.compare(task, ["full"], **given)
    (file,) = [path for path in tmp_path.iterdir() if path.suffix == ".json" and path.name != storing.MARK]
    file.write_text(file.read_text(encoding="utf-8")[:50], encoding="utf-8")
    with pytest.warns(UserWarning, match="done again"):
        ftk.compare(task, ["full"], **given)
    assert len(runs.done) == 2 and json.loads(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
def test_the_default_folder_is_the_platforms(monkeypatch, system, tmp_path):
    monkeypatch.delenv("FINETUNE_KIT_CACHE")
    monkeypatch.setattr("sys.platform", system)
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path)
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    parts = {"linux": ".cache", "darwin": "Library/Caches", "win32": "AppData/Local"}
    assert storing.cache_folder().is_relative_to(tmp_path / parts[system])
    assert "finetune-kit" in storing.cache_folder().parts
    monkeypatch.setenv("FINETUNE_KIT_CACHE", str(tmp_path / "named"))
    assert storing.default_folder().parent == tmp_path / "named"


# --- differences


def test_over_seeds_alone_the_interval_is_students():
    seeds = np.array([[0.50, 0.71], [0.52, 0.69], [0.60, 0.74], [0.55, 0.80]])
    found = statistics.difference(seeds)
    differences = seeds[:, 1] - seeds[:, 0]
    low, high = stats.t.interval(0.95, 3, differences.mean(), stats.sem(differences))
    assert found.value == pytest.approx(differences.mean())
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.012)
    assert found.basis == "4 seeds"


def test_over_examples_alone_the_interval_is_the_bootstraps():
    draw = np.random.default_rng(3)
    right = np.stack([draw.random(400) < 0.6, draw.random(400) < 0.75]).astype(float)
    found = statistics.difference(right.mean(axis=1)[None], right)
    oracle = stats.bootstrap((right[1] - right[0],), np.mean, method="percentile").confidence_interval
    assert (found.low, found.high) == pytest.approx((oracle.low, oracle.high), abs=0.012)
    assert found.basis == "1 seed and 400 test examples"


def test_examples_are_resampled_in_pairs():
    right = np.tile(np.random.default_rng(0).random(200) < 0.5, (2, 1)).astype(float)
    found = statistics.difference(right.mean(axis=1)[None], right)
    assert (found.value, found.low, found.high) == (0, 0, 0)


def test_three_seeds_cover_the_truth_as_often_as_they_say():
    # Two equal methods whose seeds differ more than their examples: a bootstrap of three seeds misses every fourth.
    draw, hits, rounds, number = np.random.default_rng(0), 0, 150, 100
    for _ in range(rounds):
        base = draw.normal(0, 1, number)
        skill = base + draw.normal(0, 0.6, (2, 3, 1))
        right = (draw.random((2, 3, number)) < 1 / (1 + np.exp(-skill))).astype(float)
        found = statistics.difference(right.mean(axis=2).T, right.mean(axis=1))
        hits += not found.excludes(0)
    assert hits / rounds > 0.92


def test_one_seed_without_examples_knows_no_noise(task):
    found = made(task, {"scratch": [0.5], "full": [0.8]})
    assert found.differences()["verdict"].tolist() == ["unknown"]
    assert found.sentences() == [
        "With 8 labels full is 30.0 points of accuracy above scratch; whether that is more than noise, "
        "one seed cannot tell."
    ]


def test_a_difference_is_called_better_worse_or_noise(task):
    scores = {
        "scratch": [0.5, 0.52, 0.48],
        "full": [0.8, 0.83, 0.79],
        "head": [0.52, 0.45, 0.57],
        "lora": [0.3, 0.31, 0.29],
    }
    found = made(task, scores)
    verdicts = dict(zip(found.differences()["method"], found.differences()["verdict"], strict=True))
    assert verdicts == {"full": "better", "head": "within the noise", "lora": "worse"}
    assert any("within the noise" in line and "3 seeds" in line for line in found.sentences())
    assert "within the noise" in repr(found) and "within the noise" in found._repr_html_()
    turned = found.differences(against="full")
    assert set(turned["against"]) == {"full"} and (turned["verdict"] == "worse").all()
    with pytest.raises(UnknownNameError, match="Did you mean 'full'"):
        found.differences(against="ful")


def test_of_a_metric_that_falls_the_lower_is_better():
    task = ftk.Completion()
    rows = [
        Result(
            name,
            "model",
            8,
            seed,
            {"perplexity": value + seed},
            1.0,
            1.0,
            {"perplexity": value},
            config={"strategy": name},
        )
        for name, value in (("scratch", 90.0), ("full", 40.0))
        for seed in range(3)
    ]
    found = Comparison(task, "toy", rows)
    assert found.differences()["verdict"].tolist() == ["better"]
    assert found.sentences()[0].startswith("With 8 labels full is 50.0 in perplexity below scratch: better")
    assert found.best.strategy == "full"


def test_examples_count_only_where_the_score_is_their_mean(task):
    right = {"scratch": [np.array([1.0, 0, 1, 0])] * 2, "full": [np.array([1.0, 1, 1, 0])] * 2}
    with_them = made(task, {"scratch": [0.5, 0.5], "full": [0.75, 0.75]}, right)
    without = made(task, {"scratch": [0.5, 0.5], "full": [0.7, 0.7]}, right)
    assert [c.difference("full", "scratch", 8).examples for c in (with_them, without)] == [4, 0]


def test_only_seeds_that_both_have_are_paired(task):
    found = made(task, {"scratch": [0.5, 0.6, 0.1], "full": [0.7, 0.8]})
    assert found.difference("full", "scratch", 8).value == pytest.approx(0.2)
    found.results = [r for r in found.results if (r.method, r.seed) not in {("full", 0), ("full", 1)}]
    found.results.append(Result("full", "model", 8, 7, {"accuracy": 0.9}, 1.0, 1.0))
    with pytest.raises(DataError, match="No seed"):
        found.difference("full", "scratch", 8)


def test_the_best_is_chosen_by_the_validation_split(task, folder, monkeypatch):
    shares = {
        ("scratch", "validation"): 0.9,
        ("scratch", "test"): 0.4,
        ("full", "validation"): 0.7,
        ("full", "test"): 1.0,
    }
    fake_runs.install(monkeypatch, lambda config, split: shares[config.strategy, split])
    found = ftk.compare(task, model=folder, seeds=2, **QUICK)
    assert found.best.strategy == "scratch" and found.best.epochs == 1
    with pytest.raises(DataError, match="no trained run"):
        Comparison(task, "toy").best  # noqa: B018


# --- side by side


def test_comparisons_of_two_models_are_joined(task, folder, monkeypatch, tmp_path):
    fake_runs.install(monkeypatch, half)
    other = str(shutil.copytree(folder, tmp_path / "mine"))
    given = {"seeds": 2, "epochs": 1}
    both = ftk.compare(task, ["full"], model=folder, **given).joined(ftk.compare(task, ["full"], model=other, **given))
    assert both.methods[:2] == ["full (tiny)", "full (mine)"] and "majority class" in both.methods
    assert len(both.cell("majority class", len(task.splits["train"]))) == 2
    assert both.difference("full (mine)", "full (tiny)", both.counts[0]).value == 0


def test_comparisons_on_other_data_are_refused_with_what_differs(task, folder, monkeypatch):
    fake_runs.install(monkeypatch, half)
    first = ftk.compare(task, ["full"], model=folder, seeds=1, **QUICK)
    smaller = ftk.compare(ftk.TextClassification(tiny_frame(50)), ["head"], model=folder, seeds=1, **QUICK)
    with pytest.raises(DataError, match=r"the split 'train': 43 rows here, 3\d rows there"):
        first.joined(smaller)
    changed = ftk.compare(another_label()["task"], ["head"], model=folder, seeds=1, **QUICK)
    with pytest.raises(DataError, match="rows each, not the same"):
        first.joined(changed)
    with pytest.raises(DataError, match="made by hand"):
        first.joined(Comparison(task, folder))
    with pytest.raises(ConfigError, match="Both hold full"):
        first.joined(first)
    same = ftk.compare(task, ["head"], model=folder, seeds=1, **QUICK)
    assert first.joined(same).methods == ["full", "head"]


def test_two_runs_are_paired_by_example_and_other_data_refused(task, folder):
    settings = {"model": folder, "labels": 8, "epochs": 1, "learning_rate": 1e-2}
    first, second = (ftk.fine_tune(task, strategy=s, **settings) for s in ("head", "full"))
    found = ftk.paired(first, second)
    assert found.value == pytest.approx(second.after["accuracy"] - first.after["accuracy"])
    assert found.low <= found.value <= found.high and found.examples == len(task.splits["validation"])
    assert ftk.paired(first, first).excludes(0) is False
    other = ftk.fine_tune(ftk.TextClassification(tiny_frame(50)), strategy="head", **settings)
    with pytest.raises(DataError, match=r"the split 'validation': 8 rows here, 6 rows there"):
        ftk.paired(first, other)
    with pytest.raises(DataError, match="has no split 'extra'"):
        ftk.paired(first, second, "extra")


# --- bad input


@pytest.mark.parametrize(
    "arguments, error, words",
    [
        ({"seeds": 0}, ConfigError, "seeds=0"),
        ({"seeds": [1, 1]}, ConfigError, "different"),
        ({"strategies": ["ful"]}, UnknownNameError, "Did you mean 'full'"),
        ({"strategies": ["full", "full"]}, ConfigError, "more than once"),
        ({"strategies": "full"}, ConfigError, r"strategies=\['full'\]"),
        ({"labels": [8, 5000]}, DataError, "at most"),
        ({"labels": 8}, ConfigError, r"labels=\[8\]"),
        ({"labels": [43, None]}, ConfigError, "the same"),
        ({"steps": 10, "epochs": 1}, ConfigError, "one of them"),
        ({"steps": 0}, ConfigError, "steps=0"),
        ({"steps": 10, "seconds": 5}, ConfigError, "seconds=5 and steps=10: expected one of them"),
        ({"seconds": 5, "epochs": 1}, ConfigError, "seconds=5 and epochs=1: expected one of them"),
        ({"seconds": 0}, ConfigError, "seconds=0"),
        ({"seconds": "ten"}, ConfigError, "seconds='ten'"),
        ({"seconds": float("nan")}, ConfigError, "seconds=nan"),
        ({"seed": 3}, ConfigError, "seeds="),
        ({"strategy": "full"}, ConfigError, "strategies="),
        ({"learning_rat": 1}, UnknownNameError, "Did you mean 'learning_rate'"),
    ],
)
def test_bad_input_is_known_before_the_first_run(task, folder, arguments, error, words):
    started = []
    with pytest.raises(error, match=words):
        ftk.compare(task, model=folder, on_run=lambda *call: started.append(call), **arguments)
    assert not started


def test_a_strategy_as_a_value_keeps_its_settings(task, folder, monkeypatch):
    runs = fake_runs.install(monkeypatch, half)
    found = ftk.compare(task, [ftk.LastLayers(1), ftk.LastLayers(2)], model=folder, seeds=1, **QUICK)
    assert [c.strategy for c in runs.done] == found.methods == ["last-1", "last-2"]


def test_baselines_are_no_reference_unless_asked(comparison):
    assert set(comparison.differences()["against"]) == {"scratch"}
    assert BASELINE in {r.kind for r in comparison.results}
    assert all("majority" not in line for line in comparison.sentences())
