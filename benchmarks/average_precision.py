"""Average precision against the tools that define it, on equal input; the numbers are compared before the clock runs.

Loading is no part of it: every side starts from boxes in memory.
"""

import contextlib
import io
from functools import partial

import hotcoco
import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from benchmarks.ratio import Ratio, compare, of_pairs, timed
from rgbtbench.cards.protocol import IntervalRules
from rgbtbench.predictions.boxes import BoxTable, sorted_table
from rgbtbench.scoring.average_precision.coco_metrics import CocoMetrics
from rgbtbench.scoring.average_precision.matching import match_detections
from rgbtbench.scoring.average_precision.tables import Matches, TruthTable
from rgbtbench.scoring.intervals import bootstrap_intervals, resampled_counts

#: Sizes of COCO's val2017 and of LLVIP's test split.
COCO_SIZE = {"images": 5000, "classes": 80, "boxes": 36_781, "detections": 200_000}
LLVIP_SIZE = {"images": 3463, "classes": 1, "boxes": 8302, "detections": 60_000}
RESAMPLES = 100


def run() -> list[Ratio]:
    truth, found = random_boxes(**COCO_SIZE)
    dataset, rows = coco_set(truth, **COCO_SIZE), coco_rows(found)
    with contextlib.redirect_stdout(io.StringIO()):
        boxes, other_boxes = COCO(), hotcoco.COCO(dataset)
        boxes.dataset = dataset
        boxes.createIndex()
        results, other_results = boxes.loadRes(rows), other_boxes.load_res(rows)

    def ours() -> list[float]:
        numbers = CocoMetrics(matched(truth, found, **COCO_SIZE)).measure(np.ones((1, COCO_SIZE["images"])))
        order = ("ap", "ap50", "ap75", "ap_small", "ap_medium", "ap_large")
        recalls = ("ar1", "ar10", "ar", "ar_small", "ar_medium", "ar_large")
        return [float(numbers[name][0]) for name in order + recalls]

    # pycocotools takes half a minute of a core: its one run is both compared and timed.
    expected, reference_seconds = timed(lambda: evaluated(COCOeval(boxes, results, "bbox")))
    if ours() != (100 * expected).tolist():
        raise RuntimeError("pycocotools finds other numbers")
    size = "COCO size, {images} images, {classes} classes, {detections} boxes".format(**COCO_SIZE)
    return [
        of_pairs(
            f"12 numbers at {size}",
            [(timed(ours)[1], reference_seconds) for _ in range(5)],
            reference_name="pycocotools, run once",
            unit="s",
            goal=30.0,
        ),
        compare(
            f"12 numbers at {size}",
            ours,
            lambda: evaluated(hotcoco.COCOeval(other_boxes, other_results, "bbox")),
            reference_name="hotcoco",
            repeats=3,
        ),
        intervals(),
    ]


def intervals() -> Ratio:
    matches, images = matched(*random_boxes(**LLVIP_SIZE), **LLVIP_SIZE), LLVIP_SIZE["images"]
    metrics = CocoMetrics(matches)

    def together() -> tuple[float, float]:
        rules = IntervalRules(resamples=RESAMPLES)
        measure = partial(metrics.measure, resampled=True)
        interval = bootstrap_intervals(measure, np.arange(images), rules)["ap"]
        return interval.low, interval.high

    def one_by_one() -> tuple[float, float]:
        draws = np.concatenate(list(resampled_counts(images, resamples=RESAMPLES, seed=0)))
        values = [CocoMetrics(matches).measure(drawn[None], resampled=True)["ap"][0] for drawn in draws]
        low, high = np.quantile(values, (0.025, 0.975))
        return float(low), float(high)

    if together() != one_by_one():
        raise RuntimeError("the two intervals differ")
    return compare(
        f"12 intervals, {RESAMPLES} resamples of LLVIP size",
        together,
        one_by_one,
        reference_name="our own numbers, once per resample",
        goal=2.0,
        repeats=1,
    )


def matched(truth: TruthTable, found: BoxTable, *, images: int, classes: int, **_: int) -> Matches:
    return match_detections(truth, found, image_ids=np.arange(1, images + 1), class_ids=np.arange(1, classes + 1))


def evaluated(evaluation: COCOeval | hotcoco.COCOeval) -> np.ndarray:
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return np.asarray(evaluation.stats[:12])


def random_boxes(*, images: int, classes: int, boxes: int, detections: int) -> tuple[TruthTable, BoxTable]:
    """Classes of unequal frequency; half of the detections have the class of the box that they are near."""
    rng = np.random.default_rng(0)
    owners = np.sort(rng.integers(1, images + 1, boxes))
    labels = rng.choice(classes, boxes, p=rng.dirichlet(np.full(classes, 0.5))) + 1
    corners, sizes = rng.uniform(0, 500, (boxes, 2)), np.exp(rng.uniform(np.log(8), np.log(400), (boxes, 2)))
    xywh = np.column_stack([corners, sizes])
    truth = TruthTable(owners, labels, xywh, sizes[:, 0] * sizes[:, 1], rng.random(boxes) < 0.01)
    near = rng.integers(0, boxes, detections)
    moved = xywh[near] + rng.normal(0, 0.1, (detections, 4)) * xywh[near][:, [2, 3, 2, 3]]
    moved[:, 2:] = np.maximum(moved[:, 2:], 1.0)
    named = np.where(rng.random(detections) < 0.5, labels[near], rng.integers(1, classes + 1, detections))
    return truth, sorted_table(BoxTable(owners[near], named, moved, rng.random(detections)))


def coco_set(truth: TruthTable, *, images: int, classes: int, **_: int) -> dict[str, object]:
    columns = (truth.image_ids, truth.labels, truth.xywh, truth.areas, truth.crowd.astype(int))
    return {
        "images": [{"id": image} for image in range(1, images + 1)],
        "categories": [{"id": number, "name": str(number)} for number in range(1, classes + 1)],
        "annotations": [
            {"id": at, "image_id": image, "category_id": label, "bbox": box, "area": area, "iscrowd": crowd}
            for at, (image, label, box, area, crowd) in enumerate(
                zip(*(column.tolist() for column in columns), strict=True), start=1
            )
        ],
    }


def coco_rows(found: BoxTable) -> list[dict[str, object]]:
    columns = (found.image_ids.tolist(), found.labels.tolist(), found.xywh.tolist(), found.scores.tolist())
    return [
        {"image_id": image, "category_id": label, "bbox": box, "score": score}
        for image, label, box, score in zip(*columns, strict=True)
    ]
