"""Ids of conditions: complete, of one spelling, and refused with the closest when wrong."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgbtbench.conditions import Corrupt, Missing, Noisy, Parallax, Scale, Shift, parse_condition
from rgbtbench.errors import ConditionError, UnknownNameError

MODALITIES = ("rgb", "lwir")

steps = st.one_of(
    st.builds(Missing, st.just("lwir"), st.sampled_from(["drop", "zero_raw", "zero_norm", "mean", "noise", "swap"])),
    st.builds(Shift, st.just("lwir"), st.integers(-999, 999).map(float), st.sampled_from([0.0, 0.5, -0.25])),
    st.builds(Scale, st.just("lwir"), st.sampled_from([0.9, 1.02, 2.0])),
    st.builds(Parallax, st.just("lwir"), st.sampled_from([-8.0, 0.5, 16.0])),
    st.builds(Noisy, st.just("rgb"), st.sampled_from([0.0, 0.05, 1.0]), st.sampled_from([0.0, 0.1, 2.5])),
    st.builds(Corrupt, st.just("rgb"), st.sampled_from(["fog", "shot_noise"]), st.integers(1, 5)),
)


@settings(deadline=None, derandomize=True)
@given(steps)
def test_an_id_reads_back_as_its_step(step):
    condition = parse_condition(str(step), MODALITIES)
    assert condition.steps == (step,)
    assert str(condition) == str(step)


@pytest.mark.parametrize(
    ("written", "known_as"),
    [
        ("shift:lwir/4.0,-2.50", "shift:lwir/4,-2.5"),
        ("shift:lwir/-0,2", "shift:lwir/0,2"),
        ("missing:lwir/zero_norm/1.0", "missing:lwir/zero_norm"),
        ("missing:lwir/zero_norm/.50", "missing:lwir/zero_norm/0.5"),
        ("noisy:lwir/.050,1e-1", "noisy:lwir/0.05,0.1"),
        ("missing:rgb/zero_norm/0.5+noisy:rgb/0,1", "noisy:rgb/0,1+missing:rgb/zero_norm/0.5"),
        ("missing:rgb/mean+corrupt:lwir/drift/2", "corrupt:lwir/drift/2+missing:rgb/mean"),
        (
            "corrupt:rgb/fog/1 + corrupt:lwir/drift/2 + shift:lwir/1,0",
            "shift:lwir/1,0+corrupt:lwir/drift/2+corrupt:rgb/fog/1",
        ),
    ],
)
def test_one_condition_has_one_id(written, known_as):
    assert str(parse_condition(written, MODALITIES)) == known_as


def test_two_corruptions_of_one_camera_happen_as_written():
    text = "corrupt:rgb/snow/1+corrupt:rgb/motion_blur/2"
    assert str(parse_condition(text, MODALITIES)) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("shuffled-lwir", "one such as missing:lwir/zero_norm, shift:lwir/4,-2"),
        ("mising:lwir/mean", "did you mean missing"),
        ("missing:lwri/mean", "did you mean lwir"),
        ("missing:lwir/zero", "did you mean zero_raw or zero_norm"),
        ("missing:lwir", "one such as missing:lwir/zero_norm"),
        ("missing:lwir/mean/0.5", "only zero_norm can be partial"),
        ("missing:lwir/zero_norm/2", "from 0.001 to 1"),
        ("corrupt:rgb/fogg/3", "did you mean fog"),
        ("corrupt:lwir/snow/3", "snow does not happen to lwir"),
        ("corrupt:rgb/nuc_stripes/3", "nuc_stripes does not happen to rgb"),
        ("corrupt:rgb/fog/6", "from 1 to 5"),
        ("corrupt:rgb/fog/03", "from 1 to 5"),
        ("corrupt:rgb/fog", "one such as corrupt:rgb/fog/3"),
        ("shift:lwir/4", "one such as shift:lwir/4,-2"),
        ("shift:lwir/nan,0", "from -1000 to 1000"),
        ("shift:lwir/1e9,0", "from -1000 to 1000"),
        ("noisy:lwir/0.05", "one such as noisy:lwir/0.05,0.1"),
        ("noisy:lwir/2,0", "from 0 to 1"),
        ("scale:lwir/0", "from 0.25 to 4"),
        ("parallax:lwir/x", "from -1000 to 1000"),
        ("", "no condition ''"),
    ],
)
def test_a_wrong_id_is_refused_with_what_would_be_right(text, message):
    with pytest.raises(UnknownNameError, match=message):
        parse_condition(text, MODALITIES)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("missing:rgb/mean+corrupt:rgb/fog/3", "rgb is missing"),
        ("missing:rgb/mean+missing:rgb/noise", "rgb is missing"),
        ("corrupt:rgb/fog/3+corrupt:rgb/fog/3", "twice"),
        ("missing:rgb/mean+noisy:rgb/0,1", "rgb is missing"),
        ("noisy:rgb/0,1+noisy:rgb/0,2", "two noises"),
    ],
)
def test_steps_that_exclude_each_other_are_refused(text, message):
    with pytest.raises(ConditionError, match=message):
        parse_condition(text, MODALITIES)


def test_an_id_can_be_a_part_of_a_files_name():
    slug = parse_condition("missing:rgb/mean+shift:lwir/4,-2", MODALITIES).slug
    assert slug == "shift-lwir-4,-2+missing-rgb-mean"
