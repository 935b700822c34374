"""Who takes which ground truth: hand-worked cases of pycocotools' rules."""

import numpy as np
import pytest

from rgbtbench.predictions.boxes import BoxTable
from rgbtbench.scoring.average_precision.matching import match_detections
from rgbtbench.scoring.average_precision.tables import TruthTable

ONE = np.array([1])
AT_50, ALL = 1, (1 << 10) - 1


def matched(truth, found, *, crowd=None, areas=None, scores=None, most=100):
    """Match boxes of one class in one image; detections fall in score as listed."""
    truth, found = np.array(truth, np.float64).reshape(-1, 4), np.array(found, np.float64).reshape(-1, 4)
    table = TruthTable(
        np.ones(len(truth), np.int64),
        np.ones(len(truth), np.int64),
        truth,
        truth[:, 2] * truth[:, 3] if areas is None else np.array(areas),
        np.zeros(len(truth), np.bool_) if crowd is None else np.array(crowd),
    )
    falling = np.linspace(0.9, 0.1, len(found)) if scores is None else np.array(scores)
    detections = BoxTable(np.ones(len(found), np.int64), np.ones(len(found), np.int64), found, falling)
    return match_detections(table, detections, image_ids=ONE, class_ids=ONE, max_detections=most)


def test_an_overlap_of_exactly_one_half_is_a_match():
    matches = matched([[0, 0, 10, 10]], [[0, 0, 10, 20]])
    assert matches.hits[:, 0].tolist() == [AT_50]


def test_an_overlap_below_one_half_is_none():
    matches = matched([[0, 0, 10, 10]], [[0, 0, 10, 20.001]])
    assert len(matches.hits) == 0  # no hit follows, so nothing is kept
    assert matches.detections.tolist() == [[1]]


def test_the_second_of_two_equal_detections_is_false():
    matches = matched([[0, 0, 10, 10], [50, 50, 10, 10]], [[0, 0, 10, 10], [0, 0, 10, 10], [50, 50, 10, 10]])
    assert matches.hits[:, 0].tolist() == [ALL, 0, ALL]
    assert matches.dropped[:, 0].tolist() == [0, 0, 0]


def test_a_detection_takes_the_free_box_that_it_overlaps_most():
    # The first takes the box on the left; the second overlaps that one more, but gets the other.
    truth = [[0, 0, 10, 10], [2, 0, 10, 10]]
    matches = matched(truth, [[0, 0, 10, 10], [0.5, 0, 10, 10]])
    hits = matches.hits[:, 0].tolist()
    assert hits[0] == ALL
    # IoU of 8.5 over 11.5 is 0.739: the thresholds 0.50 to 0.70.
    assert hits[1] == 0b11111


def test_of_two_equal_overlaps_the_later_box_is_taken():
    # The first takes the second box, whose copy only the small range counts: it is dropped elsewhere.
    matches = matched([[0, 0, 10, 10], [0, 0, 10, 10]], [[0, 0, 10, 10]], areas=[100.0, 5000.0])
    assert matches.hits[0].tolist() == [ALL, ALL, ALL, 0]


def test_a_crowd_region_takes_any_number_and_counts_none():
    matches = matched(
        [[0, 0, 100, 100], [200, 0, 10, 10]],
        [[0, 0, 10, 10], [20, 0, 10, 10], [40, 0, 10, 10], [200, 0, 10, 10]],
        crowd=[True, False],
    )
    # The three inside are dropped at every threshold, so that they are not kept at all.
    assert matches.hits[:, 0].tolist() == [ALL]
    assert matches.positives[0, 0].tolist() == [1]


def test_a_box_to_be_found_goes_before_a_crowd_that_overlaps_more():
    matches = matched([[0, 0, 100, 100], [0, 0, 10, 20]], [[0, 0, 10, 10]], crowd=[True, False])
    # At 0.50 the box is taken; above, the crowd hides the detection.
    assert matches.hits[:, 0].tolist() == [AT_50]
    assert matches.dropped[:, 0].tolist() == [ALL ^ AT_50]


def test_a_detection_outside_a_range_that_matches_nothing_is_dropped_there():
    matches = matched([[0, 0, 10, 10]], [[200, 200, 50, 50], [0, 0, 10, 10]])
    small, medium = 1, 2
    assert matches.dropped[0].tolist()[small] == ALL
    assert matches.dropped[0].tolist()[medium] == 0


def test_only_the_best_detections_of_a_class_are_looked_at():
    boxes = [[20 * at, 0, 10, 10] for at in range(5)]
    matches = matched(boxes, boxes, most=3)
    assert len(matches.hits) == 3
    assert matches.ranks.tolist() == [0, 1, 2]


@pytest.mark.parametrize("rows", [[0, 1, 2], [2, 0, 1]])
def test_tables_in_any_order_are_ranked_by_score(rows):
    boxes = np.array([[0.0, 0, 10, 10], [0, 0, 10, 10], [50, 0, 10, 10]])
    matches = matched([[0, 0, 10, 10], [50, 0, 10, 10]], boxes[rows], scores=np.array([0.9, 0.5, 0.7])[rows])
    assert matches.ranks.tolist() == [0, 1]  # the copy is third and after the last hit
    assert matches.hits[:, 0].tolist() == [ALL, ALL]
