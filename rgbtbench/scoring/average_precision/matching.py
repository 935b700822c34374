"""Detection: boxes are matched once per image, as pycocotools matches them; what follows needs no box again.

The rules are those of `COCOeval.evaluateImg`: per class and image the best-scored detections in turn take the free
ground truth with the highest IoU at or above the threshold; regions to ignore come last and may be taken many times.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.predictions.boxes import BoxTable

#: IoU thresholds 0.50 to 0.95 and recall levels 0 to 1, built as pycocotools builds them.
IOU_THRESHOLDS: Final = np.linspace(0.5, 0.95, 10)
RECALL_LEVELS: Final = np.linspace(0.0, 1.0, 101)
#: Area ranges in square pixels, both ends inclusive: a box of exactly 32² is small and medium.
AREAS: Final = {"all": (0.0, 1e10), "small": (0.0, 32.0**2), "medium": (32.0**2, 96.0**2), "large": (96.0**2, 1e10)}
_ALL_THRESHOLDS: Final = (1 << len(IOU_THRESHOLDS)) - 1
#: Detections whose overlaps are computed at a time.
_SLICE: Final = 20_000


@dataclass(frozen=True)
class TruthTable:
    """Ground truth of all images as columns, ordered by image.

    Attributes:
        image_ids: int64 (M,).
        labels: int64 (M,), class ids.
        xywh: float64 (M, 4), pixels.
        areas: float64 (M,), what area ranges look at: width times height where there are only boxes.
        crowd: bool (M,), regions that are neither hit nor miss.
    """

    image_ids: NDArray[np.int64]
    labels: NDArray[np.int64]
    xywh: NDArray[np.float64]
    areas: NDArray[np.float64]
    crowd: NDArray[np.bool_]


@dataclass(frozen=True)
class Matches:
    """Per-image statistics of average precision: what each detection turned out to be.

    Detections stand in the order in which the precision-recall curve meets them: by class, then falling score. Those
    that can change no metric (after the last hit of their class, or out of every range) are left out, and scores are
    not needed any more.

    Attributes:
        positives: int32 (C, A, N): ground truth per class, area range and image that must be found.
        classes: int32 (D,): index of the class.
        images: int32 (D,): index of the image.
        ranks: int16 (D,): how many detections of this class and image have a higher score.
        hits: uint16 (D, A): bit t says that it is a true positive at IoU threshold t.
        dropped: uint16 (D, A): bit t says that it counts neither way at threshold t.
    """

    positives: NDArray[np.int32]
    classes: NDArray[np.int32]
    images: NDArray[np.int32]
    ranks: NDArray[np.int16]
    hits: NDArray[np.uint16]
    dropped: NDArray[np.uint16]

    def of_images(self, chosen: NDArray[np.bool_]) -> Matches:
        """Return the statistics of some images, bool (N,), numbered anew."""
        kept = chosen[self.images]
        return Matches(
            positives=self.positives[..., chosen],
            classes=self.classes[kept],
            images=(np.cumsum(chosen) - 1)[self.images[kept]].astype(np.int32),
            ranks=self.ranks[kept],
            hits=self.hits[kept],
            dropped=self.dropped[kept],
        )


def match_detections(
    truth: TruthTable,
    detections: BoxTable,
    *,
    image_ids: NDArray[np.int64],
    class_ids: NDArray[np.int64],
    max_detections: int = 100,
) -> Matches:
    """Match all detections with the ground truth, at every IoU threshold and in every area range.

    Args:
        truth: ground truth; every image id and label is among the following.
        detections: detections, likewise; their order breaks ties of the score.
        image_ids: int64 (N,), ascending, images without boxes too.
        class_ids: int64 (C,), ascending.
        max_detections: the best-scored ones per class and image that are looked at.
    """
    images = len(image_ids)
    truth_groups = _group_numbers(truth.image_ids, truth.labels, image_ids, class_ids)
    by_group = np.argsort(truth_groups, kind="stable")
    truth_groups = truth_groups[by_group]
    regions = _Regions(
        xywh=truth.xywh[by_group],
        crowd=truth.crowd[by_group],
        counted=_in_ranges(truth.areas[by_group]) & ~truth.crowd[by_group, None],
    )
    positives = np.zeros((len(class_ids) * images, len(AREAS)), np.int32)
    np.add.at(positives, truth_groups, regions.counted)

    groups = _group_numbers(detections.image_ids, detections.labels, image_ids, class_ids)
    order = np.lexsort((-detections.scores, groups))
    ranks = np.arange(len(order)) - np.searchsorted(groups[order], groups[order])
    order, ranks = order[ranks < max_detections], ranks[ranks < max_detections]
    groups, scores, xywh = groups[order], detections.scores[order], detections.xywh[order]
    pairs = _close_pairs(xywh, groups, regions, truth_groups)
    hits, dropped = _match_by_rank(pairs, ranks, regions, outside=~_in_ranges(xywh[:, 2] * xywh[:, 3]))

    # Stable: equal scores stay in the order of images, as in the reference tool.
    curve = np.lexsort((-scores, groups // images))
    curve = curve[_can_matter(groups[curve] // images, hits[curve], dropped[curve])]
    return Matches(
        positives=np.ascontiguousarray(positives.reshape(len(class_ids), images, len(AREAS)).transpose(0, 2, 1)),
        classes=(groups[curve] // images).astype(np.int32),
        images=(groups[curve] % images).astype(np.int32),
        ranks=ranks[curve].astype(np.int16),
        hits=hits[curve],
        dropped=dropped[curve],
    )


def box_iou(detected: NDArray[np.float64], truth: NDArray[np.float64], crowd: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the IoU of boxes pair by pair; over a crowd region it is the share of the detection inside.

    Args:
        detected: float64 (P, 4), x, y, width, height.
        truth: float64 (P, 4), likewise.
        crowd: bool (P,).

    Returns:
        float64 (P,).
    """
    ends = np.minimum(detected[:, :2] + detected[:, 2:], truth[:, :2] + truth[:, 2:])
    overlap = np.clip(ends - np.maximum(detected[:, :2], truth[:, :2]), 0.0, None)
    shared = overlap[:, 0] * overlap[:, 1]
    own = detected[:, 2] * detected[:, 3]
    return np.asarray(shared / np.where(crowd, own, own + truth[:, 2] * truth[:, 3] - shared))


