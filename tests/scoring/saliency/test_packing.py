"""Whole numbers come back as they were, in the bytes that they need."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgbtbench.scoring.saliency import packing
from rgbtbench.scoring.saliency.packing import pack, unpack


def test_lengths_and_digits_of_a_few_numbers():
    lengths, digits = pack(np.array([0, 1, 2, 5, 12]))
    assert lengths.tolist() == [0, 1, 2, 3, 4]
    # Behind the leading 1: nothing, nothing, 0, 01, 100.
    assert digits.tolist() == [0b00110000]


@given(st.lists(st.integers(0, 2**53) | st.integers(0, 300)))
def test_every_number_comes_back(numbers):
    whole = np.array(numbers, np.int64)
    assert np.array_equal(unpack(*pack(whole)), whole)


def test_more_numbers_than_are_packed_at_once_have_the_bytes_of_all_at_once(monkeypatch):
    numbers = np.random.default_rng(0).integers(0, 1000, 500) * np.random.default_rng(1).integers(0, 2, 500)
    lengths, digits = pack(numbers)
    monkeypatch.setattr(packing, "_AT_ONCE", 7)
    in_parts = pack(numbers)
    assert np.array_equal(in_parts[0], lengths)
    assert np.array_equal(in_parts[1], digits)
    assert np.array_equal(unpack(lengths, digits), numbers)


@pytest.mark.parametrize("digits", [[], [1, 2]])
def test_digits_that_do_not_fit_are_refused(digits):
    with pytest.raises(ValueError, match="binary digits"):
        unpack(np.array([4, 5], np.uint8), np.array(digits, np.uint8))
