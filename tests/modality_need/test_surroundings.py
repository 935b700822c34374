"""Contrast of boxes and pixels, and offsets around boxes, on pictures whose answers are known."""

import numpy as np
import pytest

from rgbtbench.modality_need.surroundings import box_contrast, local_offsets, pixel_contrast, whole_offset


def noise(shape, seed=0, middle=100, spread=10):
    return np.random.default_rng(seed).normal(middle, spread, shape).clip(0, 255).astype(np.uint8)


def test_a_box_stands_out_by_its_step_over_the_noise():
    grey = noise((200, 200)).astype(int)
    grey[80:120, 80:120] += 30
    contrast = box_contrast(grey.astype(np.uint8), np.array([[80.0, 80, 120, 120], [10, 10, 50, 50]]))
    assert contrast[0] == pytest.approx(3, abs=0.3)
    assert contrast[1] < 0.2


def test_a_dark_box_stands_out_like_a_bright_one():
    grey = np.full((100, 100), 100, np.uint8)
    grey[40:60, 40:60] = 150
    box = np.array([[40.0, 40, 60, 60]])
    assert box_contrast(grey, box) == pytest.approx(box_contrast(255 - grey, box))
    assert box_contrast(grey, box) == pytest.approx([50])  # no noise but that of rounding


def test_a_box_at_the_border_is_compared_with_what_there_is_of_its_ring():
    grey = np.full((100, 100), 100, np.uint8)
    grey[:20, :20] = 120
    assert box_contrast(grey, np.array([[-10.0, -10, 20, 20]])) == pytest.approx([20])


def test_a_box_outside_or_without_a_ring_has_no_contrast():
    boxes = np.array([[200.0, 200, 220, 220], [0, 0, 100, 100]])
    assert np.isnan(box_contrast(noise((100, 100)), boxes)).all()


def test_the_contrast_of_a_pixel_is_the_spread_of_what_lies_around_it():
    grey = np.concatenate([np.full((100, 100), 90, np.uint8), noise((100, 100), spread=20)], axis=1)
    contrast = pixel_contrast(grey)
    assert contrast[50, 30] == pytest.approx(0, abs=0.01)
    assert contrast[20:80, 130:180].mean() == pytest.approx(20, rel=0.1)


def scene(seed=1, size=(480, 640)):
    """A picture of patches, whose edges run everywhere."""
    rng = np.random.default_rng(seed)
    grey = np.full(size, 90, np.uint8)
    for _ in range(300):
        y, x = rng.integers(0, size[0]), rng.integers(0, size[1])
        height, width = rng.integers(8, 60, 2)
        grey[y : y + height, x : x + width] = rng.integers(0, 255)
    return grey


def test_a_shift_is_measured_around_each_box_and_in_the_other_cameras_polarity():
    first = scene()
    second = 255 - np.roll(first, (0, 6), axis=(0, 1))
    boxes = np.array([[200.0, 200, 240, 280], [400, 100, 430, 160]])
    assert local_offsets(first, second, boxes) == pytest.approx([6, 6], abs=0.5)
    assert whole_offset(first, second) == pytest.approx(6, abs=0.5)


def test_the_other_image_may_be_of_another_size():
    first = scene()
    second = np.roll(first, (0, 8), axis=(0, 1))[::2, ::2]
    assert local_offsets(first, second, np.array([[200.0, 200, 240, 280]])) == pytest.approx([8], abs=1)


def test_unrelated_images_have_no_offset():
    assert np.isnan(whole_offset(noise((240, 320), 1), noise((240, 320), 2)))
