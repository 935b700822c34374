"""Optimal assignment against all assignments tried one by one, and against the authors' first-come one."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgbtbench.scoring.language.authors import first_come_matches
from rgbtbench.scoring.language.points import matches, mean_distance

CUTOFF = 100.0
POINTS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=5)


def array(points):
    return np.array(points, np.float64).reshape(-1, 2)


def pairings(truth, points):
    """Every way to give each point of the shorter list its own of the longer one, as lists of distances."""
    short, long = sorted((truth, points), key=len)
    for chosen in permutations(long, len(short)):
        yield [float(np.hypot(a[0] - b[0], a[1] - b[1])) for a, b in zip(short, chosen, strict=True)]


def test_a_worked_example():
    """One point 3 off, one point exact, one missed: (3 + 0 + 100) / 3."""
    truth, points = array([(0, 0), (50, 50), (200, 0)]), array([(50, 50), (0, 3)])
    assert mean_distance(truth, points, cutoff=CUTOFF) == pytest.approx(103 / 3)
    assert matches(truth, points, within=(2, 5)).tolist() == [1, 2]


def test_a_missed_and_an_invented_point_cost_the_same():
    one, two = array([(0, 0)]), array([(0, 0), (900, 900)])
    assert mean_distance(one, two, cutoff=CUTOFF) == mean_distance(two, one, cutoff=CUTOFF) == 50.0


def test_no_answer_costs_the_cutoff_and_nothing_at_all_is_right():
    nothing = array([])
    assert mean_distance(array([(1, 1), (2, 2)]), nothing, cutoff=CUTOFF) == CUTOFF
    assert mean_distance(nothing, nothing, cutoff=CUTOFF) == 0.0
    assert matches(nothing, array([(1, 1)]), within=(5,)).tolist() == [0]


def test_the_order_of_true_points_takes_no_partner_away():
    """First come, (0, 0) takes (4, 0) although (8, 0) has nothing else within 5."""
    truth, points = [(0, 0), (8, 0)], [(4, 0), (-5, 0)]
    assert first_come_matches(truth, points, within=5) == [4.0]
    assert matches(array(truth), array(points), within=(5,)).tolist() == [2]


@given(POINTS, POINTS)
def test_no_pairing_is_shorter(truth, points):
    longer = max(len(truth), len(points))
    if not longer:
        return
    unmatched = abs(len(truth) - len(points))
    best = min(sum(min(d, 20.0) for d in distances) for distances in pairings(truth, points))
    expected = (best + 20.0 * unmatched) / longer
    assert mean_distance(array(truth), array(points), cutoff=20.0) == pytest.approx(expected)


@given(POINTS, POINTS, st.sampled_from([5.0, 10.0, 25.0]))
def test_no_pairing_has_more_pairs_within_reach(truth, points, within):
    most = max(sum(d <= within for d in distances) for distances in pairings(truth, points))
    assert matches(array(truth), array(points), within=(within,)).tolist() == [most]
    assert most >= len(first_come_matches(truth, points, within=within))


@given(POINTS, POINTS, st.randoms(use_true_random=False))
def test_the_order_of_points_changes_nothing(truth, points, random):
    before = mean_distance(array(truth), array(points), cutoff=CUTOFF)
    random.shuffle(truth)
    random.shuffle(points)
    assert mean_distance(array(truth), array(points), cutoff=CUTOFF) == pytest.approx(before)
    assert 0 <= before <= CUTOFF
    assert mean_distance(array(points), array(truth), cutoff=CUTOFF) == pytest.approx(before)
