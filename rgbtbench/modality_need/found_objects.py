"""Which objects a detector finds when it may raise a given number of false alarms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.scoring.average_precision.grouping import Groups, overlapping_pairs, rank_detections
from rgbtbench.scoring.average_precision.inputs import Inputs

_LEAST_IOU: Final = 0.5


@dataclass(frozen=True)
class Found:
    """Objects of all images and who found them.

    Attributes:
        scores: float64 (M,), score of the detection that took each row of the ground truth, -inf where none did.
        false_scores: class index to float64, scores of false detections, falling.
    """

    scores: NDArray[np.float64]
    false_scores: tuple[NDArray[np.float64], ...]

    def thresholds(self, false_alarms: int) -> NDArray[np.float64]:
        """Return the score of each class above which it raises at most so many false alarms, float64 (C,)."""
        return np.array(
            [scores[false_alarms] if len(scores) > false_alarms else -np.inf for scores in self.false_scores]
        )


def find_objects(inputs: Inputs) -> Found:
    """Match detections at IoU 0.5 under COCO's rules.

    The best-scored detections in turn take the free object that they overlap most. As this runs by falling score, the
    objects found above any threshold are those whose detection scores above it.
    """
    groups, truth = Groups(inputs.image_ids, inputs.class_ids), inputs.truth
    found = rank_detections(inputs.detections, groups, most=None)
    truth_groups = groups.numbers(truth.image_ids, truth.labels)
    order = np.argsort(truth_groups, kind="stable")
    truth, truth_groups = truth.of(order), truth_groups[order]
    own, other = found.xywh[:, 2] * found.xywh[:, 3], truth.xywh[:, 2] * truth.xywh[:, 3]
    taken_by = np.full(len(truth.labels), -1)
    is_false = np.ones(len(found.scores), np.bool_)
    for detection, region, shared in overlapping_pairs(groups, found.xywh, found.groups, truth.xywh, truth_groups):
        crowd = truth.crowd[region]
        iou = shared / np.where(crowd, own[detection], own[detection] + other[region] - shared)
        close = np.flatnonzero(iou >= _LEAST_IOU)
        close = close[np.lexsort((-iou[close], crowd[close], detection[close]))]
        for at, place, hides in zip(
            detection[close].tolist(), region[close].tolist(), crowd[close].tolist(), strict=True
        ):
            if is_false[at] and (hides or taken_by[place] < 0):
                is_false[at] = False
                if not hides:
                    taken_by[place] = at
    scores = np.where(taken_by >= 0, np.append(found.scores, 0.0)[taken_by], -np.inf)
    restored = np.empty_like(scores)
    restored[order] = scores
    classes = found.groups // len(groups.image_ids)
    return Found(
        restored,
        tuple(-np.sort(-found.scores[is_false & (classes == number)]) for number in range(len(groups.class_ids))),
    )
