"""What an object or a pixel looks like beside its surroundings, in each camera, and how the two cameras lie there."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rgbtbench.audit.gradients import edges, edges_beside
from rgbtbench.audit.misregistration import offset
from rgbtbench.audit.pixels import Grey

#: Side of the window in which a pixel's contrast is measured.
WINDOW: Final = 31
#: Side of the least window in which two cameras are compared, and how much larger than the object it is.
_LEAST_WINDOW, _AROUND = 160, 3.0
_LEVELS: Final = 1.0


def box_contrast(grey: Grey, xyxy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far boxes stand out from the ring around them.

    |mean inside - mean of the ring| / sqrt((variance inside + variance of the ring) / 2 + 1), with a ring of half the
    box's size on every side (Fisher's criterion; the one is the variance of rounding to grey levels and more).

    Args:
        grey: uint8 (H, W).
        xyxy: float64 (N, 4), corners in pixels of this image.

    Returns:
        float64 (N,), in standard deviations; NaN for boxes outside the image or without a ring.
    """
    sums, squares = (np.asarray(table, np.float64) for table in cv2.integral2(grey))
    half = (xyxy[:, 2:] - xyxy[:, :2]) / 2
    inner = _inside(xyxy, grey.shape)
    outer = _inside(np.concatenate([xyxy[:, :2] - half, xyxy[:, 2:] + half], axis=1), grey.shape)
    area, wide = _area(inner), _area(outer)
    ring = wide - area
    known = (area > 0) & (ring > 0)
    safe, safe_ring = np.where(known, area, 1), np.where(known, ring, 1)
    inside, inside_squares = _sum(sums, inner), _sum(squares, inner)
    mean, ring_mean = inside / safe, (_sum(sums, outer) - inside) / safe_ring
    variance = inside_squares / safe - mean**2
    ring_variance = (_sum(squares, outer) - inside_squares) / safe_ring - ring_mean**2
    spread = np.sqrt(np.maximum(variance + ring_variance, 0) / 2 + _LEVELS)
    return np.where(known, np.abs(mean - ring_mean) / spread, np.nan)


def pixel_contrast(grey: Grey) -> NDArray[np.float32]:
    """Return the standard deviation of grey levels in a window around each pixel, float32 (H, W)."""
    level = grey.astype(np.float32) - np.float32(grey.mean())
    window = (WINDOW, WINDOW)
    variance = cv2.blur(level * level, window) - cv2.blur(level, window) ** 2
    return np.asarray(np.sqrt(np.maximum(variance, 0)), np.float32)


def local_offsets(first: Grey, second: Grey, xyxy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far the second image lies beside the first around each box.

    Args:
        first: uint8 (H, W), whose pixels the boxes follow.
        second: uint8 of any size, of the same view.
        xyxy: float64 (N, 4).

    Returns:
        float64 (N,), pixels of the first; NaN where the two have too little in common to tell.
    """
    return np.array([_offset(first, second, box) for box in xyxy], np.float64)


def whole_offset(first: Grey, second: Grey) -> float:
    """Return how far the second image lies beside the first, in pixels of the first; NaN where it cannot be told."""
    one = edges(first)
    found = offset(one, edges_beside(one, second))
    return found.length if found.reliable else np.nan


def _offset(first: Grey, second: Grey, box: NDArray[np.float64]) -> float:
    height, width = first.shape
    middle = (box[:2] + box[2:]) / 2
    side = max(_LEAST_WINDOW, _AROUND * float((box[2:] - box[:2]).max()))
    left, top = (
        int(np.clip(at - side / 2, 0, max(0, most - side))) for at, most in zip(middle, (width, height), strict=True)
    )
    right, bottom = min(width, int(left + side)), min(height, int(top + side))
    down, across = second.shape[0] / height, second.shape[1] / width
    part = second[round(top * down) : round(bottom * down), round(left * across) : round(right * across)]
    return whole_offset(first[top:bottom, left:right], part) if part.size else np.nan


def _inside(xyxy: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.int64]:
    height, width = shape[:2]
    return np.rint(np.clip(xyxy, 0, (width, height, width, height))).astype(np.int64)


def _area(xyxy: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray((xyxy[:, 2] - xyxy[:, 0]) * (xyxy[:, 3] - xyxy[:, 1]))


def _sum(table: NDArray[np.float64], xyxy: NDArray[np.int64]) -> NDArray[np.float64]:
    left, top, right, bottom = xyxy.T
    return np.asarray(table[bottom, right] - table[top, right] - table[bottom, left] + table[top, left])
