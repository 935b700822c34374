"""From labels and detections to the statistics of miss rates."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.rules import MissRateRules
from rgbtbench.errors import ShardError
from rgbtbench.formats.box_list import xywh_as_written
from rgbtbench.predictions.boxes import BoxTable
from rgbtbench.predictions.detections import read_detections
from rgbtbench.progress import Progress, track
from rgbtbench.scoring.miss_rate.counts import MissRateCounts
from rgbtbench.scoring.miss_rate.detected import detect
from rgbtbench.scoring.miss_rate.ground_truth import Pedestrians, apply_setting
from rgbtbench.scoring.truth import Truth


def collect(
    rules: MissRateRules, truth: Truth, positions: Sequence[int], predictions: Path, *, progress: Progress
) -> tuple[MissRateCounts, str]:
    """Match every image's boxes; see `rgbtbench.scoring.family.Collect`.

    Args:
        rules: of the protocol.
        truth: boxes.
        positions: of the images that are scored, by ascending image id.
        predictions: text or COCO results, or one text file per frame (docs/formats/predictions.md).
        progress: is told of each image.

    Raises:
        ShardError: two images have one image id.
    """
    image_ids = np.array([truth.image_ids[position] for position in positions], np.int64)
    if (np.diff(image_ids) <= 0).any():
        raise ShardError("two images have one image_id", remedy="prepare the dataset again")
    found = read_detections(
        predictions,
        keys=truth.keys,
        image_ids=truth.image_ids,
        classes=truth.classes,
        default_class=rules.class_id,
        scored=[truth.keys[position] for position in positions],
    )
    table = found.table
    images, xywh, scores = _scored_columns(table, image_ids, rules)
    if found.frame_files:
        # As the toolbox's wrapper rewrites such files before it reads them.
        shift = np.array([rules.frame_file_shift, rules.frame_file_shift, 0.0, 0.0])
        xywh, scores = np.round(xywh + shift, 4), np.round(scores, 8)
    labelled = pedestrians(rules, truth, positions, progress=progress)
    first = _first_box(rules, truth, positions) if rules.first_box == "never_found" else None
    detected = detect(
        apply_setting(labelled, rules),
        images,
        xywh,
        scores,
        image_count=len(positions),
        rules=rules,
        never_found=first,
    )
    return MissRateCounts(detected), table.sha256


def pedestrians(rules: MissRateRules, truth: Truth, positions: Sequence[int], *, progress: Progress) -> Pedestrians:
    """Return the labelled boxes of some images.

    Boxes of the class that is to be found, and regions to ignore of any class; other boxes are no labels here.

    Args:
        rules: of the protocol.
        truth: boxes.
        positions: of the images.
        progress: is told of each image.
    """
    parts = []
    counted = track(positions, progress, "scoring", total=len(positions), unit="images")
    for image, position in enumerate(counted):
        boxes = truth.boxes(position)
        kept = boxes.ignore | (boxes.labels == rules.class_id)
        parts.append(
            Pedestrians(
                images=np.full(int(kept.sum()), image),
                xywh=xywh_as_written(boxes)[kept],
                occlusions=boxes.occlusion[kept],
                ignored=boxes.ignore[kept],
            )
        )
    return Pedestrians(
        images=np.concatenate([part.images for part in parts]),
        xywh=np.concatenate([part.xywh for part in parts]),
        occlusions=np.concatenate([part.occlusions for part in parts]),
        ignored=np.concatenate([part.ignored for part in parts]),
    )


def _scored_columns(
    table: BoxTable, image_ids: NDArray[np.int64], rules: MissRateRules
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return image index, box and score of the detections that count, in the table's order."""
    scored = np.isin(table.image_ids, image_ids) & (table.labels == rules.class_id)
    return np.searchsorted(image_ids, table.image_ids[scored]), table.xywh[scored], table.scores[scored]


def _first_box(rules: MissRateRules, truth: Truth, positions: Sequence[int]) -> int | None:
    """Return the row of the very first box of all labels, if its image is scored: the script's annotation 0."""
    in_order = sorted(range(len(truth.keys)), key=lambda position: truth.image_ids[position])
    first = next((position for position in in_order if len(truth.boxes(position).labels)), None)
    if first is None or first not in set(positions):
        return None
    boxes = truth.boxes(first)
    return 0 if boxes.ignore[0] or boxes.labels[0] == rules.class_id else None
