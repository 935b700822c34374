"""The common area of quadrilaterals, against OpenCV and by hand."""

import cv2
import numpy as np
import pytest

from rgbtbench.scoring.average_precision.quadrilaterals import shared_areas

SQUARE = np.array([[0.0, 0], [10, 0], [10, 10], [0, 10]])


def corners_of(rectangle):
    (x, y), (width, height), degrees = rectangle
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    half = np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) / 2
    return half @ turn.T + (x, y)


def test_turned_rectangles_share_what_opencv_says():
    rng = np.random.default_rng(0)
    first, second = (
        [
            ((rng.uniform(0, 60), rng.uniform(0, 60)), tuple(rng.uniform(5, 60, 2)), rng.uniform(0, 360))
            for _ in range(500)
        ]
        for _ in range(2)
    )
    ours = shared_areas(np.array([corners_of(one) for one in first]), np.array([corners_of(one) for one in second]))
    theirs = []
    for one, other in zip(first, second, strict=True):
        _, points = cv2.rotatedRectangleIntersection(one, other)
        theirs.append(0.0 if points is None else cv2.contourArea(cv2.convexHull(points)))
    # OpenCV computes in single precision.
    assert ours == pytest.approx(np.array(theirs), rel=1e-3, abs=0.05)
    assert (ours > 0).sum() > 200


def test_any_convex_quadrilaterals_share_what_shapely_says():
    geometry = pytest.importorskip("shapely", reason="shapely is not installed")
    rng = np.random.default_rng(1)
    angles = np.sort(rng.uniform(0, 2 * np.pi, (400, 4)), axis=1)
    circles = np.stack([np.cos(angles), np.sin(angles)], axis=-1) * rng.uniform(5, 40, (400, 1, 1))
    quadrilaterals = circles + rng.uniform(0, 40, (400, 1, 2))
    first, second = quadrilaterals[:200], quadrilaterals[200:]
    theirs = [
        geometry.Polygon(one).intersection(geometry.Polygon(other)).area
        for one, other in zip(first, second, strict=True)
    ]
    assert shared_areas(first, second) == pytest.approx(np.array(theirs), abs=1e-9)


@pytest.mark.parametrize(
    ("other", "area"),
    [
        (SQUARE, 100.0),
        (SQUARE[::-1], 100.0),  # the other way around
        (np.roll(SQUARE, 2, axis=0), 100.0),
        (SQUARE + 5, 25.0),
        (SQUARE + np.array([10, 0]), 0.0),  # an edge in common
        (SQUARE + 20, 0.0),
        (SQUARE * 0.5 + 2, 25.0),  # inside
        ([[5, -5], [15, 5], [5, 15], [-5, 5]], 100.0),  # a diamond around the square's corners
        ([[5, 0], [10, 5], [5, 10], [0, 5]], 50.0),  # a diamond inside
        ([[0, 0], [10, 0], [0, 10], [0, 10]], 50.0),  # a triangle
        ([[0, 0], [10, 0], [2, 2], [0, 10]], 20.0),  # one corner points inwards
        ([[3, 3], [3, 3], [3, 3], [3, 3]], 0.0),
    ],
)  # fmt: skip
def test_by_hand(other, area):
    other = np.array(other, float)[None]
    assert shared_areas(SQUARE[None], other) == pytest.approx([area])
    assert shared_areas(other, SQUARE[None]) == pytest.approx([area])


def test_far_from_the_origin_nothing_is_lost():
    assert shared_areas(SQUARE[None] + 1e6, SQUARE[None] + 1e6 + 5) == pytest.approx([25.0])


def test_no_pairs_share_nothing():
    assert shared_areas(np.zeros((0, 4, 2)), np.zeros((0, 4, 2))).shape == (0,)
