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

#: Detections that are compared with boxes at once: few enough for their arrays to stay in the cache.
_AT_ONCE: Final = 4096


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
    """Return rows of detections (ascending) and of boxes of the same image that overlap enough, and how much.

    How much is the IoU, and over an ignore region the share of the detection's own area.
    """
    last_image = max(images[-1:].max(initial=0), truth.images[-1:].max(initial=0))
    boxes = np.bincount(truth.images, minlength=last_image + 1)
    begins, counts = (np.cumsum(boxes) - boxes)[images], boxes[images]
    labelled = _Edges.of(truth.xywh)
    parts = []
    for start in range(0, max(len(images), 1), _AT_ONCE):
        chosen = slice(start, start + _AT_ONCE)
        detected = _Edges.of(xywh[chosen])
        detection, box, shared = _shared_areas(detected, labelled, begins[chosen], counts[chosen])
        area = detected.area[detection]
        shared /= np.where(truth.ignored[box], area, area + labelled.area[box] - shared)
        close = np.flatnonzero(shared >= overlap)
        parts.append((detection[close] + start, box[close], shared[close]))
    detections, found, overlaps = zip(*parts, strict=True)
    return np.concatenate(detections), np.concatenate(found), np.concatenate(overlaps)


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
    detected: _Edges, labelled: _Edges, begins: NDArray[np.int64], counts: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return rows of detections (ascending) and of boxes, and what they share; most that share nothing are left out.

    Args:
        detected: D detections.
        labelled: all boxes.
        begins: int64 (D,), row of the first box of each detection's image.
        counts: int64 (D,), how many boxes that image has.
    """
    detection = np.repeat(np.arange(len(counts)), counts)
    box = np.arange(len(detection))
    box += np.repeat(begins - np.cumsum(counts) + counts, counts)
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
        detection: int64 (P,), ascending.
        box: int64 (P,), row of the box that each overlaps.
        shared: float64 (P,), how much.
        images: int64 (D,), of all detections.
        boxes: number of all boxes.

    Returns:
        int64 (D,), row of the box that each detection takes, -1 if none.
    """
    found = np.full(len(images), -1)
    differs = detection[1:] != detection[:-1]
    has_one = np.ones(len(detection), np.bool_)
    has_one[1:] &= differs
    has_one[:-1] &= differs
    # Most boxes are overlapped only by detections that overlap no other: the first of these takes it.
    simple = np.bincount(box, weights=~has_one, minlength=boxes)[box] == 0
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
    begins = np.append(True, detection[1:] != detection[:-1])[: len(detection)]
    chooser = np.cumsum(begins) - 1
    image = images[detection[begins]]
    turn = (np.arange(len(image)) - np.searchsorted(image, image))[chooser]
    # Within a turn and detection the best pair comes last.
    order = np.lexsort((box, shared, chooser, turn))
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
