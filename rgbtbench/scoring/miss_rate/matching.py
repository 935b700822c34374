"""Detections are matched with labelled boxes once, for all images together; what follows needs no box again.

The rules are those of `bbGt('evalRes')` in Dollár's toolbox: in each image the detections choose by falling score. Each
takes the free box with the highest IoU at or above the threshold, of equal ones the later. One that finds none free is
dropped if it lies in an ignore region (share of its own area at or above the threshold; such a region is never used
up), and is a false positive otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from rgbtbench.scoring.miss_rate.ground_truth import Pedestrians

#: Boxes that are compared with detections at once: few enough for their arrays to stay in the cache.
_AT_ONCE: Final = 2048


@dataclass(frozen=True)
class Outcomes:
    """What each detection turned out to be.

    Attributes:
        found: int64 (D,), row of the box that it found, -1 if none.
        dropped: bool (D,), it found none but lies in an ignore region, and counts neither way.
    """

    found: NDArray[np.int64]
    dropped: NDArray[np.bool_]


def match_pedestrians(
    truth: Pedestrians, images: NDArray[np.int64], xywh: NDArray[np.float64], *, overlap: float = 0.5
) -> Outcomes:
    """Match all detections.

    Args:
        truth: labelled boxes, ignore regions among them.
        images: int64 (D,), index of each detection's image, ascending; within an image by falling score.
        xywh: float64 (D, 4), left, top, width, height in pixels.
        overlap: IoU from which on a detection finds a box.
    """
    detection, box, shared = _close_pairs(truth, images, xywh, overlap)
    in_region = truth.ignored[box]
    covered = np.zeros(len(images), np.bool_)
    covered[detection[in_region]] = True
    to_find = np.flatnonzero(~in_region)
    found = _choose(detection[to_find], box[to_find], shared[to_find], images, len(truth.images))
    return Outcomes(found=found, dropped=covered & (found < 0))


def _close_pairs(
    truth: Pedestrians, images: NDArray[np.int64], xywh: NDArray[np.float64], overlap: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return rows of detections and of boxes of the same image that overlap enough, and how much.

    They stand by box, those of one box by detection. How much is the IoU, and over an ignore region the share of the
    detection's own area.
    """
    image_count = 1 + max((int(column[-1]) for column in (truth.images, images) if len(column)), default=0)
    detections = np.bincount(images, minlength=image_count)
    begins, counts = (np.cumsum(detections) - detections)[truth.images], detections[truth.images]
    detected, labelled = _Edges.of(xywh), _Edges.of(truth.xywh)
    # Over an ignore region two terms of the union are 0.
    is_box = (~truth.ignored).astype(np.float64)
    own_area = labelled.area * is_box
    parts = []
    for start in range(0, max(len(counts), 1), _AT_ONCE):
        detection, box, shared = _shared_areas(detected, labelled, begins, counts, slice(start, start + _AT_ONCE))
        shared /= detected.area[detection] + own_area[box] - shared * is_box[box]
        close = np.flatnonzero(shared >= overlap)
        parts.append((detection[close], box[close], shared[close]))
    near, found, overlaps = (np.concatenate(part) for part in zip(*parts, strict=True))
    return near, found, overlaps


@dataclass(frozen=True, slots=True)
class _Edges:
    """Boxes, float64 (n,) each."""

    left: NDArray[np.float64]
    top: NDArray[np.float64]
    right: NDArray[np.float64]
    bottom: NDArray[np.float64]
    area: NDArray[np.float64]

    @classmethod
    def of(cls, xywh: NDArray[np.float64]) -> Self:
        left, top, width, height = xywh.T
        return cls(left, top, left + width, top + height, width * height)


def _shared_areas(
    detected: _Edges, labelled: _Edges, begins: NDArray[np.int64], counts: NDArray[np.int64], chosen: slice
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return rows of detections and of boxes (ascending), and what they share; most that share nothing are left out.

    Args:
        detected: D detections.
        labelled: B boxes.
        begins: int64 (B,), row of the first detection in each box's image.
        counts: int64 (B,), how many detections that image has.
        chosen: which boxes are asked for.
    """
    counts = counts[chosen]
    box = np.repeat(np.arange(chosen.start, chosen.start + len(counts)), counts)
    detection = np.repeat(begins[chosen] - np.cumsum(counts) + counts, counts)
    detection += np.arange(len(detection))
    columns = np.minimum(detected.right[detection], labelled.right[box])
    columns -= np.maximum(detected.left[detection], labelled.left[box])
    touching = np.flatnonzero(columns > 0)
    detection, box, columns = detection[touching], box[touching], columns[touching]
    rows = np.minimum(detected.bottom[detection], labelled.bottom[box])
    rows -= np.maximum(detected.top[detection], labelled.top[box])
    return detection, box, columns * np.maximum(rows, 0.0)


def _choose(
    detection: NDArray[np.int64],
    box: NDArray[np.int64],
    shared: NDArray[np.float64],
    images: NDArray[np.int64],
    boxes: int,
) -> NDArray[np.int64]:
    """Let detections choose among the boxes that they overlap enough.

    Args:
        detection: int64 (P,), those of one box ascending.
        box: int64 (P,), row of the box that each overlaps.
        shared: float64 (P,), how much.
        images: int64 (D,), of all detections.
        boxes: number of all boxes.

    Returns:
        int64 (D,), row of the box that each detection takes, -1 if none.
    """
    found = np.full(len(images), -1)
    has_several = np.bincount(detection, minlength=len(images))[detection] > 1
    # Most boxes are overlapped only by detections that overlap no other: the first of these takes it.
    simple = np.bincount(box, weights=has_several, minlength=boxes)[box] == 0
    taker = np.full(boxes, -1)
    taker[box[simple][::-1]] = detection[simple][::-1]  # of equal indices the last one written stays
    taken = np.flatnonzero(taker >= 0)
    found[taker[taken]] = taken
    contested = np.flatnonzero(~simple)
    _take_turns(found, detection[contested], box[contested], shared[contested], images, boxes)
    return found


def _take_turns(
    found: NDArray[np.int64],
    detection: NDArray[np.int64],
    box: NDArray[np.int64],
    shared: NDArray[np.float64],
    images: NDArray[np.int64],
    boxes: int,
) -> None:
    """Let the best detection of every image choose, then the second, and so on; writes what they take into `found`."""
    # Of one detection the best pair comes last.
    order = np.lexsort((box, shared, detection))
    detection, box = detection[order], box[order]
    begins = np.append(True, detection[1:] != detection[:-1])[: len(detection)]
    image = images[detection[begins]]
    turn = (np.arange(len(image)) - np.searchsorted(image, image))[np.cumsum(begins) - 1]
    order = np.argsort(turn, kind="stable")
    detection, box = detection[order], box[order]
    free = np.ones(boxes, np.bool_)
    start = 0
    for end in np.cumsum(np.bincount(turn)):
        chosen, wanted = detection[start:end], box[start:end]
        is_free = free[wanted]
        chosen, wanted = chosen[is_free], wanted[is_free]
        is_best = np.append(chosen[1:] != chosen[:-1], True)[: len(chosen)]
        found[chosen[is_best]] = wanted[is_best]
        free[wanted[is_best]] = False
        start = end
