"""The labels of the images that are scored, and what any table of detections amounts to on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.rules import MissRateRules
from rgbtbench.errors import ShardError
from rgbtbench.formats.box_list import xywh_as_written
from rgbtbench.predictions.boxes import BoxTable
from rgbtbench.progress import Progress, track
from rgbtbench.scoring.miss_rate.counts import MissRateCounts
from rgbtbench.scoring.miss_rate.detected import detect
from rgbtbench.scoring.miss_rate.ground_truth import Pedestrians, apply_setting
from rgbtbench.scoring.truth import Truth


@dataclass(frozen=True)
class LabelledImages:
    """Labels under a protocol's rules.

    Attributes:
        rules: of the protocol.
        image_ids: int64 (N,), ascending.
        pedestrians: boxes to be found and regions to ignore.
        never_found: row of a box whose detection is a false positive, if there is one.
    """

    rules: MissRateRules
    image_ids: NDArray[np.int64]
    pedestrians: Pedestrians
    never_found: int | None

    def counts(self, table: BoxTable, *, frame_files: bool = False) -> MissRateCounts:
        """Match detections.

        Args:
            table: in the order of `boxes.sorted_table`; other images and classes are passed over.
            frame_files: they come from one file per frame.
        """
        scored = np.isin(table.image_ids, self.image_ids) & (table.labels == self.rules.class_id)
        xywh, scores = table.xywh[scored], table.scores[scored]
        if frame_files:
            # As the toolbox's wrapper rewrites such files before it reads them.
            shift = np.array([self.rules.frame_file_shift, self.rules.frame_file_shift, 0.0, 0.0])
            xywh, scores = np.round(xywh + shift, 4), np.round(scores, 8)
        detected = detect(
            self.pedestrians,
            np.searchsorted(self.image_ids, table.image_ids[scored]),
            xywh,
            scores,
            image_count=len(self.image_ids),
            rules=self.rules,
            never_found=self.never_found,
        )
        return MissRateCounts(detected)


def labelled_images(
    rules: MissRateRules, truth: Truth, positions: Sequence[int], *, progress: Progress
) -> LabelledImages:
    """Read the labels of some images.

    Args:
        rules: of the protocol.
        truth: boxes.
        positions: of the images that are scored, by ascending image id.
        progress: is told of each image.

    Raises:
        ShardError: two images have one image id.
    """
    image_ids = np.array([truth.image_ids[position] for position in positions], np.int64)
    if (np.diff(image_ids) <= 0).any():
        raise ShardError("two images have one image_id", remedy="prepare the dataset again")
    labelled = _pedestrians(rules, truth, positions, progress=progress)
    first = _first_box(rules, truth, positions) if rules.first_box == "never_found" else None
    return LabelledImages(rules, image_ids, apply_setting(labelled, rules), first)


def _pedestrians(rules: MissRateRules, truth: Truth, positions: Sequence[int], *, progress: Progress) -> Pedestrians:
    """Return boxes of the class that is to be found, and regions to ignore of any class; others are no labels here."""
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


def _first_box(rules: MissRateRules, truth: Truth, positions: Sequence[int]) -> int | None:
    """Return the row of the very first box of all labels, if its image is scored: the script's annotation 0."""
    in_order = sorted(range(len(truth.keys)), key=lambda position: truth.image_ids[position])
    first = next((position for position in in_order if len(truth.boxes(position).labels)), None)
    if first is None or first not in set(positions):
        return None
    boxes = truth.boxes(first)
    return 0 if boxes.ignore[0] or boxes.labels[0] == rules.class_id else None
