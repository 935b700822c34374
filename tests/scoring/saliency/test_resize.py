"""Maps of another size become what Pillow makes of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgbtbench.scoring.saliency.resize import resized

LENGTH = st.integers(1, 60)


@given(LENGTH, LENGTH, LENGTH, LENGTH, st.integers(0, 1000))
@settings(max_examples=150, deadline=None)
def test_pillows_bilinear_to_the_level(height, width, new_height, new_width, seed):
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    levels = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    bilinear = image.Resampling.BILINEAR
    # In two calls, because Pillow 13 shortens columns first in some shapes and all versions before shorten rows first.
    expected = image.fromarray(levels).resize((new_width, height), bilinear).resize((new_width, new_height), bilinear)
    assert np.array_equal(resized(levels, (new_height, new_width)), np.asarray(expected))


def test_a_map_of_the_right_size_stays_as_it_is():
    levels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert resized(levels, (3, 4)) is levels


def test_16_bits_stay_16_bits():
    levels = np.array([[0, 65535]], np.uint16)
    # New pixels lie at a quarter and three quarters of the way from each old one to the next.
    assert resized(levels, (1, 4)).tolist() == [[0, 16384, 49151, 65535]]
