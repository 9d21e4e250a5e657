import os
import subprocess
import sys

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from finetune_kit.metrics import Accuracy, MacroF1, compute

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
