"""What is kept of detections: their order, which of them, and the rules that look at single ones."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rgbtbench.cards.rules.miss_rate import MissRateRules
from rgbtbench.scoring.miss_rate.detected import detect
from tests.scoring.miss_rate.scenes import SCENES, detected_in, steady, truth_of

PERSON, REGION, ELSEWHERE = (0, 0, 10, 10), (50, 50, 10, 10), (500, 500, 10, 10)


def statistics(scene, **rules):
    found = detected_in(scene, MissRateRules(**rules))
    return found.images.tolist(), found.hits.tolist()


def test_detections_stand_by_falling_score_and_equal_ones_by_image():
    scene = [([(PERSON, False)], [(PERSON, 0.5)]), ([(PERSON, False)], [(ELSEWHERE, 0.9), (PERSON, 0.5)])]
    assert statistics(scene) == ([1, 0, 1], [False, True, True])


def test_dropped_detections_and_those_after_the_last_hit_are_left_out():
    boxes = [(PERSON, False), (REGION, True)]
    assert statistics([(boxes, [(REGION, 0.9), (PERSON, 0.8), (ELSEWHERE, 0.7)])]) == ([0], [True])
    assert statistics([(boxes, [(REGION, 0.9), (ELSEWHERE, 0.7)])]) == ([], [])


def test_an_image_whose_detections_are_all_dropped_has_detections():
    found = detected_in([([(REGION, True)], [(REGION, 0.9)]), ([], [])], MissRateRules())
    assert found.has_detections.tolist() == [True, False]


def test_regions_are_not_among_the_boxes_to_be_found():
    assert detected_in([([(PERSON, False), (REGION, True)], []), ([], [])], MissRateRules()).positives.tolist() == [
        1,
        0,
    ]


def test_the_best_detections_of_an_image_are_kept_when_there_is_a_limit():
    scene = [([(PERSON, False)], [(ELSEWHERE, 0.9), (ELSEWHERE, 0.8), (PERSON, 0.7)])]
    assert statistics(scene, max_detections=3) == ([0, 0, 0], [False, False, True])
    assert statistics(scene, max_detections=2) == ([], [])


def test_whoever_detects_a_box_that_cannot_be_found_has_a_false_positive_and_uses_it_up():
    scene = [([(PERSON, False), (ELSEWHERE, False)], [(PERSON, 0.9), (PERSON, 0.8), (ELSEWHERE, 0.7)])]
    found, never = (detected_in(scene, MissRateRules(), never_found=row) for row in (None, 0))
    assert found.hits.tolist() == [True, False, True]
    assert never.hits.tolist() == [False, False, True]
    assert never.positives.tolist() == [2]


def test_a_region_that_cannot_be_found_is_a_region_still():
    scene = [([(REGION, True), (PERSON, False)], [(REGION, 0.9), (PERSON, 0.8)])]
    assert detected_in(scene, MissRateRules(), never_found=0).hits.tolist() == [True]


@steady
@given(scene=SCENES, scores=st.lists(st.sampled_from([0.0, 0.1, 0.2, 0.3]), min_size=36, max_size=36))
def test_ties_are_ordered_as_a_stable_sort_orders_them(scene, scores):
    """No box is met, so that all detections but those after a last certain hit stand in the curve."""
    count = len(scene)
    images = np.sort(np.arange(36) % count)
    drawn = np.array(scores)
    order = np.lexsort((-drawn, images))
    truth = truth_of([([(PERSON, False)], [])] * count)
    everywhere = np.tile(np.array(ELSEWHERE, float), (36, 1))
    everywhere[-1] = PERSON
    drawn = drawn[order]
    drawn[-1] = -1.0
    found = detect(truth, images, everywhere, drawn, image_count=count, rules=MissRateRules())
    assert found.images.tolist() == images[np.argsort(-drawn, kind="stable")].tolist()
