"""The same twelve numbers from hotcoco: every score is computed twice, by two programs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgbtbench.predictions.boxes import BoxTable
from rgbtbench.scoring.average_precision.tables import TruthTable


def engine_metrics(
    truth: TruthTable,
    detections: BoxTable,
    *,
    image_ids: NDArray[np.int64],
    class_ids: NDArray[np.int64],
    max_detections: tuple[int, int, int] = (1, 10, 100),
) -> dict[str, float | None]:
    """Return the twelve COCO numbers in percent, None where nothing is to be found.

    Args:
        truth: ground truth.
        detections: detections; none at all is allowed.
        image_ids: int64 (N,), images without boxes too.
        class_ids: int64 (C,).
        max_detections: detections per class and image for the three recalls; the last also for precision.
    """
    import hotcoco

    images = [{"id": int(image)} for image in image_ids]
    categories = [{"id": int(number), "name": str(number)} for number in class_ids]
    boxes = _rows(truth.image_ids, truth.labels, truth.xywh)
    for row, area, crowd in zip(boxes, truth.areas.tolist(), truth.crowd.tolist(), strict=True):
        row.update(area=area, iscrowd=int(crowd))
    found = _rows(detections.image_ids, detections.labels, detections.xywh)
    for row, score in zip(found, detections.scores.tolist(), strict=True):
        row.update(score=score)
    dataset = hotcoco.COCO({"images": images, "categories": categories, "annotations": boxes})
    evaluation = hotcoco.COCOeval(dataset, dataset.load_res(found), "bbox")
    params = evaluation.params
    params.max_dets = list(max_detections)
    evaluation.params = params
    evaluation.evaluate()
    evaluation.accumulate()
    curves = evaluation.eval or {}
    precision, recall = curves["precision"], curves["recall"]
    most = len(max_detections) - 1
    return {
        "ap": _known_mean(precision[:, :, :, 0, most]),
        "ap50": _known_mean(precision[0, :, :, 0, most]),
        "ap75": _known_mean(precision[5, :, :, 0, most]),
        "ap_small": _known_mean(precision[:, :, :, 1, most]),
        "ap_medium": _known_mean(precision[:, :, :, 2, most]),
        "ap_large": _known_mean(precision[:, :, :, 3, most]),
        "ar1": _known_mean(recall[:, :, 0, 0]),
        "ar10": _known_mean(recall[:, :, 0, 1]),
        "ar": _known_mean(recall[:, :, 0, most]),
        "ar_small": _known_mean(recall[:, :, 1, most]),
        "ar_medium": _known_mean(recall[:, :, 2, most]),
        "ar_large": _known_mean(recall[:, :, 3, most]),
    }


def _rows(image_ids: NDArray[np.int64], labels: NDArray[np.int64], xywh: NDArray[np.float64]) -> list[dict[str, Any]]:
    # Ids count from 1: the tools read id 0 as "no match".
    return [
        {"id": at, "image_id": image, "category_id": label, "bbox": box}
        for at, (image, label, box) in enumerate(
            zip(image_ids.tolist(), labels.tolist(), xywh.tolist(), strict=True), start=1
        )
    ]


def _known_mean(values: NDArray[np.float64]) -> float | None:
    known = values[values > -1]
    return float(100.0 * known.mean()) if known.size else None
