"""From outcomes to miss rates: every rule by a hand-worked example, then properties and a plain loop."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rgbtbench.cards.rules.miss_rate import MissRateRules
from rgbtbench.scoring.miss_rate.curve import REFERENCES, ROUNDED_REFERENCES, Detected, fppi_curve, log_average, recalls
from tests.scoring.miss_rate import reference_toolbox
from tests.scoring.miss_rate.scenes import SCENES, detected_in, steady

TOOLBOX = MissRateRules()


def detected(curve, *, positives, images=100, silent=()):
    """Make statistics from a curve such as `TTF`, true and false by falling score, each of an image of its own.

    Args:
        curve: outcomes.
        positives: number of boxes in each of the first images, or a list.
        images: number of images.
        silent: images without any detection; by default those after the last outcome have some, all dropped.
    """
    boxes = np.zeros(images, np.int32)
    boxes[: len(positives)] = positives
    has_detections = np.ones(images, bool)
    has_detections[list(silent)] = False
    hits = np.array([outcome == "T" for outcome in curve], bool)
    return Detected(boxes, has_detections, np.arange(len(curve), dtype=np.int32), hits)


def once(statistics, rules=TOOLBOX):
    """Return the nine recalls, the final recall and the log-average miss rate."""
    read = recalls(statistics, np.ones((1, len(statistics.positives))), rules)
    return read.at_references[0].tolist(), float(read.final[0]), float(log_average(1 - read.at_references, rules)[0])


def test_the_references_are_nine_from_a_hundredth_to_one_in_quarters_of_a_decade():
    np.testing.assert_allclose(REFERENCES, [10 ** (-2 + 0.25 * step) for step in range(9)], rtol=1e-15)
    assert ROUNDED_REFERENCES.tolist() == [0.01, 0.0178, 0.0316, 0.0562, 0.1, 0.1778, 0.3162, 0.5623, 1.0]


def test_perfect_detections_miss_the_floor_not_nothing():
    read, final, miss_rate = once(detected("TT", positives=[1, 1]))
    assert read == [1.0] * 9
    assert final == 1.0
    assert miss_rate == pytest.approx(1e-10, rel=1e-12)


def test_nobody_found_is_a_miss_rate_of_one():
    assert once(detected("", positives=[1, 1])) == ([0.0] * 9, 0.0, 1.0)


def test_a_false_positive_above_the_first_reference_misses_everything_there():
    """One of 50 images: FPPI 0.02 exceeds 0.01 and 0.0178, whatever comes later."""
    read, final, _ = once(detected("FTT", positives=[0, 1, 1], images=50))
    assert read == [0.0, 0.0] + [1.0] * 7
    assert final == 1.0


def test_a_reference_counts_the_last_point_that_does_not_exceed_it():
    """100 images: the first false positive is at 0.01 exactly, the second at 0.02, the third at 0.03."""
    read, _, miss_rate = once(detected("TFTFTFT", positives=[1] * 8))
    assert read == [0.25, 0.25, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
    assert miss_rate == pytest.approx(math.exp((2 * math.log(0.75) + 7 * math.log(0.5)) / 9))


def test_a_curve_that_ends_early_keeps_its_last_recall():
    read, final, _ = once(detected("TF", positives=[1] * 4))
    assert read == [0.25] * 9
    assert final == 0.25


def test_images_without_boxes_count_in_fppi_and_images_without_detections_in_recall():
    few, many = (once(detected("FT", positives=[0, 1, 1], images=count))[0] for count in (3, 300))
    assert few == [0.0] * 7 + [0.5, 0.5]
    assert many == [0.5] * 9
    assert once(detected("T", positives=[1, 3], silent=[1]))[1] == 0.25


def test_nothing_to_find_has_no_miss_rate():
    read, final, miss_rate = once(detected("F", positives=[0]))
    assert np.isnan([*read, final, miss_rate]).all()


def test_without_a_floor_one_perfect_reference_makes_the_mean_zero():
    miss_rates = np.array([[0.5] * 8 + [0.0]])
    assert log_average(miss_rates, MissRateRules(floor=0.0))[0] == 0.0
    assert log_average(miss_rates, TOOLBOX)[0] == pytest.approx(math.exp((8 * math.log(0.5) + math.log(1e-10)) / 9))


def test_left_out_boxes_of_undetected_images_are_not_missed():
    """Three of four images are perfect, the fourth has no detection: a quarter is missed, or nothing."""
    statistics = detected("TTT", positives=[1, 1, 1, 1], images=4, silent=[3])
    assert once(statistics)[1:] == (0.75, pytest.approx(0.25))
    assert once(statistics, MissRateRules(undetected_images="left_out", floor=0.0))[1:] == (1.0, 0.0)


def test_an_image_with_dropped_detections_alone_is_not_undetected():
    statistics = detected("TTT", positives=[1, 1, 1, 1], images=4)
    assert once(statistics, MissRateRules(undetected_images="left_out"))[1] == 0.75


def test_rounded_references_let_another_false_positive_in_or_out():
    """KAIST by day: 0.0316 of 1,455 images is 45.98 false positives, 10 to the power of -1.5 is 46.01."""
    statistics = detected("F" * 46 + "T", positives=[1, 1], images=1455)
    assert once(statistics)[0] == [0.0, 0.0] + [0.5] * 7
    assert once(statistics, MissRateRules(references="four_decimals"))[0] == [0.0, 0.0, 0.0] + [0.5] * 6


def test_an_early_false_positive_counts_as_the_last_recall_where_the_script_looks_one_point_too_far_back():
    """Below 100 images the first false positive exceeds the first reference: 1.0 becomes 0.0."""
    statistics = detected("FTT", positives=[0, 1, 1], images=50)
    rules = MissRateRules(early_false_positive="last_recall", floor=0.0)
    assert once(statistics, rules)[0] == [1.0] * 9
    late = detected("TFT", positives=[1, 0, 1], images=50)
    assert once(late, rules)[0] == once(late)[0] == [0.5, 0.5] + [1.0] * 7


def test_the_curve_for_drawing_ends_at_the_last_hit_and_passes_through_the_references():
    statistics = detected("TFTFTFT", positives=[1] * 8)
    fppi, missed = fppi_curve(statistics, TOOLBOX)
    assert len(fppi) <= 256
    assert fppi[-1] == 0.03
    assert missed[-1] == 0.5
    read = once(statistics)[0]
    for reference, recall in zip(REFERENCES, read, strict=True):
        if reference <= fppi[-1]:
            at = int(np.argmin(np.abs(fppi - reference)))
            assert fppi[at] == pytest.approx(reference, rel=1e-12)
            assert missed[at] == 1 - recall


def test_a_curve_without_hits_is_one_point_and_without_boxes_none():
    assert [part.tolist() for part in fppi_curve(detected("", positives=[1]), TOOLBOX)] == [[0.0], [1.0]]
    assert [part.tolist() for part in fppi_curve(detected("", positives=[]), TOOLBOX)] == [[], []]


@steady
@given(scene=SCENES)
def test_a_scene_has_the_miss_rate_of_the_plain_loop(scene):
    points = reference_toolbox.curve(scene)
    read, final, miss_rate = once(detected_in(scene, TOOLBOX))
    if not any(not ignored for boxes, _ in scene for _, ignored in boxes):
        assert math.isnan(miss_rate)
        return
    assert read == reference_toolbox.recalls(points)
    assert final == max([0.0, *(recall for _, recall in points)])
    assert miss_rate == pytest.approx(reference_toolbox.miss_rate(points), rel=1e-12)


@steady
@given(scene=SCENES)
def test_miss_rates_lie_between_the_floor_and_one_and_fall_with_fppi(scene):
    read, final, miss_rate = once(detected_in(scene, TOOLBOX))
    assume(not math.isnan(miss_rate))
    assert 1e-10 * (1 - 1e-12) <= miss_rate <= 1.0
    assert read == sorted(read)
    assert read[-1] <= final <= 1.0


@steady
@given(scene=SCENES, order=st.randoms(use_true_random=False))
def test_the_order_of_images_changes_the_number_only_through_equal_scores(scene, order):
    distinct = [
        (boxes, [(box, score + 1e-3 * image + 1e-5 * at) for at, (box, score) in enumerate(found)])
        for image, (boxes, found) in enumerate(scene)
    ]
    shuffled = order.sample(distinct, len(distinct))
    np.testing.assert_array_equal(once(detected_in(distinct, TOOLBOX))[2], once(detected_in(shuffled, TOOLBOX))[2])


@steady
@given(scene=SCENES)
def test_one_more_false_positive_never_helps(scene):
    far_away = ((1000, 1000, 5, 5), 0.5)
    worse = [(boxes, [*found, far_away]) if at == 0 else (boxes, found) for at, (boxes, found) in enumerate(scene)]
    before, after = (np.array(once(detected_in(images, TOOLBOX))[0]) for images in (scene, worse))
    assume(not np.isnan(before).any())
    assert (after <= before).all()


@steady
@given(scene=SCENES)
def test_one_more_surest_hit_never_hurts(scene):
    box = (1000, 1000, 5, 5)
    with_box = [
        ([*boxes, (box, False)], found) if at == 0 else (boxes, found) for at, (boxes, found) in enumerate(scene)
    ]
    found_too = [
        (boxes, [*found, (box, 99.0)]) if at == 0 else (boxes, found) for at, (boxes, found) in enumerate(with_box)
    ]
    before, after = (np.array(once(detected_in(images, TOOLBOX))[0]) for images in (with_box, found_too))
    assert (after >= before).all()


@steady
@given(scene=SCENES, weights=st.lists(st.integers(0, 3), min_size=6, max_size=6))
def test_a_weight_repeats_an_image_in_place(scene, weights):
    """Its detections stand side by side among all others, so a resample equals the set written out."""
    for rules in (TOOLBOX, MissRateRules(early_false_positive="last_recall", undetected_images="left_out", floor=0.0)):
        statistics = detected_in(scene, rules)
        counts = np.array(weights[: len(scene)], float)
        copies = np.repeat(np.arange(len(scene)), counts.astype(int))
        assume(len(copies) > 0)
        repeats = counts[statistics.images].astype(int)
        written_out = Detected(
            positives=statistics.positives[copies],
            has_detections=statistics.has_detections[copies],
            images=np.zeros(repeats.sum(), np.int32),
            hits=np.repeat(statistics.hits, repeats),
        )
        expected = once(written_out, rules)
        found = recalls(statistics, counts[None], rules)
        np.testing.assert_array_equal(found.at_references[0], expected[0])
        np.testing.assert_array_equal(found.final[0], expected[1])


@steady
@given(scene=SCENES, chosen=st.lists(st.booleans(), min_size=6, max_size=6))
def test_statistics_of_some_images_are_those_of_the_scene_without_the_others(scene, chosen):
    kept = np.array(chosen[: len(scene)])
    assume(kept.any())
    part = [images for images, keep in zip(scene, kept, strict=True) if keep]
    np.testing.assert_array_equal(
        once(detected_in(scene, TOOLBOX).of_images(kept))[0], once(detected_in(part, TOOLBOX))[0]
    )
