"""Timing: what fits into seconds, by hand; what is timed is covered where it is used (layer maps, pretraining)."""

import pytest

from finetune_kit.training import Timing


@pytest.mark.parametrize(
    "step, evaluation, seconds, evaluations, steps",
    [
        (0.5, 1.0, 20, 4, 32),  # 20 s less 4 s
        (0.5, 1.25, 20, 4, 30),  # a quarter, exactly
        (0.5, 9.0, 20, 4, 30),  # more than a quarter of it they do not take
        (0.3, 0.0, 1, 4, 3),
        (5.0, 0.0, 1, 4, 0),
    ],
)
def test_steps_fit_beside_evaluations(step, evaluation, seconds, evaluations, steps):
    assert Timing(step, evaluation, 0).steps_in(seconds, evaluations) == steps


@pytest.mark.parametrize("evaluation, expected", [(0.5, 8), (1.0, 5), (2.0, 2), (5.0, 1), (60.0, 1)])
def test_evaluations_fit_into_a_quarter(evaluation, expected):
    assert Timing(0.1, evaluation, 0).evaluations_in(20, 8) == expected
