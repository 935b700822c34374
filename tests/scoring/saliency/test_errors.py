"""What is left of an image, its errors, says of levels and blocks what all its pixels say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgbtbench.scoring.saliency.errors import missed_of, raised_of
from rgbtbench.scoring.saliency.foreground import foreground_of
from rgbtbench.scoring.saliency.histograms import blocks_of, levels_counted
from rgbtbench.scoring.saliency.levels import levels_of
from rgbtbench.scoring.saliency.structure import Pixels


@st.composite
def images(draw):
    """A map of 8 or 16 bits that is 0, or at its lowest level, in most of the image, and a mask of few rectangles."""
    rng = np.random.default_rng(draw(st.integers(0, 100_000)))
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    kind = draw(st.sampled_from([np.uint8, np.uint16]))
    top, lowest = np.iinfo(kind).max, draw(st.sampled_from([0, 7]))
    truth, prediction = np.zeros((height, width), np.uint8), np.full((height, width), lowest, kind)
    for _ in range(draw(st.integers(0, 2))):
        truth[part_of(rng, height, width)] = 255
    for _ in range(draw(st.integers(0, 3))):
        part = prediction[part_of(rng, height, width)]
        part[...] = np.maximum(lowest, rng.choice([0, 1, top // 2, top - 1, top], part.shape))
    return prediction, truth, draw(st.sampled_from(["min_max", "none"]))


def part_of(rng, height, width):
    rows, columns = np.sort(rng.integers(0, height + 1, 2)), np.sort(rng.integers(0, width + 1, 2))
    return slice(*rows), slice(*columns)


def errors_in(prediction, truth, normalisation):
    foreground, levels = foreground_of(truth, "above_128"), levels_of(prediction, normalisation)
    missed = missed_of(prediction, foreground, levels) if foreground.count else None
    return foreground, raised_of(prediction, foreground, levels), missed, levels


@given(images())
@settings(max_examples=100, deadline=None)
def test_the_parts_of_an_image_hold_every_error(image):
    prediction, truth, normalisation = image
    _, raised, missed, levels = errors_in(prediction, truth, normalisation)
    heights = prediction.astype(int) - levels.floor
    assert np.array_equal(pasted(raised, truth.shape), np.where(truth > 0, 0, heights))
    assert np.array_equal(raised.levels.ravel()[raised.places], raised.sizes)
    assert (raised.sizes > 0).sum() == (np.where(truth > 0, 0, heights) > 0).sum()
    if missed is not None:
        assert np.array_equal(pasted(missed, truth.shape), np.where(truth > 0, levels.span - heights, 0))
        assert np.array_equal(missed.levels.ravel()[missed.places], missed.sizes)
        assert (missed.sizes > 0).sum() == (np.where(truth > 0, levels.span - heights, 0) > 0).sum()


def pasted(errors, shape):
    image = np.zeros(shape, int)
    image[slice(*errors.rows), slice(*errors.columns)] = errors.levels
    return image


@given(images())
@settings(max_examples=100, deadline=None)
def test_levels_are_those_of_all_pixels(image):
    prediction, truth, normalisation = image
    *errors, levels = errors_in(prediction, truth, normalisation)
    for side, found in enumerate(levels_counted(*errors, levels).T):
        expected = np.bincount(prediction[(truth > 0) == side] - levels.floor, minlength=levels.top + 1 - levels.floor)
        assert np.array_equal(found, expected)


@given(images(), st.integers(0, 40), st.integers(0, 40))
@settings(max_examples=100, deadline=None)
def test_sums_in_blocks_are_those_of_their_pixels(image, upper, left):
    prediction, truth, normalisation = image
    upper, left = min(upper, len(truth)), min(left, truth.shape[1])
    *errors, levels = errors_in(prediction, truth, normalisation)
    found = iter(blocks_of(*errors, levels, (upper, left)))
    for rows in (slice(None, upper), slice(upper, None)):
        for columns in (slice(None, left), slice(left, None)):
            heights, inside = prediction[rows, columns].astype(int) - levels.floor, truth[rows, columns] > 0
            expected = tuple(
                Pixels(len(side), int(side.sum()), int((side**2).sum())) for side in (heights[~inside], heights[inside])
            )
            assert next(found) == expected


def test_the_background_around_the_foreground_ends_with_the_image():
    truth = np.zeros((20, 30), np.uint8)
    truth[1:10, 12:30] = 255
    foreground = foreground_of(truth, "above_128")
    missed = missed_of(np.zeros_like(truth), foreground, levels_of(truth, "none"))
    assert (missed.rows, missed.columns) == ((0, 13), (9, 30))


@pytest.mark.parametrize("level", [0, 255])
def test_an_image_without_errors_has_none(level):
    constant = np.full((6, 8), level, np.uint8)
    _, raised, missed, _ = errors_in(constant, constant, "min_max")
    assert not len(raised.places)
    assert missed is None or not len(missed.places)
