"""Matching as VOC and YOLO code bases do it: a detection looks at one ground truth only.

The rules are those of the VOC devkit's evaluation and of YOLOv5's: in the order of scores, a detection is a hit if the
ground truth that it overlaps most is free, and false if that is taken, whatever else it overlaps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from rgbtbench.predictions.boxes import BoxTable
from rgbtbench.scoring.average_precision.grouping import Groups, in_curve_order, overlapping_pairs, rank_detections
from rgbtbench.scoring.average_precision.quadrilaterals import shared_areas
from rgbtbench.scoring.average_precision.tables import Matches, TruthTable

Overlap = Literal["above", "at_least"]
#: Which side of equal thresholds an IoU falls on.
_SIDE: Final[dict[str, Literal["left", "right"]]] = {"above": "left", "at_least": "right"}
#: Rows of detections and of ground truth, and the common area of their upright boxes, to IoU; each (P,).
_Iou = Callable[[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]], NDArray[np.float64]]


def match_argmax(
    truth: TruthTable,
    detections: BoxTable,
    *,
    image_ids: NDArray[np.int64],
    class_ids: NDArray[np.int64],
    thresholds: NDArray[np.float64],
    overlap: Overlap,
) -> Matches:
    """Match all detections with the ground truth that they overlap most.

    What is taken is taken at every threshold, by the first detection that overlaps it enough for the lowest one. One
    that overlaps a region to ignore most counts neither way.

    Args:
        truth: ground truth; oriented where it has corners, and then detections need corners too.
        detections: detections; their order breaks ties of the score.
        image_ids: int64 (N,), ascending, images without boxes too.
        class_ids: int64 (C,), ascending.
        thresholds: float64 (T,), ascending, T at most 16.
        overlap: whether an IoU must lie above a threshold or may equal it.

    Returns:
        Matches of one area range.
    """
    groups = Groups(image_ids, class_ids)
    found = rank_detections(detections, groups, most=None)
    truth_groups = groups.numbers(truth.image_ids, truth.labels)
    order = np.argsort(truth_groups, kind="stable")
    truth, truth_groups = truth.of(order), truth_groups[order]
    if truth.corners is not None and detections.corners is not None:
        iou_of = _oriented_iou(detections.corners[found.rows], truth.corners)
    else:
        iou_of = _upright_iou(found.xywh, truth.xywh)
    reached, region = np.zeros(len(found.groups), np.int64), np.zeros(len(found.groups), np.int64)
    for detection, candidate, shared in overlapping_pairs(groups, found.xywh, found.groups, truth.xywh, truth_groups):
        iou = iou_of(detection, candidate, shared)
        # The best of each detection; of equal ones the first.
        best = np.lexsort((-candidate, iou, detection))
        best = best[np.append(np.diff(detection[best]) > 0, True)] if len(best) else best
        reached[detection[best]] = np.searchsorted(thresholds, iou[best], side=_SIDE[overlap])
        region[detection[best]] = candidate[best]
    bits = (1 << reached) - 1
    ignored = (bits > 0) & truth.crowd[region] if len(truth.crowd) else bits > 0
    hits = np.where(ignored, 0, bits) * _is_first(np.where((bits > 0) & ~ignored, region, -1))
    positives = groups.count(truth_groups[~truth.crowd])[:, None]
    return in_curve_order(
        found,
        groups,
        levels=len(thresholds),
        positives=positives,
        hits=hits.astype(np.uint16)[:, None],
        dropped=np.where(ignored, bits, 0).astype(np.uint16)[:, None],
    )


def _is_first(regions: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return whether no earlier detection named the same region; -1 stands for none."""
    first = np.zeros(len(regions), np.bool_)
    first[np.unique(regions, return_index=True)[1]] = True
    return first


def _upright_iou(detected: NDArray[np.float64], truth: NDArray[np.float64]) -> _Iou:
    own, other = detected[:, 2] * detected[:, 3], truth[:, 2] * truth[:, 3]
    return lambda detection, region, shared: shared / (own[detection] + other[region] - shared)


def _oriented_iou(detected: NDArray[np.float64], truth: NDArray[np.float64]) -> _Iou:
    own, other = shared_areas(detected, detected), shared_areas(truth, truth)

    def iou(detection: NDArray[np.int64], region: NDArray[np.int64], _: NDArray[np.float64]) -> NDArray[np.float64]:
        shared = shared_areas(detected[detection], truth[region])
        return np.asarray(shared / (own[detection] + other[region] - shared))

    return iou
