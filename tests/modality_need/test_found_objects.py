"""Which objects are found at how many false alarms, by hand and against pycocotools' recall."""

import numpy as np
import pytest

from rgbtbench.modality_need.found_objects import find_objects
from rgbtbench.predictions.boxes import BoxTable
from rgbtbench.scoring.average_precision.coco_metrics import CocoMetrics
from rgbtbench.scoring.average_precision.inputs import Inputs
from rgbtbench.scoring.average_precision.matching import match_detections
from rgbtbench.scoring.average_precision.tables import TruthTable
from tests.scoring.average_precision.box_sets import random_set


def one_image(objects, detections, scores, crowd=None):
    objects, detections = np.array(objects, float), np.array(detections, float)
    ones, many = np.ones(len(objects), int), np.ones(len(detections), int)
    hides = np.zeros(len(objects), bool) if crowd is None else np.array(crowd)
    truth = TruthTable(ones, ones, objects, objects[:, 2] * objects[:, 3], hides)
    found = BoxTable(many, many, detections, np.array(scores, float))
    return Inputs(truth, found, np.array([1]), np.array([1]), "")


def test_an_object_has_the_score_of_the_detection_that_takes_it():
    found = find_objects(
        one_image(
            [[0, 0, 10, 10], [50, 0, 10, 10], [90, 0, 10, 10]],
            [[0, 0, 10, 10], [0, 0, 10, 9], [50, 0, 10, 10], [200, 0, 10, 10]],
            [0.9, 0.8, 0.7, 0.6],
        )
    )
    assert found.scores.tolist() == [0.9, 0.7, -np.inf]
    (false,) = found.false_scores
    assert false.tolist() == [0.8, 0.6]  # the second detection of one object, and one of nothing


def test_the_threshold_lets_so_many_false_alarms_through_and_no_more():
    found = find_objects(one_image([[0, 0, 10, 10]], [[90, 0, 5, 5]] * 3, [0.9, 0.8, 0.7]))
    assert [found.thresholds(count).tolist() for count in range(4)] == [[0.9], [0.8], [0.7], [-np.inf]]


def test_detections_on_crowds_are_no_false_alarms():
    found = find_objects(one_image([[0, 0, 100, 100]], [[0, 0, 10, 10], [20, 0, 10, 10]], [0.9, 0.8], crowd=[True]))
    assert found.false_scores[0].size == 0
    assert found.scores.tolist() == [-np.inf]


@pytest.mark.parametrize("seed", range(5))
def test_with_any_number_of_false_alarms_as_many_are_found_as_coco_recalls(seed):
    truth, found, image_ids, class_ids = random_set(seed)
    objects = find_objects(Inputs(truth, found, image_ids, class_ids, ""))
    matches = match_detections(truth, found, image_ids=image_ids, class_ids=class_ids, max_detections=10_000)
    recall = CocoMetrics(matches, max_detections=(1, 10, 10_000)).recall(np.ones((1, len(image_ids))), 0)[0, 0]
    shares = [np.isfinite(objects.scores[(truth.labels == number) & ~truth.crowd]).mean() for number in class_ids]
    assert shares == pytest.approx(recall.tolist())