@dataclass(frozen=True)
class _Regions:
    """Ground truth in the order of groups: boxes float64 (M, 4), crowd bool (M,), counted bool (M, A) per range."""

    xywh: NDArray[np.float64]
    crowd: NDArray[np.bool_]
    counted: NDArray[np.bool_]


@dataclass(frozen=True)
class _Pairs:
    """Detections and ground truth that overlap enough for some threshold: rows of both, and IoU, each (P,)."""

    detection: NDArray[np.int64]
    region: NDArray[np.int64]
    iou: NDArray[np.float64]


def _group_numbers(
    image_ids: NDArray[np.int64],
    labels: NDArray[np.int64],
    all_images: NDArray[np.int64],
    all_classes: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Number the classes and images, class by class: boxes of one group can match."""
    return np.asarray(np.searchsorted(all_classes, labels) * len(all_images) + np.searchsorted(all_images, image_ids))


def _close_pairs(
    xywh: NDArray[np.float64], groups: NDArray[np.int64], regions: _Regions, region_groups: NDArray[np.int64]
) -> _Pairs:
    first = np.searchsorted(region_groups, groups, side="left")
    count = np.searchsorted(region_groups, groups, side="right") - first
    parts = [_Pairs(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))]
    # In slices, because crowded images have many pairs of which few are close.
    for start in range(0, len(groups), _SLICE):
        rows = np.arange(start, min(start + _SLICE, len(groups)))
        detection = np.repeat(rows, count[rows])
        within = np.arange(len(detection)) - np.repeat(np.cumsum(count[rows]) - count[rows], count[rows])
        region = first[detection] + within
        iou = box_iou(xywh[detection], regions.xywh[region], regions.crowd[region])
        close = iou >= IOU_THRESHOLDS[0]
        parts.append(_Pairs(detection[close], region[close], iou[close]))
    return _Pairs(
        detection=np.concatenate([part.detection for part in parts]),
        region=np.concatenate([part.region for part in parts]),
        iou=np.concatenate([part.iou for part in parts]),
    )


def _match_by_rank(
    pairs: _Pairs, ranks: NDArray[np.int64], regions: _Regions, *, outside: NDArray[np.bool_]
) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """Let the best detection of every group choose first, then the second, and so on; groups do not meet.

    Returns:
        Bits of hits and of dropped, each uint16 (D, A).
    """
    limits = np.minimum(IOU_THRESHOLDS, 1 - 1e-10)
    bits = (1 << np.arange(len(limits))).astype(np.uint16)
    hits = np.zeros(outside.shape, np.uint16)
    # A detection that meets nothing is a false positive in its range, and nothing outside it.
    dropped = np.where(outside, _ALL_THRESHOLDS, 0).astype(np.uint16)
    free = np.ones((len(regions.xywh), len(AREAS), len(limits)), np.bool_)
    turns = np.argsort(ranks[pairs.detection], kind="stable")
    starts = np.flatnonzero(np.diff(ranks[pairs.detection][turns], prepend=-1))
    for turn in np.split(turns, starts[1:]) if len(turns) else ():
        region, iou = pairs.region[turn], pairs.iou[turn][:, None, None]
        rows, segments, owner = np.unique(pairs.detection[turn], return_index=True, return_inverse=True)
        open_to = free[region] & (iou >= limits)
        first_choice = open_to & regions.counted[region][:, :, None]
        has_first = np.logical_or.reduceat(first_choice, segments)
        allowed = np.where(has_first[owner], first_choice, open_to)
        strength = np.where(allowed, iou, -1.0)
        best = allowed & (strength == np.maximum.reduceat(strength, segments)[owner])
        # Of equal IoUs the later region wins.
        chosen = np.maximum.reduceat(np.where(best, np.arange(len(turn))[:, None, None], -1), segments)
        matched = chosen >= 0
        row, area, level = np.nonzero(matched)
        taken = region[chosen[row, area, level]]
        free[taken, area, level] = regions.crowd[taken]
        hit = matched & has_first
        hits[rows] = (hit * bits).sum(axis=-1)
        unmatched_outside = ~matched & outside[rows][:, :, None]
        dropped[rows] = (((matched & ~hit) | unmatched_outside) * bits).sum(axis=-1)
    return hits, dropped


def _in_ranges(areas: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return bool (len(areas), A)."""
    low, high = np.array(list(AREAS.values())).T
    return np.asarray((areas[:, None] >= low) & (areas[:, None] <= high), np.bool_)


def _can_matter(classes: NDArray[np.int64], hits: NDArray[np.uint16], dropped: NDArray[np.uint16]) -> NDArray[np.bool_]:
    is_hit = hits.any(axis=1)
    last_hit = np.full(int(classes.max(initial=0)) + 1, -1)
    last_hit[classes[is_hit]] = np.flatnonzero(is_hit)  # ascending, so the last one stays
    never_counts = (dropped == _ALL_THRESHOLDS).all(axis=1)
    return np.asarray((np.arange(len(classes)) <= last_hit[classes]) & ~never_counts, np.bool_)
