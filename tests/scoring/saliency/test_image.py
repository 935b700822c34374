"""One map against one mask: equal to the measures written out pixel by pixel, under every convention."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgbtbench.cards.rules import SaliencyRules
from rgbtbench.scoring.saliency.image import reduce_image
from tests.scoring.saliency.golden import TOOL
from tests.scoring.saliency.plain import measures, ours, scored
from tests.scoring.saliency.scenes import scene

KINDS = ("soft", "specks", "noise", "hard")
CONVENTIONS = [
    SaliencyRules(normalisation=normalisation, thresholds=thresholds, truth=truth, centroid=centroid)
    for (normalisation, thresholds), (truth, centroid) in itertools.product(
        (("min_max", 256), ("none", 255), ("none", 256)),
        (("above_128", "half_even"), ("nonzero", "half_up"), ("grey", "zero_based"), ("at_least_128", "half_even")),
    )
]


def require_equal(prediction, truth, rules):
    found, expected = ours(prediction, truth, rules), measures(prediction, truth, rules)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=0, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rules", CONVENTIONS, ids=lambda rules: f"{rules.normalisation}-{rules.truth}")
def test_all_measures_are_those_of_the_pixels(kind, rules):
    for seed in range(2):
        require_equal(*scene(seed, kind=kind), rules)


@given(seed=st.integers(0, 10_000), kind=st.sampled_from(KINDS), height=st.integers(24, 70), width=st.integers(24, 70))
@settings(max_examples=40, deadline=None)
def test_any_shape_and_any_object(seed, kind, height, width):
    require_equal(*scene(seed, shape=(height, width), kind=kind), SaliencyRules())


@given(seed=st.integers(0, 10_000), kind=st.sampled_from(KINDS))
@settings(max_examples=15, deadline=None)
def test_every_measure_lies_between_0_and_1_but_for_the_divisor_of_e(seed, kind):
    prediction, truth = scene(seed, kind=kind)
    for name, values in ours(prediction, truth, TOOL).items():
        highest = truth.size / (truth.size - 1) if name.startswith("e_") else 1
        assert np.all((np.asarray(values) >= 0) & (np.asarray(values) <= highest + 1e-12)), name


def test_grey_borders_of_a_mask_count_as_parts_of_pixels_in_mae_e_and_f_alone():
    prediction, truth = scene(1)
    softened = np.clip(truth.astype(int) + np.random.default_rng(0).integers(-60, 61, truth.shape), 0, 255)
    softened = softened.astype(np.uint8)
    require_equal(prediction, softened, TOOL)
    grey, binary = scored(prediction, softened, TOOL), scored(prediction, truth, TOOL)
    assert (grey.s_measure, grey.f_weighted) == (binary.s_measure, binary.f_weighted)
    assert grey.mae > binary.mae
    assert grey.e_curve.max() < binary.e_curve.max()


def test_16_bits_say_the_same_as_8_bits_where_they_hold_the_same():
    prediction, truth = scene(2, kind="noise")
    for rules in (SaliencyRules(), TOOL):
        short, long = (
            ours(stored, truth, rules) for stored in (prediction, prediction.astype(np.uint16) * np.uint16(257))
        )
        for name, value in short.items():
            np.testing.assert_allclose(long[name], value, rtol=0, atol=1e-12, err_msg=name)


def test_16_bits_are_not_cut_to_8():
    rng = np.random.default_rng(3)
    prediction, truth = scene(3, kind="soft")
    fine = (prediction.astype(np.uint16) * np.uint16(200)) + rng.integers(0, 200, prediction.shape, np.uint16)
    for rules in (SaliencyRules(), TOOL, SaliencyRules(normalisation="none")):
        require_equal(fine, truth, rules)


@pytest.mark.parametrize("level", [0, 64, 255])
def test_a_constant_map_is_not_stretched(level):
    _, truth = scene(4)
    prediction = np.full(truth.shape, level, np.uint8)
    assert scored(prediction, truth, SaliencyRules()).mae == pytest.approx(
        np.abs(level / 255 - truth / 255).mean(), abs=1e-15
    )


def test_one_hot_pixel_stretches_the_whole_map():
    _, truth = scene(4)
    prediction = np.full(truth.shape, 10, np.uint8)
    prediction[0, 0] = 11
    assert scored(prediction, truth, SaliencyRules()).mae == pytest.approx((truth > 0).mean(), abs=1e-3)
    assert scored(prediction, truth, SaliencyRules(normalisation="none")).mae == pytest.approx(
        np.abs(10 / 255 - truth / 255).mean(), abs=1e-3
    )


def test_an_empty_mask_and_an_empty_map_agree():
    nothing = np.zeros((40, 50), np.uint8)
    found = scored(nothing, nothing, SaliencyRules())
    assert (found.s_measure, found.mae) == (1.0, 0.0)
    # A threshold of twice nothing selects all pixels, which is as wrong as it can be.
    assert (found.e_adaptive, found.f_adaptive, found.f_weighted) == (0.0, 0.0, 0.0)
    assert found.e_curve.max() == pytest.approx(2000 / 1999)


def test_what_an_empty_mask_counts_in_weighted_f_is_a_rule():
    nothing, half = np.zeros((40, 50), np.uint8), np.full((40, 50), 51, np.uint8)
    found = {
        rule: scored(half, nothing, SaliencyRules(empty_truth_weighted=rule)).f_weighted
        for rule in ("zero", "skip", "one_minus_mean")
    }
    assert found["zero"] == 0
    assert np.isnan(found["skip"])
    assert found["one_minus_mean"] == pytest.approx(0.8)


def test_a_full_mask_is_scored():
    prediction, _ = scene(5)
    everything = np.full(prediction.shape, 255, np.uint8)
    require_equal(prediction, everything, SaliencyRules())
    assert scored(everything, everything, SaliencyRules()).f_weighted == pytest.approx(1)


def test_a_perfect_map_gets_the_best_of_everything():
    _, truth = scene(6)
    found = ours(truth, truth, SaliencyRules())
    assert found["mae"] == 0
    for name in ("s_measure", "f_adaptive", "f_weighted"):
        assert found[name] == pytest.approx(1), name
    assert found["e_curve"].max() == pytest.approx(truth.size / (truth.size - 1))


def test_only_the_adaptive_threshold_of_f_stops_at_1():
    truth = np.zeros((20, 20), np.uint8)
    truth[:, :10] = 255
    bright = np.full((20, 20), 200, np.uint8)
    bright[0, 0] = 255
    capped = scored(bright, truth, SaliencyRules(normalisation="none"))
    free = scored(bright, truth, SaliencyRules(normalisation="none", adaptive_cap="f_only"))
    assert capped.f_adaptive == free.f_adaptive > 0
    # Twice the mean is above 1: without a limit nothing is selected, and every pixel counts a quarter.
    assert free.e_adaptive == pytest.approx(0.25 * 400 / 399)
    assert capped.e_adaptive > free.e_adaptive


def test_the_same_image_gives_the_same_bits():
    prediction, truth = scene(7, kind="specks")
    first, second = (reduce_image(prediction, truth, SaliencyRules()) for _ in range(2))
    assert (first.s_measure, first.f_weighted) == (second.s_measure, second.f_weighted)
    assert np.array_equal(first.histogram, second.histogram)
