"""Sums over pixels are those that SciPy's exact transform and a plain convolution give."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import convolve, distance_transform_edt

from rgbtbench.scoring.saliency.weighted_errors import FARTHEST_SQUARE, sum_in_background, sum_in_foreground
from tests.scoring.saliency.scenes import blob

MASKS = st.tuples(st.integers(0, 100_000), st.integers(1, 120), st.integers(1, 120))
KINDS = st.sampled_from([np.uint8, np.uint16])
#: The sum of errors of 1 is then that of the squared distances.
SQUARES = np.arange(FARTHEST_SQUARE + 1.0)


def random_mask(seed, height, width):
    """A blob, or few single pixels, anywhere in the image."""
    rng = np.random.default_rng(seed)
    is_blob = seed % 3 == 0 and min(height, width) > 7
    mask = blob(rng, (height, width)) if is_blob else rng.random((height, width)) < rng.choice([0.002, 0.02, 0.3])
    if not mask.any():
        mask[rng.integers(height), rng.integers(width)] = True
    return mask


def stored(mask):
    return np.where(mask, 255, 0).astype(np.uint8)


def weighted(mask, errors, weights):
    places = np.flatnonzero(errors)
    return sum_in_background(stored(mask), places, errors.ravel()[places], weights)


def require_distances(mask, chosen, kind=np.uint8):
    """Compare the sum over chosen background pixels of errors times squared distances, in whole numbers."""
    errors = np.random.default_rng(1).integers(1, np.iinfo(kind).max, mask.shape, kind, endpoint=True)
    errors[mask | ~chosen] = 0
    squares = np.minimum(np.rint(distance_transform_edt(~mask) ** 2), FARTHEST_SQUARE)
    assert weighted(mask, errors, SQUARES) == (squares * errors).sum()


@given(MASKS, st.sampled_from([1, 30, 500]), KINDS)
@settings(max_examples=150, deadline=None)
def test_distances_of_any_pixels_are_exact(of_mask, one_in, kind):
    mask = random_mask(*of_mask)
    require_distances(mask, np.random.default_rng(1).random(mask.shape) < 1 / one_in, kind)


@pytest.mark.parametrize("reach", [1, 3, 15, 16, 17, 25])
def test_distances_of_a_border_are_exact_at_any_width(reach):
    mask = blob(np.random.default_rng(9), (150, 170))
    require_distances(mask, cv2.dilate(mask.astype(np.uint8), np.ones((2 * reach + 1,) * 2)) > 0)


@pytest.mark.parametrize("one_in", [1, 20, 2000])
def test_distances_between_two_objects_far_apart_are_exact(one_in):
    mask = np.zeros((200, 400), np.bool_)
    mask[20:180, 10:60] = blob(np.random.default_rng(5), (160, 50))
    mask[40:190, 330:390] = blob(np.random.default_rng(6), (150, 60))
    require_distances(mask, np.random.default_rng(7).random(mask.shape) < 1 / one_in)


@pytest.mark.parametrize("at", [(0, 0), (0, 699), (20, 350), (39, 0)])
@pytest.mark.parametrize("turned", [False, True])
def test_distances_end_where_weights_are_the_same_to_all_digits(at, turned):
    mask = np.zeros((40, 700), np.bool_)
    mask[at] = True
    mask = mask.T if turned else mask
    require_distances(mask, np.ones_like(mask))


def test_weights_are_those_of_the_squared_distances():
    """Worked by hand: one foreground pixel, and errors of 10, 20 and 30 to the right, below, and across."""
    weights = np.zeros(FARTHEST_SQUARE + 1)
    weights[[1, 4, 5]] = 2.0, 3.0, 7.0
    errors = np.array([[0, 10, 0], [0, 0, 0], [20, 30, 0]], np.uint8)
    assert weighted(np.arange(9).reshape(3, 3) == 0, errors, weights) == 10 * 2 + 20 * 3 + 30 * 7


@given(MASKS, KINDS, st.sampled_from([0.02, 1.0]))
@settings(max_examples=150, deadline=None)
def test_errors_in_the_foreground_are_at_most_the_mean_around_them(of_mask, kind, share):
    """The background takes part with the error of the nearest pixel that SciPy chooses among equals."""
    mask = random_mask(*of_mask)
    rng = np.random.default_rng(2)
    errors = rng.integers(1, np.iinfo(kind).max, mask.shape, kind, endpoint=True)
    errors[~mask | (rng.random(mask.shape) >= share)] = 0
    bell = np.array([0.05, 0.1, 0.2, 0.3])
    row = np.concatenate([bell, bell[2::-1]])
    nearest = tuple(distance_transform_edt(~mask, return_distances=False, return_indices=True))
    around = convolve(errors[nearest].astype(np.float64), np.outer(row, row), mode="constant")
    expected = np.minimum(around, errors)[mask].sum()
    assert sum_in_foreground(stored(mask), errors, bell) == pytest.approx(expected, rel=1e-12)


def test_a_lone_error_is_spread_over_its_neighbours():
    """Worked by hand: one foreground pixel of one, whose error the background around it repeats."""
    mask = np.zeros((9, 9), np.bool_)
    mask[4, 4] = True
    errors = np.where(mask, 200, 0).astype(np.uint8)
    bell = np.array([0.01, 0.02, 0.03, 0.04])
    assert sum_in_foreground(stored(mask), errors, bell) == pytest.approx(200 * (2 * 0.06 + 0.04) ** 2)
