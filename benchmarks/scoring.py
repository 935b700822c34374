"""Scoring against the tools that define the numbers, on equal input; the numbers are compared before the clock runs."""

import contextlib
import io

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from benchmarks.ratio import Ratio, compare
from rgbtbench.cards.protocol import IntervalRules
from rgbtbench.cards.rules import SegmentationRules
from rgbtbench.predictions.boxes import BoxTable, sorted_table
from rgbtbench.scoring.average_precision.curves import detection_metrics
from rgbtbench.scoring.average_precision.matching import TruthTable, match_detections
from rgbtbench.scoring.intervals import bootstrap_intervals, resampled_counts
from rgbtbench.scoring.segmentation.confusion import confusion_matrix, segmentation_metrics

IMAGES, CLASSES, BOXES, DETECTIONS = 1000, 3, 5, 20
MASKS, HEIGHT, WIDTH, MASK_CLASSES = 20, 480, 640, 9
RESAMPLES = 200


def run() -> list[Ratio]:
    truth, found = random_boxes()
    image_ids, class_ids = np.arange(1, IMAGES + 1), np.arange(1, CLASSES + 1)
    reference_set, rows = coco_set(truth), coco_rows(found)

    def our_ap() -> float:
        matches = match_detections(truth, found, image_ids=image_ids, class_ids=class_ids)
        return float(detection_metrics(matches, np.ones((1, IMAGES)))["ap"][0])

    def reference_ap() -> float:
        with contextlib.redirect_stdout(io.StringIO()):
            evaluation = COCOeval(reference_set, reference_set.loadRes(rows), "bbox")
            evaluation.evaluate()
            evaluation.accumulate()
            evaluation.summarize()
        return 100 * float(evaluation.stats[0])

    labels = np.random.default_rng(0).integers(0, MASK_CLASSES, (MASKS, HEIGHT, WIDTH), np.uint8)
    predictions = np.roll(labels, 3, axis=2)

    def our_confusion() -> np.ndarray:
        pairs = zip(labels, predictions, strict=True)
        return sum(confusion_matrix(label, mask, ids=range(MASK_CLASSES)) for label, mask in pairs)

    def reference_confusion() -> np.ndarray:
        return sum(histogram_2d(label, mask) for label, mask in zip(labels, predictions, strict=True))

    counts = np.random.default_rng(1).integers(0, 30_000, (393, MASK_CLASSES, MASK_CLASSES + 1))
    if abs(our_ap() - reference_ap()) > 1e-9:
        raise RuntimeError("pycocotools finds another AP")
    if not np.array_equal(our_confusion()[:, :-1], reference_confusion()):
        raise RuntimeError("the two confusion matrices differ")
    return [
        compare(
            f"AP of {IMAGES} images, {CLASSES} classes, {len(found.scores)} boxes",
            our_ap,
            reference_ap,
            reference_name="pycocotools",
            goal=10.0,
            repeats=3,
        ),
        compare(
            f"confusion of {MASKS} masks of {WIDTH}x{HEIGHT}",
            our_confusion,
            reference_confusion,
            reference_name="numpy.histogram2d",
            goal=8.0,
        ),
        compare(
            f"mIoU intervals, {RESAMPLES} resamples of 393 images",
            lambda: vectorised_intervals(counts),
            lambda: looped_intervals(counts),
            reference_name="a loop over resamples",
            goal=2.0,
        ),
    ]


def random_boxes() -> tuple[TruthTable, BoxTable]:
    rng = np.random.default_rng(0)
    owners = np.repeat(np.arange(1, IMAGES + 1), BOXES)
    boxes = np.column_stack([rng.uniform(0, 500, (len(owners), 2)), rng.uniform(10, 150, (len(owners), 2))])
    labels = rng.integers(1, CLASSES + 1, len(owners))
    truth = TruthTable(owners, labels, boxes, boxes[:, 2] * boxes[:, 3], np.zeros(len(owners), np.bool_))
    near = rng.integers(0, len(owners), IMAGES * DETECTIONS)
    moved = boxes[near] + rng.normal(0, 0.1, (len(near), 4)) * boxes[near][:, [2, 3, 2, 3]]
    moved[:, 2:] = np.maximum(moved[:, 2:], 1.0)
    return truth, sorted_table(BoxTable(owners[near], labels[near], moved, rng.random(len(near))))


def coco_set(truth: TruthTable) -> COCO:
    coco = COCO()
    coco.dataset = {
        "images": [{"id": image} for image in range(1, IMAGES + 1)],
        "categories": [{"id": number} for number in range(1, CLASSES + 1)],
        "annotations": [
            {"id": at, "image_id": image, "category_id": label, "bbox": box, "area": box[2] * box[3], "iscrowd": 0}
            for at, (image, label, box) in enumerate(
                zip(truth.image_ids.tolist(), truth.labels.tolist(), truth.xywh.tolist(), strict=True), start=1
            )
        ],
    }
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
    return coco


def coco_rows(found: BoxTable) -> list[dict[str, object]]:
    columns = (found.image_ids.tolist(), found.labels.tolist(), found.xywh.tolist(), found.scores.tolist())
    return [
        {"image_id": image, "category_id": label, "bbox": box, "score": score}
        for image, label, box, score in zip(*columns, strict=True)
    ]


def histogram_2d(label: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    edges = np.arange(MASK_CLASSES + 1)
    return np.histogram2d(label.ravel(), prediction.ravel(), bins=(edges, edges))[0]


def vectorised_intervals(counts: np.ndarray) -> tuple[float, float]:
    flat, shape = counts.reshape(len(counts), -1).astype(float), counts.shape[1:]
    rules = SegmentationRules()

    def metrics(weights: np.ndarray) -> dict[str, np.ndarray]:
        return segmentation_metrics((weights @ flat).reshape(-1, *shape), ids=range(MASK_CLASSES), rules=rules)

    interval = bootstrap_intervals(metrics, np.arange(len(counts)), IntervalRules(resamples=RESAMPLES))["miou"]
    return interval.low, interval.high


def looped_intervals(counts: np.ndarray) -> tuple[float, float]:
    values = []
    for drawn in np.concatenate(list(resampled_counts(len(counts), resamples=RESAMPLES, seed=0))):
        total = counts[np.repeat(np.arange(len(counts)), drawn.astype(int))].sum(axis=0)
        hits = np.diag(total)
        values.append((hits / (total.sum(axis=1) + total[:, :-1].sum(axis=0) - hits)).mean())
    low, high = np.quantile(values, (0.025, 0.975))
    return 100 * float(low), 100 * float(high)
