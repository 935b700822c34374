"""What stored levels mean, and which thresholds they reach."""

import numpy as np
import pytest

from rgbtbench.scoring.saliency.levels import Levels, first_heights, levels_of, threshold_bins


def test_a_map_is_stretched_from_its_darkest_to_its_brightest_level():
    assert levels_of(np.array([[10, 60, 110]], np.uint8), "min_max") == Levels(10, 100, 255)
    assert levels_of(np.array([[10, 60, 110]], np.uint8), "none") == Levels(0, 255, 255)
    assert levels_of(np.array([[10, 10]], np.uint16), "min_max") == Levels(0, 65535, 65535)


def test_stretched_levels_reach_the_thresholds_of_their_share():
    bins = threshold_bins(Levels(10, 100, 255), 256)
    # 10 to 110 become 0 to 255: 2.55 thresholds each, cut to whole numbers.
    assert [int(bins[level]) for level in (10, 11, 12, 60, 109, 110)] == [0, 2, 5, 127, 252, 255]


def test_256_thresholds_cut_as_floating_point_does():
    # 3 / 255 * 255 is 3, but some levels end one below: those that PySODMetrics moves too.
    values = np.arange(256) / 255
    expected = ((values - 0.0) / (1.0 - 0.0) * 255).astype(np.uint8)
    assert np.array_equal(threshold_bins(Levels(0, 255, 255), 256), expected)


def test_255_thresholds_are_the_parts_of_254():
    bins = threshold_bins(Levels(0, 255, 255), 255)
    # Level 1 is below 1/254 and level 2 above; only 255 reaches the last threshold, which is 1.
    assert [int(bins[level]) for level in (0, 1, 2, 128, 254, 255)] == [0, 0, 1, 127, 253, 254]
    expected = [sum(level * 254 >= part * 255 for part in range(1, 255)) for level in range(256)]
    assert bins.tolist() == expected


@pytest.mark.parametrize("thresholds", [256, 255])
def test_16_bit_levels_reach_what_8_bit_levels_reach(thresholds):
    long = threshold_bins(Levels(0, 65535, 65535), thresholds)
    assert np.array_equal(long[::257], threshold_bins(Levels(0, 255, 255), thresholds))
    assert (np.diff(long) >= 0).all()


@pytest.mark.parametrize("thresholds", [256, 255])
@pytest.mark.parametrize("levels", [Levels(0, 255, 255), Levels(10, 100, 255), Levels(3, 900, 65535)])
def test_the_first_level_of_each_threshold_is_the_lowest_that_reaches_it(levels, thresholds):
    bins = threshold_bins(levels, thresholds)[levels.floor :]
    expected = [next(height for height, reached in enumerate(bins) if reached >= step) for step in range(thresholds)]
    assert first_heights(levels, thresholds).tolist() == expected
