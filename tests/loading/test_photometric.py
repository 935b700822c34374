"""Changes of pixel values: hand-worked tables, the type's own range, and nothing without being asked."""

import numpy as np
import pytest

from rgbtbench.cards.augmentations import Photometric
from rgbtbench.loading.photometric import change_values


class Fixed:
    """A generator whose uniform numbers are known, for hand-worked examples."""

    def __init__(self, gamma=0.5, gain=0.5, contrast=0.5, offset=0.5, noise=0.5):
        self.numbers = (gamma, gain, contrast, offset, noise)

    def random(self, count):
        return self.numbers[:count]

    def standard_normal(self, shape, dtype):
        return np.ones(shape, dtype)


def changed(values, rules, generator, dtype=np.uint8):
    return change_values(np.array([values], dtype), rules, generator)[0].tolist()


def test_the_default_changes_no_pixel():
    pixels = np.random.default_rng(0).integers(0, 256, (7, 5, 3), np.uint8)
    assert np.array_equal(change_values(pixels, Photometric(), np.random.default_rng(1)), pixels)


def test_gain_is_a_factor_clipped_at_white():
    rules = Photometric(gain=np.log(2))
    assert changed([0, 10, 100, 200], rules, Fixed(gain=1)) == [0, 20, 200, 255]
    assert changed([0, 10, 100, 200], rules, Fixed(gain=0)) == [0, 5, 50, 100]


def test_offset_is_a_summand_in_parts_of_the_whole_range():
    assert changed([0, 100, 250], Photometric(offset=0.2), Fixed(offset=1)) == [51, 151, 255]
    assert changed([0, 100, 250], Photometric(offset=0.2), Fixed(offset=0)) == [0, 49, 199]


def test_contrast_stretches_about_the_mean():
    assert changed([80, 100, 120], Photometric(contrast=np.log(2)), Fixed(contrast=1)) == [60, 100, 140]


def test_gamma_keeps_black_and_white():
    # (51 / 255) ** 2 * 255 = 10.2
    assert changed([0, 51, 255], Photometric(gamma=np.log(2)), Fixed(gamma=1)) == [0, 10, 255]


def test_noise_is_added_last_with_a_drawn_deviation():
    assert changed([0, 100, 250], Photometric(noise=0.1), Fixed(noise=0.8)) == [20, 120, 255]  # 0.08 * 255 = 20.4


def test_sixteen_bits_keep_their_range():
    assert changed([100, 30000], Photometric(gain=np.log(2)), Fixed(gain=1), np.uint16) == [200, 60000]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_everything_at_once_equals_the_formulas_applied_one_by_one(dtype):
    top = np.iinfo(dtype).max
    pixels = np.random.default_rng(2).integers(0, top, (9, 8, 3), dtype, endpoint=True)
    rules = Photometric(gamma=0.3, gain=0.4, contrast=0.5, offset=0.1)
    gamma, gain, contrast, offset = (2 * np.random.default_rng(3).random(5) - 1)[:4]
    x = (pixels / top) ** np.exp(gamma * 0.3) * np.exp(gain * 0.4)
    x = x.mean() + (x - x.mean()) * np.exp(contrast * 0.5) + offset * 0.1
    expected = np.rint(x.clip(0, 1) * top)
    result = change_values(pixels, rules, np.random.default_rng(3))
    assert result.dtype == dtype
    assert np.abs(result.astype(np.int64) - expected).max() <= (1 if dtype == np.uint16 else 0)


def test_turning_one_property_on_leaves_the_draws_of_the_others():
    pixels = np.full((1, 1), 50, np.uint8)
    alone = change_values(pixels, Photometric(offset=0.2), np.random.default_rng(5))
    gamma_that_does_nothing_to_white = change_values(
        np.full((1, 1), 255, np.uint8), Photometric(gamma=1.0, offset=0.2), np.random.default_rng(5)
    )
    shift = 2 * np.random.default_rng(5).random(5)[3] - 1
    assert alone[0, 0] == np.rint(50 + shift * 0.2 * 255)
    assert gamma_that_does_nothing_to_white[0, 0] == np.rint(np.clip(255 + shift * 0.2 * 255, 0, 255))
