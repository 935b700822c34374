"""The structure measure's edge cases, from counts worked out by hand."""

import numpy as np
import pytest

from rgbtbench.scoring.saliency.structure import Block, Pixels, structure_measure

SPAN, EPSILON = 4, 2.0**-52


def measured(*blocks):
    """The measure of four blocks, each background and foreground as {height: pixels}."""
    found = [Block(*(pixels_of(side) for side in sides)) for sides in blocks]
    return structure_measure(found, span=SPAN, epsilon=EPSILON)


def pixels_of(side):
    count, total, squares = (sum(number * height**power for height, number in side.items()) for power in range(3))
    return Pixels(count, total, squares)


NOTHING = ({}, {})


def test_without_foreground_it_is_one_minus_the_mean():
    assert measured(({0: 6, 4: 2}, {}), NOTHING, NOTHING, NOTHING) == 1 - 2 / 8


def test_without_background_it_is_the_mean():
    assert measured(({}, {0: 6, 2: 2}), NOTHING, NOTHING, NOTHING) == 1 / 8


def test_blocks_without_pixels_add_nothing():
    # The centroid lies in the last row and column: one block is the whole image. Map and mask are equal there.
    assert measured(({0: 3}, {4: 1}), NOTHING, NOTHING, NOTHING) == pytest.approx(1, abs=1e-12)


def test_a_block_of_one_level_and_one_side_is_alike():
    # All background at half brightness: exact sums find no variation, so the block counts 1. The other blocks: perfect.
    perfect = ({0: 2}, {4: 2})
    found = measured(({2: 4}, {}), perfect, perfect, perfect)
    foreground, background = 6 / 16, 10 / 16
    mean = (4 * 0.5 + 6) / 10
    deviation = np.sqrt((4 * (0.5 - mean) ** 2 + 6 * (1 - mean) ** 2) / 9)
    of_objects = foreground * 1 + background * 2 * mean / (mean**2 + 1 + deviation)
    assert found == pytest.approx(0.5 * of_objects + 0.5 * 1, abs=1e-12)


def test_a_map_that_is_the_opposite_of_its_mask_gets_nothing():
    opposite = ({4: 2}, {0: 2})
    assert measured(opposite, opposite, opposite, opposite) == 0


def test_a_single_foreground_pixel_has_no_deviation():
    alone = measured(({0: 8}, {3: 1}), NOTHING, NOTHING, NOTHING)
    assert 0 < alone < 1
