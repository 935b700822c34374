"""The twelve numbers of pycocotools, the tool that defines them."""

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
    """Return the numbers in percent, NaN where pycocotools says -1; images may be repeated."""
    images, annotations, results = [], [], []
    rows_of = {number: np.flatnonzero(truth.image_ids == number) for number in set(image_ids)}
    found_of = {number: np.flatnonzero(detections.image_ids == number) for number in set(image_ids)}
    for image, source in enumerate(image_ids, start=1):
        images.append({"id": image})
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
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = {
            "images": images,
            "annotations": annotations,
            "categories": [{"id": int(number)} for number in class_ids],
        }
        coco.createIndex()
        evaluation = COCOeval(coco, coco.loadRes(results), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return {name: np.nan if value == -1 else 100 * value for name, value in zip(NAMES, evaluation.stats, strict=True)}
