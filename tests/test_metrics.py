import math
import os
import subprocess
import sys

import numpy as np
import pytest
import sacrebleu
from sklearn.metrics import accuracy_score, f1_score

from finetune_kit.metrics import (
    LOSS,
    Accuracy,
    AnswerF1,
    Bleu,
    ChrF,
    ExactMatch,
    HasAnswerF1,
    MacroF1,
    NextWordAccuracy,
    NoAnswerF1,
    Perplexity,
    compute,
)

METRICS = (Accuracy(), MacroF1())


@pytest.mark.parametrize("seed", range(5))
def test_metrics_are_those_of_scikit_learn(seed):
    draw = np.random.default_rng(seed)
    truth, guess = draw.integers(0, 2 + seed, 200), draw.integers(0, 2 + seed, 200)
    assert compute(METRICS, guess, truth) == pytest.approx(
        {"accuracy": accuracy_score(truth, guess), "macro_f1": f1_score(truth, guess, average="macro")}
    )


def test_a_case_computed_by_hand():
    truth, guess = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 0, 0])
    # class 0: precision 2/4, recall 2/3, F1 4/7; class 1: 1/2, 1/2, 1/2; class 2, never predicted: 0
    assert compute(METRICS, guess, truth) == pytest.approx({"accuracy": 3 / 6, "macro_f1": (4 / 7 + 1 / 2 + 0) / 3})


def test_a_class_that_is_only_predicted_counts_as_zero():
    truth, guess = [0, 0, 0, 1], [0, 0, 0, 2]
    assert MacroF1().compute(predictions=guess, references=truth)["macro_f1"] == pytest.approx(1 / 3)


def test_a_metric_can_be_computed_again_and_again():
    metric = Accuracy()
    values = [metric.compute(predictions=[0, 1], references=[0, last])["accuracy"] for last in (1, 0, 1)]
    assert values == [1.0, 0.5, 1.0]


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: type(metric).__name__)
def test_a_metric_says_which_way_is_better_and_means_it(metric):
    right = metric.compute(predictions=[0, 1], references=[0, 1])[metric.name]
    wrong = metric.compute(predictions=[1, 0], references=[0, 1])[metric.name]
    assert metric.higher_is_better is (right > wrong)


def test_metrics_need_no_network_and_no_cache(tmp_path):
    code = (
        "import socket\n"
        "def refuse(*args, **kwargs): raise OSError('no network')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from finetune_kit.metrics import Accuracy\n"
        "print(Accuracy().compute(predictions=[1, 0], references=[1, 1])['accuracy'])\n"
    )
    home = tmp_path / "home"
    environment = os.environ | {"HF_EVALUATE_OFFLINE": "1", "HF_HOME": str(home)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == "0.5", done.stderr
    assert not home.exists() or not list(home.rglob("*.arrow"))


# Answers, as SQuAD scores them


ANSWERS = [  # an answer, the accepted ones, exact match and F1 by hand
    ("Denver Broncos", ["Denver Broncos"], 1, 1),
    ("the denver  broncos!", ["Denver Broncos"], 1, 1),  # case, punctuation, articles and white space do not count
    ("An apple; a pear", ["apple pear"], 1, 1),
    ("Broncos", ["Denver Broncos"], 0, 2 * 1 * 0.5 / 1.5),  # precision 1, recall 1/2
    ("the Denver Broncos of 2016", ["Denver Broncos"], 0, 2 * 0.5 * 1 / 1.5),
    ("Broncos Denver", ["Denver Broncos"], 0, 1),  # F1 does not see the order
    ("Panthers", ["Denver Broncos"], 0, 0),
    ("in 1920", ["1920", "the year 1920", "in the 1920s"], 0, 2 / 3),  # the nearest one counts, not the mean
    ("1920", ["in the 1920s", "1920."], 1, 1),
    ("to be or to be", ["to be"], 0, 2 * 0.4 * 1 / 1.4),  # two of five words in common: each repeat counts once
    ("to to", ["to be to"], 0, 2 * 1 * (2 / 3) / (5 / 3)),
    ("U.S.", ["US"], 1, 1),
    ("theatre", ["atre"], 0, 0),  # an article within a word is none
    ("", [], 1, 1),
    ("Denver", [], 0, 0),
    ("", ["Denver"], 0, 0),
    ("the", ["Denver"], 0, 0),
    ("...", [], 1, 1),
    ("été", ["Été"], 1, 1),
]


@pytest.mark.parametrize(("found", "accepted", "exact", "f1"), ANSWERS)
def test_answers_by_hand(found, accepted, exact, f1):
    metrics = (ExactMatch(), AnswerF1())
    assert compute(metrics, [found], [accepted]) == pytest.approx({"exact_match": exact, "f1": f1})


def test_the_scores_of_answers_are_means():
    found, accepted, exact, f1 = zip(*ANSWERS, strict=True)
    expected = {"exact_match": np.mean(exact), "f1": np.mean(f1)}
    assert compute((ExactMatch(), AnswerF1()), list(found), list(accepted)) == pytest.approx(expected)


def test_the_scores_of_questions_with_and_without_an_answer_stand_apart():
    found, accepted, _, f1 = zip(*ANSWERS, strict=True)
    split = (HasAnswerF1(), NoAnswerF1())
    with_one = [score for score, texts in zip(f1, accepted, strict=True) if texts]
    without = [score for score, texts in zip(f1, accepted, strict=True) if not texts]
    expected = {"has_answer_f1": np.mean(with_one), "no_answer_f1": np.mean(without)}
    assert compute(split, list(found), list(accepted)) == pytest.approx(expected)
    silent = compute(split, [""] * len(found), list(accepted))
    assert silent == {"has_answer_f1": 0, "no_answer_f1": 1}  # as one number it is the share without an answer
    assert compute(split, ["Denver"], [["Denver"]]) == {"has_answer_f1": 1}


# Translations

HYPOTHESES = ["The cat sat on the mat.", "It is raining again today", "", "Où est-il ?"]
REFERENCES = ["The cat is sitting on the mat.", "It rains again today.", "Yes.", "Où est-il ?"]


def test_bleu_and_chrf_are_those_of_sacrebleu():
    found = compute((Bleu(), ChrF()), HYPOTHESES, REFERENCES)
    assert found == {
        "bleu": sacrebleu.corpus_bleu(HYPOTHESES, [REFERENCES]).score,
        "chrf": sacrebleu.corpus_chrf(HYPOTHESES, [REFERENCES]).score,
    }
    assert 0 < found["bleu"] < found["chrf"] < 100


def test_bleu_by_hand():
    # of 6, 5, 4 and 3 runs of one to four words 5, 3, 2 and 1 are in the reference, which is as long
    found = Bleu().compute(predictions=["a b c d x e"], references=["a b c d y e"])["bleu"]
    assert found == pytest.approx(100 * (5 / 6 * 3 / 5 * 2 / 4 * 1 / 3) ** (1 / 4))


@pytest.mark.parametrize("metric", [Bleu(), ChrF()], ids=["bleu", "chrf"])
def test_a_perfect_translation_scores_a_hundred(metric):
    assert metric.compute(predictions=REFERENCES, references=REFERENCES)[metric.name] == pytest.approx(100)


# Texts gone on with


def test_perplexity_and_next_word_accuracy_by_hand():
    # 8 tokens at 1/2 and 2 at 1/8, as two texts of unlike length: the tokens count alike, not the texts
    nats = [8 * math.log(2), 2 * math.log(8)]
    assert Perplexity().compute(predictions=nats, references=[8, 2])["perplexity"] == pytest.approx(2**1.4)
    assert NextWordAccuracy().compute(predictions=[1, 2], references=[8, 2])["next_word_accuracy"] == 0.3


def test_perplexity_of_a_model_that_knows_nothing_is_finite():
    assert math.isfinite(Perplexity().compute(predictions=[1e6], references=[1])["perplexity"])
    assert Perplexity().compute(predictions=[0.0], references=[0])["perplexity"] == 1


# Which way is better


@pytest.mark.parametrize(
    ("metric", "better", "worse", "truth"),
    [
        (ExactMatch(), ["Denver"], ["Paris"], [["Denver"]]),
        (AnswerF1(), ["Denver"], ["Paris"], [["Denver"]]),
        (Bleu(), ["a b c d e"], ["a b c d f"], ["a b c d e"]),
        (ChrF(), ["a b c d e"], ["a b c d f"], ["a b c d e"]),
        (Perplexity(), [1.0], [2.0], [3]),
        (NextWordAccuracy(), [2], [1], [3]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_text_metrics_say_which_way_is_better_and_mean_it(metric, better, worse, truth):
    good, bad = (metric.compute(predictions=found, references=truth)[metric.name] for found in (better, worse))
    assert metric.higher_is_better is (good > bad) and good != bad


def test_the_loss_is_better_when_it_is_lower():
    assert LOSS.name == "loss" and not LOSS.higher_is_better
