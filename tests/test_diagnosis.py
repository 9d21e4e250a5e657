"""Diagnosis: each rule is provoked, and kept silent by what only resembles its case; a healthy run is called so."""

from collections import Counter
from dataclasses import replace

import datasets
import numpy as np
import pandas as pd
import pytest
import torch
from image_files import noise
from scipy.stats import binom
from tiny import tiny_frame, tiny_works, write_tiny_gpt2
from tiny_sound import tiny_sounds, write_tiny_wav2vec2
from toys import bert

import finetune_kit as ftk
from finetune_kit import checkpoints, data, diagnosis
from finetune_kit.diagnosis import Copy, Cut, Facts, gather, judge, movement
from finetune_kit.diagnosis.facts import copies
from finetune_kit.errors import ModelError
from finetune_kit.history import History
from finetune_kit.inspection.reading import Reading

NAMES = ["no", "yes"]


def part(name, labels, names=NAMES):
    """A split of distinct texts under these labels."""
    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=names)})
    texts = [f"{name} example {row}" for row in range(len(labels))]
    return datasets.Dataset.from_dict({"text": texts, "label": list(labels)}, features=features)


def logits(answers, classes=2):
    return 4 * np.eye(classes, dtype=np.float32)[np.asarray(answers)]


def mistaken(truth, wrong):
    """The truth of two classes, of which the first `wrong` answers of each class are not right."""
    answers = np.array(truth)
    for label in (0, 1):
        answers[np.flatnonzero(np.array(truth) == label)[:wrong]] = 1 - label
    return answers


