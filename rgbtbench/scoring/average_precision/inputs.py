"""From labels and prediction files to columns of boxes, for every kind of average precision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rgbtbench.errors import ShardError, UserError
from rgbtbench.labels import IGNORE
from rgbtbench.predictions.boxes import BoxTable
from rgbtbench.predictions.detections import read_detections
from rgbtbench.progress import Progress, track
from rgbtbench.scoring.average_precision.tables import TruthTable
from rgbtbench.scoring.truth import Truth


@dataclass(frozen=True)
class Inputs:
    """What is scored.

    Attributes:
        truth: ground truth of the N images.
        detections: detections in them.
        image_ids: int64 (N,), ascending.
        class_ids: int64 (C,), ascending.
        predictions_sha256: of all predictions that were read.
    """

    truth: TruthTable
    detections: BoxTable
    image_ids: NDArray[np.int64]
    class_ids: NDArray[np.int64]
    predictions_sha256: str


def read_inputs(truth: Truth, positions: Sequence[int], predictions: Path, *, progress: Progress) -> Inputs:
    """Read labels and detections.

    Args:
        truth: boxes.
        positions: of the images that are scored, by ascending image id.
        predictions: results of all images (docs/formats/predictions.md).
        progress: is told of each image.

    Raises:
        ShardError: two images have one image id.
        PredictionError: the results are malformed.
    """
    class_ids = np.array(sorted(truth.classes), np.int64)
    found = read_detections(
        predictions,
        keys=truth.keys,
        image_ids=truth.image_ids,
        classes=truth.classes,
        default_class=int(class_ids[0]) if len(class_ids) == 1 else None,
        scored=[truth.keys[position] for position in positions],
        frame_size=truth.frame_size,
    ).table
    image_ids = np.array([truth.image_ids[position] for position in positions], np.int64)
    if (np.diff(image_ids) <= 0).any():
        raise ShardError("two images have one image_id", remedy="prepare the dataset again")
    table = _truth_table(truth, positions, image_ids, class_ids, progress=progress)
    return Inputs(table, found.of(np.isin(found.image_ids, image_ids)), image_ids, class_ids, found.sha256)


def _truth_table(
    truth: Truth,
    positions: Sequence[int],
    image_ids: NDArray[np.int64],
    class_ids: NDArray[np.int64],
    *,
    progress: Progress,
) -> TruthTable:
    counted = track(positions, progress, "scoring", total=len(positions), unit="images")
    images = [truth.objects(position) for position in counted]
    counts = [len(objects.labels) for objects in images]
    oriented = {objects.corners is not None for objects in images if len(objects.labels)}
    if len(oriented) > 1:
        raise UserError("some labels have corners and others do not", remedy="prepare the dataset again")
    table = TruthTable(
        image_ids=np.repeat(image_ids, counts),
        labels=np.concatenate([objects.labels for objects in images]),
        xywh=np.concatenate([objects.xywh for objects in images]),
        areas=np.concatenate([objects.areas for objects in images]),
        crowd=np.concatenate([objects.ignore for objects in images]),
        corners=np.concatenate([objects.corners for objects in images if objects.corners is not None])
        if oriented == {True}
        else None,
    )
    return _with_hidden_regions(table, class_ids)


def _with_hidden_regions(table: TruthTable, class_ids: NDArray[np.int64]) -> TruthTable:
    """Let a region without a class hide detections of every class."""
    hidden = (table.labels == IGNORE) & ~np.isin(table.labels, class_ids)
    if not hidden.any():
        return table
    rows = np.concatenate([np.flatnonzero(~hidden), np.repeat(np.flatnonzero(hidden), len(class_ids))])
    rows = rows[np.argsort(table.image_ids[rows], kind="stable")]
    repeated = table.of(rows)
    is_hidden = hidden[rows]
    labels = repeated.labels.copy()
    labels[is_hidden] = np.tile(class_ids, int(hidden.sum()))
    return TruthTable(
        repeated.image_ids, labels, repeated.xywh, repeated.areas, repeated.crowd | is_hidden, repeated.corners
    )
