"""Spotting: hits, misses and false alarms of cases counted by hand, and against a general matching."""

import math

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

from finetune_kit.errors import DataError
from finetune_kit.spotting import Alarms, Detection, false_alarms

TRUTH = [("stop", 1.0, 1.5), ("stop", 10.0, 10.5), ("go", 20.0, 20.5)]


@pytest.mark.parametrize(
    ("found", "label", "expected"),
    [
        ([], None, (0, 3, 0)),
        ([("stop", 1.2, 1.9), ("stop", 10.1, 10.3), ("go", 19.9, 20.6)], None, (3, 0, 0)),
        ([("stop", 1.2, 1.9), ("stop", 5.0, 5.5)], "stop", (1, 1, 1)),
        ([("stop", 1.2, 1.9), ("go", 1.2, 1.9)], "stop", (1, 1, 0)),  # another command's are not looked at
        ([("go", 1.2, 1.9)], None, (0, 3, 1)),  # the wrong command is a miss and a false alarm
        ([("stop", 1.0, 1.2), ("stop", 1.3, 1.5)], "stop", (1, 1, 1)),  # twice for one
        ([("stop", 1.5, 2.0), ("stop", 9.0, 10.0)], "stop", (0, 2, 2)),  # to touch is not to overlap
        ([("stop", 0.0, 60.0)], "stop", (1, 1, 0)),  # one for two
        ([("left", 3.0, 4.0)], "left", (0, 0, 1)),
    ],
)
def test_cases_counted_by_hand(found, label, expected):
    counted = false_alarms([Detection(*one, 0.9) for one in found], TRUTH, 1_800, label)
    assert (counted.hits, counted.misses, counted.false_alarms) == expected
    assert counted.an_hour == 2 * expected[2]


def test_a_detection_over_two_commands_leaves_the_first_to_one_that_fits_no_other():
    truth = [("stop", 0, 1), ("stop", 2, 3)]
    assert false_alarms([("stop", 0.5, 2.5), ("stop", 0.6, 0.9)], truth, 10).hits == 2
    assert false_alarms([("stop", 0.5, 2.5), ("stop", 2.6, 2.9)], truth, 10).hits == 2


def test_as_many_hits_as_the_largest_matching():
    rng = np.random.default_rng(0)
    for _ in range(200):
        edges = np.sort(rng.uniform(0, 100, 2 * rng.integers(1, 8))).reshape(-1, 2)
        starts = rng.uniform(0, 100, rng.integers(1, 12))
        found = np.stack([starts, starts + rng.uniform(0, 30, len(starts))], axis=1)
        overlap = (found[:, None, 0] < edges[None, :, 1]) & (edges[None, :, 0] < found[:, None, 1])
        most = int((maximum_bipartite_matching(csr_matrix(overlap)) >= 0).sum())
        counted = false_alarms([("a", *row) for row in found], [("a", *row) for row in edges], 100)
        assert counted == Alarms(most, len(edges) - most, len(found) - most, 100.0)


def test_rates():
    assert Alarms(3, 1, 2, 7_200).an_hour == 1
    assert Alarms(3, 1, 2, 7_200).hit_rate == 0.75
    assert math.isnan(Alarms(0, 0, 2, 7_200).hit_rate)


@pytest.mark.parametrize(
    ("found", "truth", "seconds", "says"),
    [
        ([], [], 0, "seconds=0"),
        ([], [], float("nan"), "seconds=nan"),
        ([("a", 2, 1)], [], 10, "expected 0 <= start <= end"),
        ([], [("a", -1, 1)], 10, "expected 0 <= start <= end"),
        ([], [("a", 0, 2), ("a", 1, 3)], 10, "overlap in the truth"),
    ],
)
def test_what_cannot_be_counted_is_refused(found, truth, seconds, says):
    with pytest.raises(DataError, match=says):
        false_alarms(found, truth, seconds)
