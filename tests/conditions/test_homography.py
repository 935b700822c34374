from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgbtbench.conditions.homography import (
    HomographyLimits,
    drawn_homography,
    frame_corners,
    projected,
    seen_through,
)

FRAME = (480, 640)
EVERYTHING = HomographyLimits(FRAME, perspective=0.1, scale=1.25, rotation=15, translation=0.1)
KEYS = [f"scene/{number}" for number in range(200)]


def test_without_limits_nothing_moves():
    assert np.array_equal(drawn_homography("a", HomographyLimits(FRAME)), np.eye(3))


def test_it_depends_on_key_and_seed_alone():
    one = drawn_homography("a", EVERYTHING)
    assert np.array_equal(one, drawn_homography("a", EVERYTHING))
    assert not np.allclose(one, drawn_homography("b", EVERYTHING))
    assert not np.allclose(one, drawn_homography("a", HomographyLimits(FRAME, 0.1, 1.25, 15, 0.1, seed=1)))


def test_translation_stays_within_its_part_of_each_side_and_comes_near_it():
    moves = np.array([drawn_homography(key, HomographyLimits(FRAME, translation=0.25))[:2, 2] for key in KEYS])
    assert np.all(np.abs(moves) <= [160, 120])
    assert np.all(moves.max(axis=0) > [150, 110])
    assert np.all(moves.min(axis=0) < [-150, -110])


def test_magnification_and_rotation_are_about_the_centre_and_within_their_limits():
    limits = HomographyLimits(FRAME, scale=1.25, rotation=15)
    for key in KEYS:
        found = drawn_homography(key, limits)
        factor = np.sqrt(np.linalg.det(found[:2, :2]))
        angle = np.degrees(np.arctan2(found[1, 0], found[0, 0]))
        assert 0.8 <= factor <= 1.25
        assert abs(angle) <= 15
        assert np.allclose(projected(np.array([[319.5, 239.5]]), found), [[319.5, 239.5]])


def test_perspective_moves_every_corner_within_its_part_of_each_side():
    limits = HomographyLimits(FRAME, perspective=0.1)
    corners = frame_corners(FRAME)
    moves = np.array([projected(corners, drawn_homography(key, limits)) - corners for key in KEYS])
    assert np.all(np.abs(moves) <= np.array([64, 48]) + 1e-9)
    assert np.abs(moves).max() > 60
    # Four corners that moved each by itself: hardly ever a parallelogram.
    assert np.median(np.abs(moves[:, 0] - moves[:, 1] + moves[:, 2] - moves[:, 3])) > 10


def test_what_four_corners_do_is_what_opencv_makes_of_them():
    found = drawn_homography("a", EVERYTHING)
    corners = frame_corners(FRAME)
    theirs = cv2.getPerspectiveTransform(corners.astype(np.float32), projected(corners, found).astype(np.float32))
    assert np.allclose(found / found[2, 2], theirs, atol=1e-3)


@given(st.sampled_from(KEYS), st.floats(0, 639), st.floats(0, 479))
def test_the_way_back_leads_back(key, x, y):
    found = drawn_homography(key, EVERYTHING)
    there = projected(np.array([[x, y]]), found)
    assert np.allclose(projected(there, np.linalg.inv(found)), [[x, y]], atol=1e-6)


@pytest.mark.parametrize(("dtype", "channels"), [(np.uint8, 3), (np.uint16, 1), (np.float32, 6)])
def test_content_moves_by_whole_pixels_exactly_and_leaves_black_behind(dtype, channels):
    image = np.random.default_rng(0).integers(1, 200, (24, 32, channels)).astype(dtype)
    moved = seen_through(image, np.array([[1, 0, 5], [0, 1, -3], [0, 0, 1.0]]))
    assert moved.dtype == dtype
    assert moved.shape == image.shape
    assert np.array_equal(moved[:-3, 5:], image[3:, :-5])
    assert not moved[-3:].any()
    assert not moved[:, :5].any()


def test_an_image_shows_at_each_point_what_lay_where_the_point_comes_from():
    rows, columns = np.indices(FRAME).astype(np.float32)
    found = drawn_homography("a", EVERYTHING)
    seen = seen_through(np.stack([columns, rows], axis=2), found)
    inside = np.array([[250.0, 200.0], [320.0, 240.0], [400.0, 300.0]])
    there = np.rint(projected(inside, found)).astype(int)
    assert np.allclose(seen[there[:, 1], there[:, 0]], projected(there, np.linalg.inv(found)), atol=0.05)