def told(train, validation, accuracy=()):
    """A history of 40 steps: the training losses spread over them, validation losses and scores at equal distances."""
    rows = [{"step": 1 + 40 * i // len(train), "train_loss": loss} for i, loss in enumerate(train)]
    rows += [{"step": 40 * (i + 1) // len(validation), "validation_loss": loss} for i, loss in enumerate(validation)]
    rows += [{"step": 40 * (i + 1) // len(accuracy), "validation_accuracy": x} for i, x in enumerate(accuracy)]
    rows = sorted(rows, key=lambda row: row["step"])
    return History([{"epoch": 1.0, "seconds": 1.0, **row} for row in rows], 40)


LEARNT = told(np.linspace(0.7, 0.2, 20), [0.6, 0.4, 0.33, 0.32])
STILL = told([0.693] * 20, [0.693] * 4)
MOVED = {"embeddings": 0.01, "layer.0": 0.03, "head": 0.9}
HELD_OUT = [0, 1] * 30


@pytest.fixture(scope="module")
def healthy():
    """60 validation examples of two classes, of which 30 were right before and 54 are after."""
    splits = {
        "train": part("train", [0, 1] * 50),
        "validation": part("validation", HELD_OUT),
        "test": part("t", [0, 1]),
    }
    task = ftk.TextClassification(names=NAMES)
    task.splits = datasets.DatasetDict(splits)
    before, after = logits([0] * 60), logits(mistaken(HELD_OUT, 3))
    return Facts(task, LEARNT, splits, before, after, 3e-4, 3e-4, usual_steps=40, movement=MOVED)


def found(facts, name):
    """The finding of this name."""
    [one] = [finding for finding in judge(facts).findings if finding.name == name]
    return one


def test_a_healthy_run_is_called_so(healthy):
    verdict = judge(healthy)
    assert verdict.healthy and verdict.names == []
    assert repr(verdict) == "Nothing wrong was found in this run."


# --- the curves and the weights: what provokes a rule, and what only resembles it

NAN = float("nan")
PROVOKED = {
    "divergence": [
        {"history": told([0.7, NAN, NAN], [NAN] * 2)},
        {"history": told([0.7, 0.5], [float("inf")])},
        {"after": np.full((60, 2), np.nan)},
    ],
    "learning rate too high": [
        {"history": told([0.7, 0.9, 2.0, 1.5], [0.9] * 4), "learning_rate": 3e-4},
        {"history": STILL, "learning_rate": 1e-2, "movement": {"layer.0": 1.5, "head": 9.0}},
        {"history": STILL, "movement": {"layer.0": 5.0, "head": 9.0}},
        {"history": STILL, "learning_rate": 1e-2, "movement": {}},
        {"learning_rate": 1e-2, "movement": {"layer.0": 5.0, "head": 9.0}},  # it learns, and all is another
    ],
    "learning rate too low": [
        {"history": STILL, "learning_rate": 1e-6},
        {"history": told(np.linspace(0.7, 0.55, 20), [0.68, 0.64, 0.6, 0.56]), "learning_rate": 3e-5},
    ],
    "too few steps": [
        {"history": told(np.linspace(0.7, 0.45, 20), [0.68, 0.6, 0.52, 0.44])},
        {"history": STILL, "usual_steps": 400},
        {"history": told(np.linspace(0.7, 0.45, 20), [0.6, 0.5, 0.49, 0.49]), "usual_steps": 400},
        {"history": told([0.693] * 20, [0.6, 0.5]), "usual_steps": 400, "stopped": True},
    ],
    "underfitting": [{"history": STILL}],
    "overfitting": [
        {"history": told(np.linspace(0.7, 0.01, 20), [0.6, 0.4, 0.5, 0.7])},
        {"history": told(np.linspace(0.7, 0.01, 20), [0.69, 0.68, 0.68, 0.69])},
        {"history": told(np.linspace(0.7, 0.01, 20), [0.5, 0.4, 0.45, 0.52], [0.7, 0.9, 0.85, 0.8])},
        {"history": told(np.linspace(0.7, 0.01, 20), [0.5, 0.4, 0.5, 0.7], [0.7, 0.8, 0.8, 0.8])},  # much too sure
    ],
    "nothing trained": [{"movement": dict.fromkeys(MOVED, 0.0)}, {"history": History(), "movement": {}}],
    "head did not train": [{"movement": {**MOVED, "head": 0.0}}],
}
RESEMBLING = {
    "divergence": [{"history": told([30.0, 5.0, 0.1], [3.0, 0.1])}],
    "learning rate too high": [
        {"learning_rate": 1e-2},  # far above the usual, and it learns
        {"history": STILL, "learning_rate": 1e-2, "movement": {"layer.0": 0.01, "head": 9.0}},
        {"history": STILL, "movement": {"layer.0": 0.01, "head": 9.0}},
        {"history": told([0.7, 1.5, 0.4, 0.2], [0.6, 0.3])},  # it leapt up once and came down
    ],
    "learning rate too low": [{"learning_rate": 1e-6}, {"history": STILL}, {"history": STILL, "learning_rate": 0.0}],
    "too few steps": [
        {"usual_steps": 400},  # few, and it has learnt
        {"history": told(np.linspace(0.7, 0.45, 20), [0.6, 0.5, 0.49, 0.49])},  # little learnt, of enough steps
        {"history": told([0.7, 0.3], [0.1, 0.02, 0.001, 0.0009])},  # better by a tenth, and done
        {"history": STILL},
    ],
    "underfitting": [{"history": told(np.linspace(0.69, 0.5, 20), [0.6, 0.55])}],
    "overfitting": [
        {"history": told(np.linspace(0.7, 0.01, 20), [0.3, 0.25, 0.26, 0.27])},  # a gap, and no rise to speak of
        {"history": told(np.linspace(0.7, 0.5, 20), [0.5, 0.45, 0.5, 0.55])},  # a rise, and nothing known by heart
        {"history": told(np.linspace(0.7, 0.0001, 20), [0.1, 0.001, 0.0011, 0.002])},  # twice next to nothing
        # surer than it should be, and as often right
        {"history": told(np.linspace(0.7, 0.01, 20), [0.5, 0.4, 0.45, 0.52], [0.7, 0.8, 0.82, 0.8])},
    ],
    "nothing trained": [{"movement": {**MOVED, "layer.0": 0.0, "embeddings": 0.0}}, {"movement": {}}],
    "head did not train": [{"movement": {"layer.0": 0.1}}, {"movement": {**MOVED, "head": 1e-3}}],
}
CASES = [
    pytest.param(name, changes, fires, id=f"{name}-{'yes' if fires else 'no'}-{number}")
    for fires, table in ((True, PROVOKED), (False, RESEMBLING))
    for name, several in table.items()
    for number, changes in enumerate(several)
]


@pytest.mark.parametrize(("name", "changes", "fires"), CASES)
def test_a_rule_fires_on_its_case_and_not_on_one_that_resembles_it(healthy, name, changes, fires):
    assert (name in judge(replace(healthy, **changes)).names) == fires


def test_what_broke_down_is_not_explained_by_what_follows_from_it(healthy):
    broken = replace(healthy, history=told([0.7, NAN], [NAN]), after=np.full((60, 2), np.nan))
    assert judge(broken).names == ["divergence"]
    still = replace(healthy, movement=dict.fromkeys(MOVED, 0.0), history=STILL, cut=Cut(50, 100, "max_length=8"))
    assert judge(still).names == ["nothing trained", "truncation"]


def test_a_stopped_run_is_said_to_have_been_stopped(healthy):
    history = told([0.693] * 20, [0.6, 0.5])
    history.total_steps = 900
    one = found(replace(healthy, history=history, stopped=True), "too few steps")
    assert one.what.startswith("The run was stopped") and "40 steps were taken of 900" in one.evidence


def test_the_loss_of_knowing_nothing_is_the_entropy_of_the_classes(healthy):
    """Of nine in ten examples of one class a loss of 0.33 is nothing learnt, though far below that of two like ones."""
    uneven = {**healthy.splits, "train": part("train", [0] * 90 + [1] * 10)}
    stuck = replace(healthy, history=told([0.33] * 20, [0.33] * 4), splits=uneven)
    entropy = -(0.9 * np.log(0.9) + 0.1 * np.log(0.1))
    assert f"{entropy:.3g}" in found(stuck, "underfitting").evidence
    assert "underfitting" not in judge(replace(stuck, splits=healthy.splits)).names


def test_without_classes_only_a_loss_that_stands_still_is_underfitting(healthy, tmp_path):
    task = ftk.Completion(tiny_works())
    splits = dict(task.splits)
    rows = len(splits["validation"])
    before, after = (np.array([[9.0, 10, hits]] * rows, np.float32) for hits in (3, 4))
    texts = replace(healthy, task=task, splits=splits, before=before, after=after)
    assert judge(replace(texts, history=told(np.linspace(3.5, 3.3, 20), [3.5, 3.3, 3.28, 3.28]))).healthy
    assert judge(replace(texts, history=told([3.5] * 20, [3.5] * 4))).names == ["underfitting"]
    assert judge(replace(texts, after=before)).names == ["improvement within noise"]
    some = replace(texts, history=told(np.linspace(3.5, 3.3, 20), [3.5, 3.3, 3.28, 3.28]))
    assert judge(replace(some, usual_steps=400)).names == ["too few steps"]
    assert judge(replace(some, learning_rate=1e-6)).names == ["learning rate too low"]


# --- scores


@pytest.mark.parametrize("fixed", range(9))
def test_an_improvement_counts_when_chance_would_hardly_bring_it_about(healthy, fixed):
    """The exact test of McNemar: of n answers that changed, how often would so many be fixed by the toss of a coin?"""
    truth, broken = np.array(HELD_OUT), 1
    before, after = truth.copy(), truth.copy()
    before[:fixed], after[-broken:] = 1 - before[:fixed], 1 - after[-broken:]
    names = judge(replace(healthy, before=logits(before), after=logits(after))).names
    by_chance = binom.sf(fixed - 1, fixed + broken, 0.5)
    assert ("improvement within noise" in names) == (by_chance >= 0.05)


@pytest.mark.parametrize("right", [30, 34, 36, 37, 38, 45])
def test_a_score_must_beat_the_commonest_class(healthy, right):
    after = np.array(HELD_OUT)
    after[right:] = 1 - after[right:]
    names = judge(replace(healthy, before=logits(1 - np.array(HELD_OUT)), after=logits(after))).names
    assert ("improvement within noise" in names) == (binom.sf(right - 1, 60, 0.5) >= 0.05)


def uneven(healthy, train, truth, after, names=NAMES):
    """The facts of a run over other classes."""
    task = ftk.TextClassification(names=names)
    splits = {"train": part("train", train, names), "validation": part("validation", truth, names)}
    task.splits = datasets.DatasetDict(splits)
    before = logits((np.array(truth) + 1) % len(names), len(names))
    return replace(healthy, task=task, splits=splits, before=before, after=logits(after, len(names)))


def test_a_class_that_is_never_found_is_named(healthy):
    truth = [0] * 30 + [1] * 30 + [2] * 5
    after = [0] * 30 + [1] * 30 + [0] * 5
    three = ["no", "yes", "perhaps"]
    facts = uneven(healthy, [0, 1, 2] * 30, truth, after, three)
    one = found(facts, "hidden class")
    assert one.severity == "high" and "'perhaps': 0 of 5" in one.evidence and f"{60 / 65:.1%}" in one.evidence
    assert "hidden class" not in judge(uneven(healthy, [0, 1, 2] * 30, truth, truth, three)).names
    poor = [0] * 20 + [1] * 10 + [1] * 20 + [0] * 10 + [0] * 5  # 40 of 65: found as often as not, and fine
    assert "hidden class" in judge(uneven(healthy, [0, 1, 2] * 30, truth, poor, three)).names
    bad = [1] * 15 + [0] * 15 + [1] * 15 + [0] * 15 + [0] * 5  # 30 of 65: nobody would trust this accuracy
    assert "hidden class" not in judge(uneven(healthy, [0, 1, 2] * 30, truth, bad, three)).names


def test_imbalance_is_named_where_the_small_class_suffers(healthy):
    truth = [0] * 50 + [1] * 10
    suffering, fine = [0] * 57 + [1] * 3, truth
    few = [0] * 90 + [1] * 10
    one = found(uneven(healthy, few, truth, suffering), "class imbalance")
    assert "'no' has 90 training examples, 'yes' 10" in one.evidence and "3 of 10" in one.evidence
    assert "class imbalance" not in judge(uneven(healthy, few, truth, fine)).names
    assert "class imbalance" not in judge(uneven(healthy, [0, 1] * 50, truth, suffering)).names
    assert found(uneven(healthy, [0] * 90, truth, [0] * 60), "class imbalance").severity == "high"


# --- data


def planted(count, first="train", again="validation", contradicts=False):
    return tuple(Copy((first, row), (again, row + 10), contradicts) for row in range(count))


def test_leakage_is_measured_in_the_split_that_it_spoils(healthy):
    one = found(replace(healthy, copies=planted(3)), "leakage between splits")
    assert one.severity == "medium" and "3 validation examples (5.0%) are in the train split too" in one.evidence
    assert found(replace(healthy, copies=planted(6)), "leakage between splits").severity == "high"
    assert "leakage between splits" not in judge(replace(healthy, copies=planted(9, again="train"))).names


def test_duplicates_and_contradictions_need_more_than_one(healthy):
    assert "duplicated examples" in judge(replace(healthy, copies=planted(10, again="train"))).names
    assert "duplicated examples" not in judge(replace(healthy, copies=planted(9, again="train"))).names
    assert "contradictory labels" in judge(replace(healthy, copies=planted(2, again="train", contradicts=True))).names
    assert judge(replace(healthy, copies=planted(1, again="train", contradicts=True))).healthy


def test_truncation_is_named_from_a_twentieth_on(healthy):
    assert judge(replace(healthy, cut=Cut(4, 100, "max_length=8"))).healthy
    one = found(replace(healthy, cut=Cut(5, 100, "max_length=8")), "truncation")
    assert one.severity == "medium" and "5 of 100 examples (5.0%) are longer than max_length=8" in one.evidence
    assert found(replace(healthy, cut=Cut(25, 100, "max_length=8")), "truncation").severity == "high"


@pytest.mark.parametrize(("unknown", "severity"), [(0, None), (1, None), (2, "medium"), (10, "high")])
def test_unknown_words_are_named_with_the_commonest(healthy, unknown, severity):
    counts = (np.array([n]) for n in (100, 100, 80, unknown))
    reading = Reading(*counts, Counter(), Counter({"zloty": unknown}), Counter())
    facts = replace(healthy, readings=(reading,))
    if severity is None:
        assert judge(facts).healthy
    else:
        one = found(facts, "unknown words")
        assert one.severity == severity and "'zloty'" in one.evidence


# --- how it is said


def test_the_severe_come_first_and_each_says_what_why_and_what_to_try(healthy):
    facts = replace(healthy, copies=planted(10, again="train"), cut=Cut(9, 100, "max_length=8"), history=STILL)
    verdict = judge(replace(facts, learning_rate=1e-6), ["the test split, which is <lost>"])
    severities = [diagnosis.SEVERITIES.index(one.severity) for one in verdict.findings]
    assert severities == sorted(severities) and len(set(severities)) == 3
    assert verdict.names[0] == "learning rate too low"
    shown, page = repr(verdict), verdict._repr_html_()
    for one in verdict.findings:
        assert all(text in shown and text for text in (one.name, one.what, one.evidence, one.advice))
        assert one.name in page
    assert "not looked at: the test split" in shown and "&lt;lost&gt;" in page


# --- the facts, out of a run's parts


def test_movement_is_the_change_of_each_group_over_its_size():
    start, model = bert(num_labels=2), bert(num_labels=2)
    model.load_state_dict(start.state_dict())
    assert set(movement(start, model).values()) == {0.0}
    with torch.no_grad():
        for parameter in model.bert.encoder.layer[1].parameters():
            parameter.mul_(1.5)
    moved = movement(start, model)
    assert moved.pop("layer.1") == pytest.approx(0.5)
    assert set(moved.values()) == {0.0} and "head" in moved


def test_copies_of_texts_are_found_but_for_case_with_their_labels():
    splits = {"train": part("same", [0, 1, 0]), "validation": part("SAME", [0, 0]), "test": part("other", [0])}
    planted = {(one.first, one.again, one.contradicts) for one in copies(splits, [])}
    assert planted == {
        (("train", 0), ("validation", 0), False),
        (("train", 1), ("validation", 1), True),
    }


def noisy(*rows):
    """Pictures of noise, one a seed, each with a label."""
    return pd.DataFrame([(noise(seed=seed), label) for seed, label in rows], columns=["image", "label"])


def test_copies_of_pictures_are_those_of_the_same_pixels():
    frames = {"train": noisy((0, "a"), (1, "b")), "validation": noisy((2, "a"), (1, "a"))}
    assert copies(dict(data.pictured(frames)), []) == (Copy(("train", 1), ("validation", 1), True),)


def test_too_many_files_are_left_out_and_said(monkeypatch):
    monkeypatch.setattr(diagnosis.facts, "MEDIA", 5)
    missing = []
    assert copies(dict(data.pictured({"train": noisy(*[(0, "a"), (1, "b")] * 3)})), missing) == ()
    assert "more than 5 files" in missing[0]


def gathered(task, model, folder, **settings):
    """What `gather` makes of a run of no steps."""
    config = ftk.RunConfig(task=task.record, model=folder, **settings)
    start = model
    return gather(task, config, History(), model, checkpoints.processor(folder), (None, None), lambda: start, False)


def test_what_is_cut_off_of_texts_and_unknown_is_counted(folder):
    frame = tiny_frame(60)
    frame.loc[frame.index % 3 == 0, "text"] += " " + "good " * 20
    frame.loc[frame.index % 3 == 1, "text"] += " zloty"
    task = ftk.TextClassification(frame)
    model = bert(num_labels=2)
    facts, missing = gathered(task, model, folder, max_length=16)
    read = [text for name in ("train", "validation") for text in task.splits[name]["text"]]
    assert facts.cut == Cut(sum("good good" in text for text in read), len(read), "max_length=16")
    assert sum(one.unknown.sum() for one in facts.readings) == sum("zloty" in text for text in read)
    assert not missing and "unknown words" in judge(replace(facts, before=logits([0] * 9), after=logits([0] * 9))).names


def test_what_is_cut_off_of_sounds_is_counted(tmp_path):
    folder = str(write_tiny_wav2vec2(tmp_path / "model"))
    model, _ = checkpoints.load(folder, "AutoModelForAudioClassification", {"num_labels": 2}, True, 0)
    for settings, share in (({"seconds": 0.25}, 1.0), ({"seconds": 10.0}, 0.0)):
        facts, _ = gathered(ftk.AudioClassification(tiny_sounds(), **settings), model, folder)
        assert facts.cut.lost == share * facts.cut.of > -1 and facts.cut.setting == f"seconds={settings['seconds']:g}"
    facts, _ = gathered(ftk.AudioClassification(tiny_sounds(), seconds=0.25, long="windows"), model, folder)
    assert facts.cut is None


def test_a_start_that_is_gone_is_said(task, folder):
    def gone():
        raise ModelError("It is gone.")

    config = ftk.RunConfig(task=task.record, model=folder)
    parts = config, History(), bert(num_labels=2), checkpoints.processor(folder), (None, None)
    facts, missing = gather(task, *parts, gone, False)
    assert facts.movement == {} and missing == ["how far the weights moved: It is gone."]


# --- real runs


@pytest.fixture(scope="module")
def learnt(folder):
    """Right in all of 11 validation examples after, which is few enough to come about by chance seldom."""
    return ftk.fine_tune(ftk.TextClassification(tiny_frame(90)), folder, epochs=8, learning_rate=5e-3, batch_size=8)


def test_a_run_that_learnt_is_healthy_and_none_the_worse_for_it(learnt):
    after = {name: weights.clone() for name, weights in learnt.model.state_dict().items()}
    assert learnt.diagnose().healthy
    assert all(torch.equal(after[name], weights) for name, weights in learnt.model.state_dict().items())
    assert learnt.tested is None


def test_a_loaded_run_says_what_it_has_not_at_hand(learnt, tmp_path):
    verdict = ftk.Run.load(learnt.save(tmp_path / "run")).diagnose()
    assert verdict.healthy and "training examples" in verdict.skipped[0]


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"learning_rate": 1e-6, "epochs": 6}, "learning rate too low"),
        ({"learning_rate": 1.0, "epochs": 6}, "learning rate too high"),
        ({"learning_rate": 1e-3, "epochs": 0.5}, "too few steps"),
    ],
)
def test_a_run_made_to_go_wrong_is_told_what_first(folder, task, settings, name):
    verdict = ftk.fine_tune(task, folder, "full", batch_size=16, **settings).diagnose()
    assert verdict.names[0] == name
    assert "improvement within noise" in verdict.names


def test_a_task_without_classes_is_diagnosed_by_its_history(tmp_path):
    gpt2 = str(write_tiny_gpt2(tmp_path / "gpt2"))
    verdict = ftk.fine_tune(ftk.Completion(tiny_works()), gpt2, epochs=3, learning_rate=1e-6).diagnose()
    assert "learning rate too low" in verdict.names
    assert not {"hidden class", "class imbalance", "head did not train"} & set(verdict.names)
