"""The numbers of pycocotools, the tool that defines them."""

import contextlib
import io

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

NAMES = (
    "ap", "ap50", "ap75", "ap_small", "ap_medium", "ap_large",
    "ar1", "ar10", "ar", "ar_small", "ar_medium", "ar_large",
)  # fmt: skip


def pycocotools_metrics(truth, detections, *, image_ids, class_ids):
    """Return the twelve numbers in percent, NaN where pycocotools says -1; images may be repeated."""
    stats = evaluate(*coco_sets(truth, detections, image_ids=image_ids, class_ids=class_ids)).stats
    return {name: np.nan if value == -1 else 100 * value for name, value in zip(NAMES, stats, strict=True)}


def pycocotools_classes(truth, detections, *, image_ids, class_ids):
    """Return the AP of every class in percent, None without ground truth."""
    evaluation = evaluate(*coco_sets(truth, detections, image_ids=image_ids, class_ids=class_ids))
    columns = [evaluation.eval["precision"][:, :, at, 0, -1] for at in range(len(class_ids))]
    return [float(100 * column[column > -1].mean()) if (column > -1).any() else None for column in columns]


def coco_sets(truth, detections, *, image_ids, class_ids):
    """Return the instances file's content and the rows of the results."""
    images, annotations, results = [], [], []
    rows_of = {number: np.flatnonzero(truth.image_ids == number) for number in set(image_ids)}
    found_of = {number: np.flatnonzero(detections.image_ids == number) for number in set(image_ids)}
    for image, source in enumerate(image_ids, start=1):
        images.append({"id": image, "width": 640, "height": 640})
        annotations += [
            {
                "id": len(annotations) + at,
                "image_id": image,
                "category_id": int(truth.labels[row]),
                "bbox": truth.xywh[row].tolist(),
                "area": float(truth.areas[row]),
                "iscrowd": int(truth.crowd[row]),
            }
            for at, row in enumerate(rows_of[source], start=1)
        ]
        results += [
            {
                "image_id": image,
                "category_id": int(detections.labels[row]),
                "bbox": detections.xywh[row].tolist(),
                "score": float(detections.scores[row]),
            }
            for row in found_of[source]
        ]
    categories = [{"id": int(number), "name": f"class {number}"} for number in class_ids]
    return {"images": images, "annotations": annotations, "categories": categories}, results


def evaluate(dataset, results):
    """Return pycocotools' evaluation."""
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = dataset
        coco.createIndex()
        evaluation = COCOeval(coco, coco.loadRes(results), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation
