"""What of a mask is foreground, and where its centroid divides the image."""

import numpy as np
import pytest

from rgbtbench.scoring.saliency.foreground import blocks_at_centroid, foreground_of

LEVELS = np.array([[0, 1, 127, 128, 129, 255]], np.uint8)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [("above_128", [0, 0, 0, 0, 1, 1]), ("at_least_128", [0, 0, 0, 1, 1, 1]), ("nonzero", [0, 1, 1, 1, 1, 1])],
)
def test_each_rule_has_its_own_first_level(rule, expected):
    assert (foreground_of(LEVELS, rule).mask[0] > 0).tolist() == [bool(value) for value in expected]


def test_grey_masks_are_cut_at_half_where_they_must_be_binary():
    assert np.array_equal(foreground_of(LEVELS, "grey").mask, foreground_of(LEVELS, "at_least_128").mask)


def test_extent_and_sums_of_a_foreground():
    mask = np.zeros((5, 7), np.uint8)
    mask[1, 2] = mask[3, 4] = 255
    found = foreground_of(mask, "above_128")
    assert (found.count, found.rows, found.columns) == (2, (1, 4), (2, 5))
    assert (found.row_sum, found.column_sum) == (4, 6)
    assert foreground_of(np.zeros((5, 7), np.uint8), "above_128").rows == (0, 0)


@pytest.mark.parametrize(
    ("columns", "rule", "expected"),
    [
        # Mean column 0.5 and 1.5, counted from 0: a half goes to the even column, upwards, or to the even one without
        # the column itself.
        ((0, 1), "half_even", 0 + 1),
        ((0, 1), "half_up", 1 + 1),
        ((0, 1), "zero_based", 0),
        ((1, 2), "half_even", 2 + 1),
        ((1, 2), "half_up", 2 + 1),
        ((1, 2), "zero_based", 2),
        # 7 / 3 is nearer to 2.
        ((1, 2, 4), "half_even", 2 + 1),
        ((1, 2, 4), "half_up", 2 + 1),
    ],
)
def test_halves_of_the_centroid(columns, rule, expected):
    mask = np.zeros((4, 6), np.uint8)
    mask[1, list(columns)] = 255
    assert blocks_at_centroid(foreground_of(mask, "above_128"), rule) == (1 + (rule != "zero_based"), expected)
