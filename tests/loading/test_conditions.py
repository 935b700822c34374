"""Conditions: which image stands in for a modality's own."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgbtbench.errors import UnknownNameError
from rgbtbench.loading.conditions import MISSING, Condition, donors, parse_condition


@settings(deadline=None, derandomize=True)
@given(st.integers(2, 500))
def test_shuffling_leaves_no_sample_its_own_image_and_uses_every_image_once(samples):
    source = donors(Condition("shuffled", "lwir"), samples)
    assert (source != np.arange(samples)).all()
    assert sorted(source.tolist()) == list(range(samples))


def test_shuffling_is_one_cycle_and_always_the_same():
    source = donors(Condition("shuffled", "lwir"), 100)
    place, visited = 0, set()
    while place not in visited:
        visited.add(place)
        place = int(source[place])
    assert len(visited) == 100
    assert np.array_equal(source, donors(Condition("shuffled", "rgb"), 100))


def test_a_missing_modality_has_no_source():
    assert (donors(Condition("missing", "rgb"), 3) == MISSING).all()


def test_a_single_sample_cannot_be_shuffled():
    with pytest.raises(UnknownNameError, match="at least 2 samples"):
        donors(Condition("shuffled", "lwir"), 1)


@pytest.mark.parametrize("name", ["shuffled-lwir", "missing-rgb"])
def test_a_name_reads_back_as_itself(name):
    assert str(parse_condition(name, ("rgb", "lwir"))) == name


@pytest.mark.parametrize(
    ("name", "remedy"),
    [("shufled-lwir", "did you mean shuffled-lwir"), ("missing-nir", "missing-lwir"), ("lwir", "known|did you mean")],
)
def test_a_wrong_name_is_refused_with_the_closest(name, remedy):
    with pytest.raises(UnknownNameError, match=remedy):
        parse_condition(name, ("rgb", "lwir"))
