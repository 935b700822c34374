from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgbtbench.matching.correspondence import mutual_nearest


def drawn(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def angles(*degrees: float) -> np.ndarray:
    radians = np.radians(degrees)
    return np.column_stack((np.cos(radians), np.sin(radians))).astype(np.float32)


def test_a_hand_worked_example():
    # 0's nearest is 5, whose nearest is 6, whose nearest is 5; 90's and 80's are each other's; 200 is nobody's.
    first, second = angles(0, 6, 90, 200), angles(5, 80)
    assert mutual_nearest(first, second).tolist() == [[1, 0], [2, 1]]


def test_length_has_no_part_in_it():
    first, second = drawn(0, 20, 8), drawn(1, 30, 8)
    factors = np.linspace(0.1, 9, 20, dtype=np.float32)[:, None]
    assert np.array_equal(mutual_nearest(first, second), mutual_nearest(first * factors, second * 3))


@settings(max_examples=30)
@given(st.integers(0, 1000), st.integers(1, 40), st.integers(1, 40))
def test_each_is_the_others_nearest_and_appears_once(seed, count, others):
    first, second = drawn(seed, count, 6), drawn(seed + 5000, others, 6)
    found = mutual_nearest(first, second)
    cosines = (first @ second.T) / np.linalg.norm(first, axis=1)[:, None] / np.linalg.norm(second, axis=1)
    for one, other in found:
        assert cosines[one].argmax() == other
        assert cosines[:, other].argmax() == one
    # The nearest of all pairs is mutual.
    assert list(np.unravel_index(cosines.argmax(), cosines.shape)) in found.tolist()
    assert len(set(found[:, 0])) == len(set(found[:, 1])) == len(found)


@given(st.integers(0, 100))
def test_another_order_gives_the_same_matches(seed):
    first, second = drawn(seed, 25, 6), drawn(seed + 1, 30, 6)
    chance = np.random.default_rng(seed)
    here, there = chance.permutation(25), chance.permutation(30)
    shuffled = mutual_nearest(first[here], second[there])
    assert {(here[one], there[other]) for one, other in shuffled} == set(map(tuple, mutual_nearest(first, second)))


def test_swapping_the_images_swaps_the_matches():
    first, second = drawn(0, 25, 6), drawn(1, 30, 6)
    assert set(map(tuple, mutual_nearest(second, first)[:, ::-1])) == set(map(tuple, mutual_nearest(first, second)))


def test_a_descriptor_of_length_0_matches_nothing():
    first, second = drawn(0, 5, 4), drawn(0, 5, 4)
    first[2] = second[4] = 0
    assert mutual_nearest(first, second).tolist() == [[0, 0], [1, 1], [3, 3]]
    assert mutual_nearest(np.zeros_like(first), second).shape == (0, 2)


def test_the_ratio_of_distances_keeps_what_is_surer():
    # Distances of 0 to 10 and 20: 2 sin 5 and 2 sin 10 degrees, a ratio of 0.502.
    first, second = angles(0), angles(10, 20)
    assert mutual_nearest(first, second, ratio=0.51).tolist() == [[0, 0]]
    assert mutual_nearest(first, second, ratio=0.49).tolist() == []


@pytest.mark.parametrize(("count", "others"), [(0, 3), (3, 0)])
def test_where_nothing_is_nothing_matches(count, others):
    assert mutual_nearest(drawn(0, count, 4), drawn(0, others, 4)).shape == (0, 2)
