"""COCO average precision: our own numbers, faster-coco-eval's and pycocotools' are the same numbers."""

import json
from pathlib import Path

import numpy as np
import pytest

from rgbtbench.predictions.boxes import BoxTable, sorted_table
from rgbtbench.scoring.average_precision.curves import class_average_precision, detection_metrics
from rgbtbench.scoring.average_precision.engine import engine_metrics
from rgbtbench.scoring.average_precision.matching import TruthTable, box_iou, match_detections
from tests.scoring.reference_coco import NAMES, pycocotools_metrics

GOLDEN = Path(__file__).parents[2] / ".." / "shared" / "golden" / "coco"
needs_golden = pytest.mark.skipif(
    not GOLDEN.is_dir(), reason="the official COCO fake results are not at ../shared/golden"
)


def random_set(seed, *, images=40, classes=3, boxes=6, detections=12, crowd=0.1, ties=True):
    """Boxes of all sizes, detections near and far from them, crowd regions, tied scores and empty images."""
    rng = np.random.default_rng(seed)
    image_ids = np.arange(1, images + 1)
    class_ids = np.arange(1, classes + 1)
    owners = np.sort(rng.choice(image_ids[: images - images // 5], images * boxes))
    sizes = rng.choice([12.0, 32.0, 60.0, 96.0, 150.0], (len(owners), 2)) * rng.uniform(0.7, 1.3, (len(owners), 1))
    truth = np.column_stack([rng.uniform(0, 500, (len(owners), 2)), sizes])
    labels = rng.choice(class_ids, len(owners))
    truth_table = TruthTable(owners, labels, truth, truth[:, 2] * truth[:, 3], rng.random(len(owners)) < crowd)

    near = rng.integers(0, len(owners), images * detections)
    moved = truth[near] + rng.normal(0, 0.08, (len(near), 4)) * truth[near][:, [2, 3, 2, 3]]
    far = np.column_stack([rng.uniform(0, 500, (len(near), 2)), rng.uniform(5, 200, (len(near), 2))])
    is_far = rng.random(len(near)) < 0.4
    found = np.where(is_far[:, None], far, moved)
    found[:, 2:] = np.maximum(found[:, 2:], 1.0)
    scores = rng.random(len(near))
    table = BoxTable(
        image_ids=np.where(is_far, rng.choice(image_ids, len(near)), owners[near]),
        labels=np.where(is_far, rng.choice(class_ids, len(near)), labels[near]),
        xywh=found,
        scores=np.round(scores, 1) if ties else scores,
    )
    return truth_table, sorted_table(table), image_ids, class_ids


def own_metrics(truth, found, *, image_ids, class_ids):
    matches = match_detections(truth, found, image_ids=image_ids, class_ids=class_ids)
    values = detection_metrics(matches, np.ones((1, len(image_ids))))
    return {name: float(value[0]) for name, value in values.items()}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"ties": False},
        {"crowd": 0.0},
        {"crowd": 1.0},
        {"detections": 400, "images": 12, "classes": 1},
        {"boxes": 1, "classes": 8},
        {"detections": 1},
    ],
    ids=lambda options: ",".join(f"{name}={value}" for name, value in options.items()) or "ties and crowds",
)
def test_twelve_numbers_equal_pycocotools_and_the_engine(options):
    truth, found, image_ids, class_ids = random_set(7, **options)
    ours = own_metrics(truth, found, image_ids=image_ids, class_ids=class_ids)
    reference = pycocotools_metrics(truth, found, image_ids=image_ids, class_ids=class_ids)
    engine = engine_metrics(truth, found, image_ids=image_ids, class_ids=class_ids)
    assert ours == pytest.approx(reference, abs=1e-9, nan_ok=True)
    assert {name: np.nan if value is None else value for name, value in engine.items()} == pytest.approx(
        reference, abs=1e-9, nan_ok=True
    )


def golden():
    boxes = json.loads((GOLDEN / "instances_val2014_100.json").read_text())
    rows = json.loads((GOLDEN / "instances_val2014_fakebbox100_results.json").read_text())
    annotations = boxes["annotations"]
    truth = TruthTable(
        image_ids=np.array([row["image_id"] for row in annotations]),
        labels=np.array([row["category_id"] for row in annotations]),
        xywh=np.array([row["bbox"] for row in annotations], np.float64),
        areas=np.array([row["area"] for row in annotations], np.float64),
        crowd=np.array([row["iscrowd"] for row in annotations], np.bool_),
    )
    found = BoxTable(
        image_ids=np.array([row["image_id"] for row in rows]),
        labels=np.array([row["category_id"] for row in rows]),
        xywh=np.array([row["bbox"] for row in rows], np.float64),
        scores=np.array([row["score"] for row in rows], np.float64),
    )
    image_ids = np.array(sorted(image["id"] for image in boxes["images"]))
    class_ids = np.array(sorted(category["id"] for category in boxes["categories"]))
    return truth, found, image_ids, class_ids


@needs_golden
def test_tied_scores_are_put_in_one_order_of_our_own():
    # The fake results carry three digits: with ties, pycocotools' number depends on the order of rows; ours must not.
    truth, found, image_ids, class_ids = golden()
    in_file_order = own_metrics(truth, found, image_ids=image_ids, class_ids=class_ids)
    sorted_rows = own_metrics(truth, sorted_table(found), image_ids=image_ids, class_ids=class_ids)
    assert 0 < abs(in_file_order["ap"] - sorted_rows["ap"]) < 0.05


