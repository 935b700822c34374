"""Boxes that answers state, and their average precision.

An answer gives no scores. What it states first is taken to be surest: all first boxes come before all second ones.
Boxes of one place are equally sure and count at once, so that the order of images changes nothing. That is what COCO's
evaluation gives with scores that fall with the place, when misses stand before hits among equals.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

#: The recall levels of COCO, as pycocotools writes them.
_LEVELS: Final = np.linspace(0.0, 1.0, 101)
#: As in pycocotools: an overlap that is short of the threshold by rounding alone is enough.
_ALMOST_ONE: Final = 1 - 1e-10
_EPS: Final = np.spacing(1.0)


def overlaps(boxes: NDArray[np.float64], truth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the IoU of each stated with each true box; a box without extent overlaps nothing.

    Args:
        boxes: (N, 4), `x1 y1 x2 y2`, half-open.
        truth: (M, 4), likewise.

    Returns:
        float64 (N, M), 0 to 1.
    """
    low = np.maximum(boxes[:, None, :2], truth[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], truth[None, :, 2:])
    shared = np.clip(high - low, 0.0, None).prod(axis=2)
    union = _areas(boxes)[:, None] + _areas(truth)[None] - shared
    return np.where(shared > 0, shared / np.where(union > 0, union, 1.0), 0.0)


def hits(boxes: NDArray[np.float64], truth: NDArray[np.float64], *, min_iou: float) -> NDArray[np.bool_]:
    """Return which of the stated boxes find a true box.

    As in COCO: in the order stated, each box takes the true box that it overlaps most among those that are free, from
    `min_iou` on; the last of equals.

    Args:
        boxes: (N, 4), `x1 y1 x2 y2`, surest first.
        truth: (M, 4), likewise.
        min_iou: from which overlap on.

    Returns:
        bool (N,).
    """
    found = np.zeros(len(boxes), np.bool_)
    overlap = overlaps(boxes, truth)
    for at, row in enumerate(overlap):
        if row.size and row.max() >= min(min_iou, _ALMOST_ONE):
            found[at] = True
            overlap[:, len(row) - 1 - int(row[::-1].argmax())] = -1.0
    return found


def average_precision(
    hit: NDArray[np.float64], stated: NDArray[np.float64], positives: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return average precision over 101 recall levels, NaN where there is nothing to find.

    Args:
        hit: (..., K), boxes of each place that hit.
        stated: (..., K), boxes of each place.
        positives: (...), true boxes.

    Returns:
        float64 (...), 0 to 1.
    """
    true = np.cumsum(hit, axis=-1)
    precision = true / (np.cumsum(stated, axis=-1) + _EPS)
    recall = true / np.where(positives > 0, positives, 1.0)[..., None]
    best = np.flip(np.maximum.accumulate(np.flip(precision, axis=-1), axis=-1), axis=-1)
    # Every level takes the best precision from the first place on that reaches it; 0 beyond the last.
    reached = recall[..., None, :] >= _LEVELS[:, None]
    first = np.where(reached.any(axis=-1), reached.argmax(axis=-1), -1)
    padded = np.concatenate([best, np.zeros((*best.shape[:-1], 1))], axis=-1)
    at_levels = np.take_along_axis(padded, np.where(first < 0, best.shape[-1], first), axis=-1)
    return np.where(positives > 0, at_levels.mean(axis=-1), np.nan)


def _areas(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.clip(boxes[:, 2:] - boxes[:, :2], 0.0, None).prod(axis=1), np.float64)
