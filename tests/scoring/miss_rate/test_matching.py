"""Matching: who finds a box, who is dropped, and who is a false positive."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgbtbench.scoring.miss_rate.ground_truth import Pedestrians
from rgbtbench.scoring.miss_rate.matching import match_pedestrians
from tests.scoring.miss_rate import reference_toolbox
from tests.scoring.miss_rate.scenes import steady

TRUE, FALSE, DROPPED = 1, 0, -1


def outcomes(boxes, detections, *, ignored=(), images=None, overlap=0.5):
    """Match detections, given by falling score, with boxes of one image or of several."""
    truth = Pedestrians(
        images=np.zeros(len(boxes), np.int64) if images is None else np.array(images[0]),
        xywh=np.array(boxes, float).reshape(-1, 4),
        occlusions=np.zeros(len(boxes), np.int64),
        ignored=np.isin(np.arange(len(boxes)), ignored),
    )
    own = np.zeros(len(detections), np.int64) if images is None else np.array(images[1])
    found = match_pedestrians(truth, own, np.array(detections, float).reshape(-1, 4), overlap=overlap)
    return np.where(found.found >= 0, TRUE, np.where(found.dropped, DROPPED, FALSE)).tolist(), found.found.tolist()


def test_an_iou_of_exactly_one_half_matches():
    assert outcomes([[0, 0, 10, 10]], [[0, 0, 10, 5]])[0] == [TRUE]
    assert outcomes([[0, 0, 10, 10]], [[0, 0, 10, 4.999]])[0] == [FALSE]


def test_a_second_detection_of_a_box_is_a_false_positive():
    assert outcomes([[0, 0, 10, 10]], [[0, 0, 10, 10], [0, 0, 10, 10]])[0] == [TRUE, FALSE]


def test_the_surer_detection_takes_the_box_though_another_fits_better():
    assert outcomes([[0, 0, 10, 10]], [[0, 0, 10, 6], [0, 0, 10, 10]])[0] == [TRUE, FALSE]


def test_a_detection_takes_the_free_box_that_it_overlaps_most():
    boxes = [[0, 0, 10, 10], [2, 0, 10, 10]]
    assert outcomes(boxes, [[0, 0, 10, 10], [0, 0, 10, 10]]) == ([TRUE, TRUE], [0, 1])
    assert outcomes(boxes, [[2, 0, 10, 10], [2, 0, 10, 10]]) == ([TRUE, TRUE], [1, 0])


def test_of_two_boxes_that_it_overlaps_equally_the_later_is_taken():
    assert outcomes([[0, 0, 10, 10], [2, 0, 10, 10]], [[1, 0, 10, 10]])[1] == [1]


def test_a_region_takes_any_number_of_detections_and_counts_none():
    assert outcomes([[0, 0, 100, 100]], [[5, 5, 10, 10], [5, 5, 10, 10], [60, 5, 10, 10]], ignored=[0])[0] == [
        DROPPED,
        DROPPED,
        DROPPED,
    ]


def test_of_a_region_the_share_of_the_detection_inside_counts():
    region = [[0, 0, 100, 100]]
    assert outcomes(region, [[95, 0, 10, 10]], ignored=[0])[0] == [DROPPED]
    assert outcomes(region, [[95.1, 0, 10, 10]], ignored=[0])[0] == [FALSE]


def test_a_box_comes_before_a_region_that_fits_better():
    boxes = [[0, 0, 10, 10], [0, 0, 10, 6]]
    assert outcomes(boxes, [[0, 0, 10, 6]], ignored=[1]) == ([TRUE], [0])


def test_a_detection_whose_box_is_taken_may_still_lie_in_a_region():
    boxes = [[0, 0, 10, 10], [0, 0, 50, 50]]
    assert outcomes(boxes, [[0, 0, 10, 10], [0, 0, 10, 10]], ignored=[1])[0] == [TRUE, DROPPED]


def test_boxes_of_other_images_are_not_seen():
    boxes = [[0, 0, 10, 10], [0, 0, 10, 10]]
    assert outcomes(boxes, [[0, 0, 10, 10]] * 3, images=([1, 3], [0, 1, 5]))[0] == [FALSE, TRUE, FALSE]


def test_empty_sides_match_nothing():
    assert outcomes([], [[0, 0, 10, 10]])[0] == [FALSE]
    assert outcomes([[0, 0, 10, 10]], [])[0] == []
    assert outcomes([], [])[0] == []


def test_a_higher_threshold_asks_for_more():
    assert outcomes([[0, 0, 10, 10]], [[0, 0, 10, 7]], overlap=0.7)[0] == [TRUE]
    assert outcomes([[0, 0, 10, 10]], [[0, 0, 10, 7]], overlap=0.75)[0] == [FALSE]


small_boxes = st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(1, 9), st.integers(1, 9))
scenes = st.lists(
    st.tuples(st.lists(st.tuples(small_boxes, st.booleans()), max_size=6), st.lists(small_boxes, max_size=8)),
    max_size=5,
)


@steady
@given(scene=scenes, threshold=st.sampled_from([0.25, 0.5, 1 / 3]))
def test_all_images_at_once_give_what_each_alone_gives_in_plain_loops(scene, threshold):
    boxes = [box for truth, _ in scene for box, _ in truth]
    ignored = [at for at, flag in enumerate(flag for truth, _ in scene for _, flag in truth) if flag]
    detections = [box for _, found in scene for box in found]
    images = (
        np.repeat(np.arange(len(scene)), [len(truth) for truth, _ in scene]),
        np.repeat(np.arange(len(scene)), [len(found) for _, found in scene]),
    )
    expected = [
        outcome
        for truth, found in scene
        for outcome in reference_toolbox.evaluate_image(truth, [(box, 0.0) for box in found], threshold)
    ]
    assert outcomes(boxes, detections, ignored=ignored, images=images, overlap=threshold)[0] == expected


@steady
@given(scene=scenes)
def test_no_box_is_found_twice_and_no_region_ever(scene):
    boxes = [box for truth, _ in scene for box, _ in truth]
    ignored = [at for at, flag in enumerate(flag for truth, _ in scene for _, flag in truth) if flag]
    detections = [box for _, found in scene for box in found]
    images = (
        np.repeat(np.arange(len(scene)), [len(truth) for truth, _ in scene]),
        np.repeat(np.arange(len(scene)), [len(found) for _, found in scene]),
    )
    taken = [at for at in outcomes(boxes, detections, ignored=ignored, images=images)[1] if at >= 0]
    assert len(set(taken)) == len(taken)
    assert not set(taken) & set(ignored)


@pytest.mark.parametrize("count", [1, 300])
def test_many_duplicates_of_one_box_are_one_hit(count):
    assert outcomes([[0, 0, 10, 10]], [[0, 0, 10, 10]] * count)[0] == [TRUE] + [FALSE] * (count - 1)