@needs_golden
def test_the_official_fake_results_score_what_coco_published():
    truth, found, image_ids, class_ids = golden()
    line = (GOLDEN / "expected.txt").read_text().splitlines()[0]
    published = [100 * float(value) for value in line[line.index("[") + 1 : line.index("]")].split(",")]
    ours = own_metrics(truth, found, image_ids=image_ids, class_ids=class_ids)
    assert [ours[name] for name in NAMES] == pytest.approx(published, abs=1e-7)


def test_without_detections_everything_is_missed():
    truth, _, image_ids, class_ids = random_set(1)
    none = BoxTable(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 4)), np.zeros(0))
    ours = own_metrics(truth, none, image_ids=image_ids, class_ids=class_ids)
    assert set(ours.values()) == {0.0}
    assert engine_metrics(truth, none, image_ids=image_ids, class_ids=class_ids) == ours


def test_without_ground_truth_nothing_is_defined():
    _, found, image_ids, class_ids = random_set(1)
    nothing = np.zeros(0, np.int64)
    truth = TruthTable(nothing, nothing, np.zeros((0, 4)), np.zeros(0), np.zeros(0, np.bool_))
    ours = own_metrics(truth, found, image_ids=image_ids, class_ids=class_ids)
    assert all(np.isnan(value) for value in ours.values())
    assert set(engine_metrics(truth, found, image_ids=image_ids, class_ids=class_ids).values()) == {None}


def test_the_first_annotation_is_no_trap():
    truth = TruthTable(
        np.array([1]), np.array([1]), np.array([[0.0, 0, 50, 50]]), np.array([2500.0]), np.array([False])
    )
    found = BoxTable(np.array([1]), np.array([1]), truth.xywh, np.array([0.5]))
    one = np.array([1])
    assert own_metrics(truth, found, image_ids=one, class_ids=one)["ap"] == pytest.approx(100.0)
    assert engine_metrics(truth, found, image_ids=one, class_ids=one)["ap"] == pytest.approx(100.0)


def test_a_box_of_exactly_32_by_32_is_small_and_medium():
    one = np.array([1])
    truth = TruthTable(one, one, np.array([[0.0, 0, 32, 32]]), np.array([1024.0]), np.array([False]))
    found = BoxTable(one, one, truth.xywh, np.array([0.5]))
    ours = own_metrics(truth, found, image_ids=one, class_ids=one)
    assert ours["ap_small"] == ours["ap_medium"] == pytest.approx(100.0)
    assert np.isnan(ours["ap_large"])


def test_images_without_boxes_can_only_add_false_positives():
    truth, found, image_ids, class_ids = random_set(3)
    longer = np.append(image_ids, image_ids[-1] + 1)
    same = own_metrics(truth, found, image_ids=longer, class_ids=class_ids)
    assert same == pytest.approx(own_metrics(truth, found, image_ids=image_ids, class_ids=class_ids))


def test_iou_over_a_crowd_is_the_share_of_the_detection():
    detected, truth = np.array([[0.0, 0, 10, 10]] * 2), np.array([[5.0, 0, 100, 10]] * 2)
    assert box_iou(detected, truth, np.array([True, False])) == pytest.approx([0.5, 50 / 1050])


@pytest.mark.parametrize("seed", range(4))
def test_weights_stand_for_repeated_images(seed):
    # Without ties: the reference would put the copies of tied detections in another order.
    truth, found, image_ids, class_ids = random_set(seed, images=12, ties=False)
    matches = match_detections(truth, found, image_ids=image_ids, class_ids=class_ids)
    drawn = np.sort(np.random.default_rng(seed).choice(image_ids, len(image_ids)))
    weights = np.bincount(np.searchsorted(image_ids, drawn), minlength=len(image_ids)).astype(float)
    ours = {name: float(value[0]) for name, value in detection_metrics(matches, weights[None]).items()}
    reference = pycocotools_metrics(truth, found, image_ids=drawn.tolist(), class_ids=class_ids)
    assert ours == pytest.approx(reference, abs=1e-9, nan_ok=True)


def test_a_resample_without_a_class_keeps_its_value_of_the_whole_set():
    truth, found, image_ids, class_ids = random_set(2, classes=2, boxes=1)
    matches = match_detections(truth, found, image_ids=image_ids, class_ids=class_ids)
    whole = np.ones(len(image_ids))
    lacks = (matches.positives[1, 0] == 0).astype(float)  # only images without the second class
    per_class = class_average_precision(matches, np.vstack([whole, lacks]))[:, :, 0, 0]
    assert np.isnan(per_class[1, 1])
    found_ap50 = detection_metrics(matches, lacks[None], resampled=True)["ap50"][0]
    assert found_ap50 == pytest.approx((per_class[1, 0] + per_class[0, 1]) / 2)


def test_the_order_of_rows_changes_nothing():
    truth, found, image_ids, class_ids = random_set(5)
    mixed = np.random.default_rng(0).permutation(len(found.scores))
    shuffled = sorted_table(
        BoxTable(found.image_ids[mixed], found.labels[mixed], found.xywh[mixed], found.scores[mixed])
    )
    assert shuffled.sha256 == found.sha256
    again = own_metrics(truth, shuffled, image_ids=image_ids, class_ids=class_ids)
    assert again == own_metrics(truth, found, image_ids=image_ids, class_ids=class_ids)
