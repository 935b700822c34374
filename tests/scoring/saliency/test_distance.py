"""Distances and nearest pixels are those of SciPy's exact transform, however they are found."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import distance_transform_edt

from rgbtbench.scoring.saliency.distance import heights_and_distances
from rgbtbench.scoring.saliency.errors import raised_of
from rgbtbench.scoring.saliency.foreground import foreground_of
from rgbtbench.scoring.saliency.levels import Levels
from rgbtbench.scoring.saliency.nearest import REACH, nearest_foreground
from tests.scoring.saliency.scenes import blob

MASKS = st.tuples(st.integers(0, 100_000), st.integers(8, 120), st.integers(8, 120))


def random_mask(seed, height, width):
    """A blob, or few single pixels, anywhere in the image."""
    rng = np.random.default_rng(seed)
    mask = blob(rng, (height, width)) if seed % 3 == 0 else rng.random((height, width)) < rng.choice([0.002, 0.02, 0.3])
    if not mask.any():
        mask[rng.integers(height), rng.integers(width)] = True
    return mask


def distances_of(mask, chosen):
    """Found and expected squared distances of chosen background pixels, each beside the pixel's own height."""
    height = np.zeros(mask.shape, np.uint16)
    height[chosen & ~mask] = 1 + np.arange((chosen & ~mask).sum()) % 65535
    foreground = foreground_of(np.where(mask, 255, 0).astype(np.uint8), "above_128")
    raised = raised_of(np.where(mask, 65535, height).astype(np.uint16), foreground, Levels(0, 65535, 65535))
    pairs = [np.stack([heights, squares], 1) for heights, squares in heights_and_distances(foreground, raised)]
    found = np.concatenate([np.zeros((0, 2)), *pairs])
    found = found[np.argsort(found[:, 0], kind="stable")]
    expected = np.rint(distance_transform_edt(~mask)[height > 0] ** 2)
    order = np.argsort(height[height > 0], kind="stable")
    assert np.array_equal(found[:, 0], height[height > 0][order])
    return found[:, 1], expected[order]


@given(MASKS, st.sampled_from([1, 30, 500]))
@settings(max_examples=150, deadline=None)
def test_distances_of_any_pixels_are_exact(of_mask, one_in):
    mask = random_mask(*of_mask)
    found, expected = distances_of(mask, np.random.default_rng(1).random(mask.shape) < 1 / one_in)
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("reach", [3, 9, 10, 11, 25])
def test_distances_of_a_border_are_exact_at_any_width(reach):
    mask = blob(np.random.default_rng(9), (150, 170))
    found, expected = distances_of(mask, cv2.dilate(mask.astype(np.uint8), np.ones((2 * reach + 1,) * 2)) > 0)
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("one_in", [1, 20, 2000])
def test_few_and_many_pixels_between_two_objects_far_apart_are_exact(one_in):
    mask = np.zeros((200, 400), np.bool_)
    mask[20:180, 10:60] = blob(np.random.default_rng(5), (160, 50))
    mask[40:190, 330:390] = blob(np.random.default_rng(6), (150, 60))
    found, expected = distances_of(mask, np.random.default_rng(7).random(mask.shape) < 1 / one_in)
    assert expected.max() > 100**2
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("behind", ["left", "right", "above", "below"])
def test_few_pixels_far_from_a_small_object_are_exact(behind):
    mask = np.zeros((300, 300), np.bool_)
    mask[130:170, 120:160] = blob(np.random.default_rng(2), (40, 40))
    chosen = np.random.default_rng(3).random(mask.shape) < 0.01
    part = {"left": np.s_[:, 60:], "right": np.s_[:, :240], "above": np.s_[60:], "below": np.s_[:240]}[behind]
    chosen[part] = False
    found, expected = distances_of(mask, chosen)
    assert len(found)
    assert np.array_equal(found, expected)


def test_distances_in_a_large_image_are_exact_where_they_can_change_a_weight():
    mask = np.zeros((40, 6000), np.bool_)
    mask[20, [5, 2990, 2995, 5990]] = True
    found, expected = distances_of(mask, np.random.default_rng(4).random(mask.shape) < 0.2)
    near = expected < 300**2
    assert np.array_equal(found[near], expected[near])
    assert np.abs(found - expected).max() <= 2


@given(MASKS)
@settings(max_examples=150, deadline=None)
def test_the_nearest_pixel_is_scipys_choice_among_equals(of_mask):
    mask = random_mask(*of_mask)
    framed = np.pad(mask, REACH)
    places, nearest = nearest_foreground(np.where(framed, 255, 0).astype(np.uint8))
    rows, columns = np.divmod(places, framed.shape[1])
    inside = (columns >= REACH) & (columns < framed.shape[1] - REACH)
    _, (expected_rows, expected_columns) = distance_transform_edt(~mask, return_indices=True)
    at = rows[inside] - REACH, columns[inside] - REACH
    assert np.array_equal(nearest[inside] // framed.shape[1] - REACH, expected_rows[at])
    assert np.array_equal(nearest[inside] % framed.shape[1] - REACH, expected_columns[at])
    # All background pixels within three rows and columns of the foreground are among them.
    ring = (cv2.dilate(mask.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0) & ~mask
    listed = np.zeros_like(mask)
    listed[at] = True
    assert not (ring & ~listed).any()
    assert not (listed & mask).any()
