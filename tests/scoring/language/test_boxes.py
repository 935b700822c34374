"""Boxes without scores, held to pycocotools with scores that fall with the place in the answer."""

import contextlib
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgbtbench.scoring.language.boxes import average_precision, hits, overlaps


def test_overlap_by_hand():
    boxes = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 20, 30], [10, 10, 0, 0]], np.float64)
    truth = np.array([[0, 0, 10, 10]], np.float64)
    assert overlaps(boxes, truth)[:, 0].tolist() == pytest.approx([1.0, 1 / 3, 0.0, 0.0])


def test_half_an_overlap_is_enough_and_less_is_not():
    truth = np.array([[0, 0, 10, 10]], np.float64)
    assert hits(np.array([[0, 0, 10, 5.0]]), truth, min_iou=0.5).tolist() == [True]
    assert hits(np.array([[0, 0, 10, 4.99]]), truth, min_iou=0.5).tolist() == [False]


def test_a_true_box_is_found_once_by_what_is_stated_first():
    truth = np.array([[0, 0, 10, 10], [100, 0, 110, 10]], np.float64)
    boxes = np.array([[0, 0, 10, 9], [0, 0, 10, 10], [100, 0, 110, 10]], np.float64)
    assert hits(boxes, truth, min_iou=0.5).tolist() == [True, False, True]
    assert hits(np.zeros((0, 4)), truth, min_iou=0.5).tolist() == []
    assert hits(boxes, np.zeros((0, 4)), min_iou=0.5).tolist() == [False] * 3


def test_average_precision_by_hand():
    """Four images with one object each. First boxes: 2 of 4 hit. Second boxes: 2 stated, 1 hits.

    Recall 0.5 at precision 2/4, recall 0.75 at precision 3/6: levels 0 to 0.75 (76 of 101) take 0.5.
    """
    found = average_precision(np.array([2.0, 1.0]), np.array([4.0, 2.0]), np.array(4.0))
    assert float(found) == pytest.approx(76 / 101 * 0.5)


def test_one_box_for_each_image_and_all_right_is_perfect_and_nothing_to_find_is_undefined():
    assert float(average_precision(np.array([7.0]), np.array([7.0]), np.array(7.0))) == pytest.approx(1.0)
    assert float(average_precision(np.array([0.0]), np.array([7.0]), np.array(7.0))) == 0.0
    assert np.isnan(average_precision(np.array([0.0]), np.array([3.0]), np.array(0.0)))


def test_extra_boxes_cost_precision_unlike_in_the_authors_recall():
    alone = average_precision(np.array([4.0, 0.0]), np.array([4.0, 0.0]), np.array(8.0))
    missed_first = average_precision(np.array([0.0, 4.0]), np.array([4.0, 4.0]), np.array(8.0))
    assert float(missed_first) == pytest.approx(float(alone) / 2)


def reference(answers, truths):
    """AP at IoU 0.5 from pycocotools; among boxes of one place, misses are listed before hits."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    annotations, rows = [], []
    for image, (boxes, truth) in enumerate(zip(answers, truths, strict=True), 1):
        for x1, y1, x2, y2 in truth.tolist():
            box = [x1, y1, x2 - x1, y2 - y1]
            annotations.append(
                {"id": len(annotations) + 1, "image_id": image, "category_id": 1, "bbox": box}
                | {"area": box[2] * box[3], "iscrowd": 0}
            )
        found = hits(boxes, truth, min_iou=0.5)
        for place, ((x1, y1, x2, y2), hit) in enumerate(zip(boxes.tolist(), found, strict=True)):
            # Scores fall with the place; a hair less for hits breaks the ties.
            score = 1 - place / 100 - (1e-6 if hit else 0)
            rows.append({"image_id": image, "category_id": 1, "bbox": [x1, y1, x2 - x1, y2 - y1], "score": score})
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = {
            "images": [{"id": image} for image in range(1, len(answers) + 1)],
            "categories": [{"id": 1}],
            "annotations": annotations,
        }
        coco.createIndex()
        evaluation = COCOeval(coco, coco.loadRes(rows), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
    return float(evaluation.eval["precision"][0, :, 0, 0, 2].mean())


@pytest.mark.parametrize("seed", range(6))
def test_pycocotools_gives_the_same_average_precision(seed):
    rng = np.random.default_rng(seed)
    answers, truths = [], []
    for _ in range(40):
        corners = rng.integers(0, 80, (rng.integers(1, 3), 2)).astype(np.float64)
        truth = np.hstack([corners, corners + rng.integers(8, 40, corners.shape)])
        near = truth[rng.integers(0, len(truth), rng.integers(0, 4))] + rng.integers(-6, 7, 4)
        answers.append(near[(near[:, 2:] > near[:, :2]).all(axis=1)])
        truths.append(truth)
    places = max(map(len, answers))
    hit, stated = np.zeros(places), np.zeros(places)
    for boxes, truth in zip(answers, truths, strict=True):
        stated[: len(boxes)] += 1
        hit[: len(boxes)] += hits(boxes, truth, min_iou=0.5)
    positives = np.array(float(sum(map(len, truths))))
    assert float(average_precision(hit, stated, positives)) == pytest.approx(reference(answers, truths), abs=1e-12)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=5),
    st.integers(1, 40),
)
def test_many_resamples_at_once_are_each_alone_and_within_bounds(counts, positives):
    hit = np.array([float(min(pair)) for pair in counts])
    stated = np.array([float(max(pair)) for pair in counts])
    positive = np.array(float(max(positives, hit.sum())))
    alone = average_precision(hit, stated, positive)
    stacked = average_precision(
        np.stack([hit, 3 * hit]), np.stack([stated, 3 * stated]), np.stack([positive, positive * 3])
    )
    assert 0 <= float(alone) <= 1 + 1e-12
    assert stacked == pytest.approx(np.array([alone, alone]))
