"""Boxes that can match stand together: those of one class in one image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.predictions.boxes import BoxTable
from rgbtbench.scoring.average_precision.tables import Matches

#: Detections whose overlaps are computed at a time: crowded images have many pairs, of which few overlap.
_SLICE: Final = 50_000


@dataclass(frozen=True)
class Groups:
    """Which classes and images there are; a group is a class in an image, numbered class by class.

    Attributes:
        image_ids: int64 (N,), ascending, images without boxes too.
        class_ids: int64 (C,), ascending.
    """

    image_ids: NDArray[np.int64]
    class_ids: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, int]:
        """C and N."""
        return len(self.class_ids), len(self.image_ids)

    def numbers(self, image_ids: NDArray[np.int64], labels: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the group of each box, int64; every id is among the known ones."""
        classes = np.searchsorted(self.class_ids, labels)
        return np.asarray(classes * len(self.image_ids) + np.searchsorted(self.image_ids, image_ids), np.int64)

    def count(self, groups: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how many boxes each group has, int64 (C * N,)."""
        return np.bincount(groups, minlength=len(self.class_ids) * len(self.image_ids))


@dataclass(frozen=True)
class RankedDetections:
    """Detections by group and falling score.

    Attributes:
        groups: int64 (D,), ascending.
        ranks: int64 (D,): how many of the same group have a higher score.
        xywh: float64 (D, 4).
        scores: float64 (D,).
        rows: int64 (D,), where each stood in the table.
    """

    groups: NDArray[np.int64]
    ranks: NDArray[np.int64]
    xywh: NDArray[np.float64]
    scores: NDArray[np.float64]
    rows: NDArray[np.int64]


def rank_detections(detections: BoxTable, groups: Groups, *, most: int | None) -> RankedDetections:
    """Return the best detections of each group.

    Args:
        detections: all; their order breaks ties of the score.
        groups: the known classes and images.
        most: detections per group that are looked at; None for all of them.
    """
    numbers = groups.numbers(detections.image_ids, detections.labels)
    rows = _by_group_and_score(numbers, groups, detections)
    numbers = numbers[rows]
    counts = groups.count(numbers)
    ranks = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    if most is not None and counts.max(initial=0) > most:
        kept = ranks < most
        rows, numbers, ranks = rows[kept], numbers[kept], ranks[kept]
    return RankedDetections(numbers, ranks, detections.xywh[rows], detections.scores[rows], rows)


def _by_group_and_score(numbers: NDArray[np.int64], groups: Groups, detections: BoxTable) -> NDArray[np.int64]:
    image, score = detections.image_ids, detections.scores
    if len(image) and ((image[1:] > image[:-1]) | ((image[1:] == image[:-1]) & (score[1:] <= score[:-1]))).all():
        # The order of tables as they are read, so that only classes are left to sort, which are few and small numbers.
        classes = numbers // len(groups.image_ids)
        return np.argsort(classes.astype(np.min_scalar_type(len(groups.class_ids))), kind="stable")
    return np.lexsort((-score, numbers))


def overlapping_pairs(
    groups: Groups,
    detected: NDArray[np.float64],
    detected_groups: NDArray[np.int64],
    truth: NDArray[np.float64],
    truth_groups: NDArray[np.int64],
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]]:
    """Yield the pairs of one group whose boxes share an area, in slices.

    Args:
        groups: the known classes and images.
        detected: float64 (D, 4), x, y, width, height.
        detected_groups: int64 (D,).
        truth: float64 (M, 4), likewise.
        truth_groups: int64 (M,), ascending.

    Yields:
        Rows of detections, ascending, rows of ground truth, and their common area in square pixels, each (P,).
    """
    left, top, width, height = np.ascontiguousarray(detected.T)
    right, bottom = left + width, top + height
    truth_left, truth_top, truth_width, truth_height = np.ascontiguousarray(truth.T)
    truth_right, truth_bottom = truth_left + truth_width, truth_top + truth_height
    sizes = groups.count(truth_groups)
    first, count = (np.cumsum(sizes) - sizes)[detected_groups], sizes[detected_groups]
    for start in range(0, len(detected), _SLICE):
        rows = np.arange(start, min(start + _SLICE, len(detected)))
        detection = np.repeat(rows, count[rows])
        region = np.arange(len(detection)) + np.repeat(
            first[rows] - (np.cumsum(count[rows]) - count[rows]), count[rows]
        )
        across = np.minimum(right[detection], truth_right[region]) - np.maximum(left[detection], truth_left[region])
        meet = np.flatnonzero(across > 0)
        detection, region, across = detection[meet], region[meet], across[meet]
        down = np.minimum(bottom[detection], truth_bottom[region]) - np.maximum(top[detection], truth_top[region])
        meet = np.flatnonzero(down > 0)
        yield detection[meet], region[meet], across[meet] * down[meet]


def in_curve_order(
    found: RankedDetections,
    groups: Groups,
    *,
    levels: int,
    positives: NDArray[np.int64],
    hits: NDArray[np.uint16],
    dropped: NDArray[np.uint16],
) -> Matches:
    """Return what the precision-recall curves need.

    Args:
        found: the detections.
        groups: the known classes and images.
        levels: IoU thresholds.
        positives: int64 (C * N, A), ground truth to be found in each group.
        hits: uint16 (D, A), see `Matches`.
        dropped: uint16 (D, A), likewise.
    """
    classes, images = groups.shape
    is_hit = np.asarray(hits.any(axis=1), np.bool_)
    counts = np.asarray((dropped != (1 << levels) - 1).any(axis=1), np.bool_)
    borders = np.searchsorted(found.groups, np.arange(classes + 1) * images)
    kept = []
    for start, stop in zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True):
        scores = found.scores[start:stop]
        lowest = scores[is_hit[start:stop]].min(initial=np.inf)
        rows = start + np.flatnonzero((scores >= lowest) & counts[start:stop])
        # Stable: equal scores stay in the order of images, as in the reference tools.
        rows = rows[np.argsort(-found.scores[rows], kind="stable")]
        kept.append(rows[: len(rows) - int(np.argmax(is_hit[rows][::-1]))] if len(rows) else rows)
    order = np.concatenate(kept) if kept else np.zeros(0, np.int64)
    return Matches(
        positives=np.ascontiguousarray(positives.reshape(classes, images, -1).transpose(0, 2, 1)).astype(np.int32),
        detections=groups.count(found.groups).reshape(classes, images).astype(np.int32),
        classes=(found.groups[order] // images).astype(np.int32),
        images=(found.groups[order] % images).astype(np.int32),
        ranks=found.ranks[order].astype(np.int16),
        hits=hits[order],
        dropped=dropped[order],
    )
