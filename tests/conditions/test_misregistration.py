"""Moved images, against hand-worked examples, SciPy and their own inverse."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from rgbtbench.conditions.misregistration import moved, scaled, with_parallax
from tests.conditions.scenes import scene


def image(dtype=np.uint8, channels=3):
    top = {np.uint8: 256, np.uint16: 65536}.get(dtype, 1)
    values = np.random.default_rng(0).random((12, 17, channels)) * top
    return values.astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_whole_pixels_move_unchanged_and_the_border_is_repeated(dtype):
    pixels = image(dtype)
    result = moved(pixels, right=3, down=-2)
    assert result.dtype == dtype
    assert np.array_equal(result[:-2, 3:], pixels[2:, :-3])
    assert np.array_equal(result[:-2, 0], pixels[2:, 0])
    assert np.array_equal(result[-1], result[-3])


def test_half_a_pixel_is_the_mean_of_two():
    row = np.array([[0, 10, 30, 70]], np.uint8)[..., None]
    assert moved(row, right=0.5, down=0)[0, :, 0].tolist() == [0, 5, 20, 50]
    assert moved(row, right=-0.5, down=0)[0, :, 0].tolist() == [5, 20, 50, 70]


@settings(deadline=None, derandomize=True)
@given(st.floats(-9, 9), st.floats(-9, 9))
def test_any_distance_is_read_as_scipy_reads_it(right, down):
    pixels = image(np.float32, 2)
    wanted = np.stack([ndimage.shift(p, (down, right), order=1, mode="nearest") for p in pixels.transpose(2, 0, 1)], -1)
    np.testing.assert_allclose(moved(pixels, right=right, down=down), wanted, atol=1e-6)


@settings(deadline=None, derandomize=True)
@given(st.integers(-5, 5), st.integers(-5, 5))
def test_moving_back_restores_the_middle(right, down):
    pixels = image()
    back = moved(moved(pixels, right=right, down=down), right=-right, down=-down)
    inner = np.s_[5:-5, 5:-5]
    assert np.array_equal(back[inner], pixels[inner])


def test_scaling_keeps_the_centre_and_doubles_distances_from_it():
    pixels = np.zeros((21, 21, 1), np.uint8)
    pixels[10, 10] = pixels[10, 14] = 200
    result = scaled(pixels, factor=2.0)
    assert result[10, 10] == result[10, 18] == 200
    assert result[10, 14] == 0


def test_scaling_by_one_changes_nothing():
    assert np.array_equal(scaled(image(), factor=1.0), image())


def test_parallax_grows_from_none_at_the_top_to_all_at_the_bottom():
    pixels = np.zeros((9, 40, 1), np.uint8)
    pixels[:, 10] = 255
    result = with_parallax(pixels, pixels_at_bottom=8.0)
    assert result[..., 0].argmax(axis=1).tolist() == list(range(10, 19))
    half = with_parallax(pixels, pixels_at_bottom=4.0)
    assert half[1, 10:12, 0].tolist() == [128, 128]


def test_a_photograph_moved_by_less_than_a_pixel_hardly_changes():
    pixels = scene(0)
    assert np.abs(moved(pixels, right=0.25, down=0).astype(int) - pixels).mean() < 1.5
