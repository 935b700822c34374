from __future__ import annotations

import numpy as np
import pytest

from rgbtbench.conditions.homography import HomographyLimits, drawn_homography, projected
from rgbtbench.matching.estimate import corner_error, estimated_homography

FRAME = (480, 640)
TRUE = drawn_homography("a", HomographyLimits(FRAME, 0.1, 1.25, 15, 0.1))
RANSAC = {"pixels": 3.0, "iterations": 2000, "confidence": 0.999}


def scattered(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform((0, 0), (639, 479), (count, 2))


def test_right_matches_give_the_true_homography():
    points = scattered(50)
    found = estimated_homography(points, projected(points, TRUE), **RANSAC)
    assert corner_error(found, TRUE, FRAME) < 0.01


def test_wrong_matches_among_right_ones_are_seen_through_the_same_way_every_time():
    points, wrong = scattered(60), scattered(60, seed=1)
    there = np.concatenate([projected(points[:40], TRUE), wrong[40:]])
    found = [estimated_homography(points, there, **RANSAC) for _ in range(2)]
    assert np.array_equal(*found)
    assert corner_error(found[0], TRUE, FRAME) < 0.5


@pytest.mark.parametrize("count", [0, 3])
def test_fewer_than_four_matches_give_none(count):
    assert estimated_homography(scattered(count), scattered(count), **RANSAC) is None


def test_matches_on_one_line_give_none_or_a_wrong_one_but_no_error():
    line = np.column_stack((np.arange(10.0), np.arange(10.0)))
    assert corner_error(estimated_homography(line, line, **RANSAC), TRUE, FRAME) > 10


def test_the_error_of_corners_is_their_mean_distance():
    moved = np.array([[1.0, 0, 3], [0, 1, 4], [0, 0, 1]])
    assert corner_error(moved, np.eye(3), FRAME) == pytest.approx(5)
    assert corner_error(None, np.eye(3), FRAME) == float("inf")
    # A corner that goes to infinity.
    assert corner_error(np.array([[1.0, 0, 0], [0, 1, 0], [1, 0, 0]]), np.eye(3), FRAME) == float("inf")
