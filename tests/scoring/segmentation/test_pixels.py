"""Which pixels count: resizing as other tools resize, hidden pixels, and a window."""

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydantic import ValidationError

from rgbtbench.cards.rules import SegmentationRules
from rgbtbench.errors import LabelError
from rgbtbench.labels import IGNORE
from rgbtbench.scoring.segmentation.pixels import resized, scored_label

sizes = st.tuples(st.integers(1, 40), st.integers(1, 40))


def random_label(size, seed=0):
    return np.random.default_rng(seed).integers(0, 9, size, np.uint8)


@given(sizes, sizes)
def test_corners_are_those_of_torch(size, to):
    label = random_label(size)
    expected = torch.nn.functional.interpolate(torch.from_numpy(label)[None, None].float(), size=to, mode="nearest")
    rules = SegmentationRules(label_size=to)
    # torch multiplies in 32 bits, which may fall short of a pixel that is hit exactly.
    exact = [
        (np.arange(side) * from_ % side != 0) | (np.arange(side) == 0) for side, from_ in zip(to, size, strict=True)
    ]
    assert np.array_equal(resized(label, rules)[np.ix_(*exact)], expected[0, 0].numpy()[np.ix_(*exact)])


@pytest.mark.parametrize("to", [(360, 640), (640, 1280), (720, 1280)])
def test_corners_are_those_of_opencv_at_the_sizes_of_pst900(to):
    label = random_label((720, 1280))
    expected = cv2.resize(label, to[::-1], interpolation=cv2.INTER_NEAREST)
    assert np.array_equal(resized(label, SegmentationRules(label_size=to)), expected)


@pytest.mark.parametrize("to", [(320, 480), (1024, 1024), (96, 128), (1000, 1300)])
def test_centres_are_those_of_pillow(to):
    label = random_label((480, 640))
    expected = np.asarray(Image.fromarray(label).resize(to[::-1], Image.Resampling.NEAREST))
    found = resized(label, SegmentationRules(label_size=to, label_sampling="centre"))
    # Where a centre falls on the edge of two pixels, Pillow's sum of rounded steps takes either.
    certain = [(2 * np.arange(side) + 1) * size % (2 * side) != 0 for side, size in zip(to, (480, 640), strict=True)]
    assert np.array_equal(found[np.ix_(*certain)], expected[np.ix_(*certain)])
    assert np.mean([axis.mean() for axis in certain]) > 0.6


@given(sizes, sizes, st.sampled_from(["corner", "centre"]))
def test_no_id_is_made_up(size, to, sampling):
    label = random_label(size)
    found = resized(label, SegmentationRules(label_size=to, label_sampling=sampling))
    assert found.shape == to
    assert set(np.unique(found)) <= set(np.unique(label))


def test_rules_that_change_nothing_return_the_label_itself():
    label = random_label((4, 5))
    assert scored_label(label, SegmentationRules()) is label


def test_a_window_and_hidden_pixels_are_not_scored():
    label = np.arange(20, dtype=np.uint8).reshape(4, 5)
    hidden = np.zeros((4, 5), np.uint8)
    hidden[1, 2] = 1
    found = scored_label(label, SegmentationRules(window=(1, 1, 4, 3), hidden_by="hidden"), hidden=hidden)
    expected = np.full((4, 5), IGNORE)
    expected[1:3, 1:4] = label[1:3, 1:4]
    expected[1, 2] = IGNORE
    assert np.array_equal(found, expected)
    assert label[1, 2] == 7  # the label that came in is left alone


def test_labels_are_resized_before_the_window_is_cut():
    label = np.kron(np.arange(4, dtype=np.uint8).reshape(2, 2), np.ones((2, 2), np.uint8))
    found = scored_label(label, SegmentationRules(label_size=(2, 2), window=(1, 0, 2, 2)))
    assert found.tolist() == [[IGNORE, 1], [IGNORE, 3]]


def test_a_label_that_does_not_hold_the_window_is_an_error():
    with pytest.raises(LabelError, match="5x4 does not hold the window"):
        scored_label(random_label((4, 5)), SegmentationRules(window=(0, 0, 6, 4)))


@pytest.mark.parametrize("window", [(3, 0, 3, 4), (-1, 0, 3, 4), (0, 4, 3, 2)])
def test_a_window_without_pixels_is_no_rule(window):
    with pytest.raises(ValidationError, match="holds no pixel"):
        SegmentationRules(window=window)
