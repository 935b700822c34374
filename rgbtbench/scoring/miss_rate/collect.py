"""From labels and detections to the statistics of miss rates."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rgbtbench.cards.rules import MissRateRules
from rgbtbench.predictions.detections import read_detections
from rgbtbench.progress import Progress
from rgbtbench.scoring.miss_rate.counts import MissRateCounts
from rgbtbench.scoring.miss_rate.labelled import labelled_images
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
    """
    found = read_detections(
        predictions,
        keys=truth.keys,
        image_ids=truth.image_ids,
        classes=truth.classes,
        default_class=rules.class_id,
        scored=[truth.keys[position] for position in positions],
        frame_size=truth.frame_size,
    )
    labelled = labelled_images(rules, truth, positions, progress=progress)
    return labelled.counts(found.table, frame_files=found.frame_files), found.table.sha256
