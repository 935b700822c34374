"""From labels and detections to matches, checked against a second program."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.rules import CocoRules
from rgbtbench.errors import ShardError
from rgbtbench.labels import IGNORE
from rgbtbench.predictions.boxes import BoxTable, read_boxes
from rgbtbench.progress import Progress, track
from rgbtbench.scoring.average_precision.coco_metrics import CocoMetrics
from rgbtbench.scoring.average_precision.counts import CocoCounts
from rgbtbench.scoring.average_precision.engine import engine_metrics
from rgbtbench.scoring.average_precision.matching import match_detections
from rgbtbench.scoring.average_precision.tables import Matches, TruthTable
from rgbtbench.scoring.truth import Truth

#: faster-coco-eval leaves out what pycocotools adds to the denominators of precision, 2e-16; in percent.
_ENGINE_TOLERANCE: Final = 1e-9


def collect(
    rules: CocoRules, truth: Truth, positions: Sequence[int], predictions: Path, *, progress: Progress
) -> tuple[CocoCounts, str]:
    """Match every image's boxes; see `rgbtbench.scoring.family.Collect`.

    Args:
        rules: of the protocol.
        truth: boxes.
        positions: of the images that are scored, by ascending image id.
        predictions: COCO results.
        progress: is told of each image.

    Raises:
        ShardError: two images have one image id.
    """
    class_ids = np.array(sorted(truth.classes), np.int64)
    found = read_boxes(predictions, image_ids=truth.image_ids, classes=class_ids.tolist())
    digest = found.sha256
    image_ids = np.array([truth.image_ids[position] for position in positions], np.int64)
    if (np.diff(image_ids) <= 0).any():
        raise ShardError("two images have one image_id", remedy="prepare the dataset again")
    table = _truth_table(rules, truth, positions, image_ids, class_ids, progress=progress)
    scored = np.isin(found.image_ids, image_ids)
    found = BoxTable(found.image_ids[scored], found.labels[scored], found.xywh[scored], found.scores[scored])
    matches = match_detections(
        table, found, image_ids=image_ids, class_ids=class_ids, max_detections=rules.max_detections[-1]
    )
    _require_engine_agrees(rules, matches, table, found, image_ids=image_ids, class_ids=class_ids)
    return CocoCounts(matches), digest


def _truth_table(
    rules: CocoRules,
    truth: Truth,
    positions: Sequence[int],
    image_ids: NDArray[np.int64],
    class_ids: NDArray[np.int64],
    *,
    progress: Progress,
) -> TruthTable:
    parts: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]] = []
    counted = track(positions, progress, "scoring", total=len(positions), unit="images")
    for image, position in zip(image_ids, counted, strict=True):
        boxes = truth.boxes(position)
        xywh = np.column_stack([boxes.xyxy[:, :2], boxes.xyxy[:, 2:] - boxes.xyxy[:, :2]])
        crowd = boxes.ignore if rules.ignore_as_crowd else np.zeros_like(boxes.ignore)
        hidden = boxes.labels == IGNORE
        parts.append((np.full((~hidden).sum(), image), boxes.labels[~hidden], xywh[~hidden], crowd[~hidden]))
        # A region without a class hides detections of every class.
        for number in class_ids if hidden.any() else ():
            count = int(hidden.sum())
            parts.append((np.full(count, image), np.full(count, number), xywh[hidden], np.ones(count, np.bool_)))
    image_column, label_column, xywh_column, crowd_column = zip(*parts, strict=True)
    xywh = np.concatenate(xywh_column)
    return TruthTable(
        image_ids=np.concatenate(image_column),
        labels=np.concatenate(label_column),
        xywh=xywh,
        areas=xywh[:, 2] * xywh[:, 3],
        crowd=np.concatenate(crowd_column),
    )


def _require_engine_agrees(
    rules: CocoRules,
    matches: Matches,
    truth: TruthTable,
    found: BoxTable,
    *,
    image_ids: NDArray[np.int64],
    class_ids: NDArray[np.int64],
) -> None:
    ours = CocoMetrics(matches, max_detections=rules.max_detections).measure(np.ones((1, len(image_ids))))
    engine = engine_metrics(truth, found, image_ids=image_ids, class_ids=class_ids, max_detections=rules.max_detections)
    for name, value in engine.items():
        own = float(ours[name][0])
        if np.isnan(own) != (value is None) or (value is not None and abs(own - value) > _ENGINE_TOLERANCE):
            # No mistake of the user: two implementations of one definition disagree.
            raise RuntimeError(f"{name} is {own} here and {value} in faster-coco-eval")
