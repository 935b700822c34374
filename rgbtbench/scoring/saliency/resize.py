"""Resizing a map to its mask as Pillow's `resize(..., BILINEAR)` does it, level for level.

Unlike other tools Pillow widens the triangle when it shrinks an image, and works in whole numbers with 22 binary digits
behind the point. It rounds after each of two passes, of which the one along rows comes first. (So it is in all versions
before 13, which published numbers were made with; later ones choose by size, and can differ by one level.)
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.scoring.saliency.levels import Map

_DIGITS: Final = 22
_HALF: Final = 1 << (_DIGITS - 1)


def resized(prediction: Map, size: tuple[int, int]) -> Map:
    """Return the map at another height and width, of the same type; itself when it has that size."""
    height, width = size
    result = _along_rows(prediction, width) if prediction.shape[1] != width else prediction
    return _along_rows(result.T, height).T if result.shape[0] != height else result


def _along_rows(prediction: Map, length: int) -> Map:
    first, weights = _weights(prediction.shape[1], length)
    total = np.full((prediction.shape[0], length), _HALF, np.int64)
    for step, weight in enumerate(weights):
        # Beyond a pixel's own window the weight is 0, wherever that points to.
        total += prediction[:, np.minimum(first + step, prediction.shape[1] - 1)] * weight
    top = np.iinfo(prediction.dtype).max
    clipped: Map = np.clip(total >> _DIGITS, 0, top).astype(prediction.dtype)
    return clipped


def _weights(before: int, after: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return for each new pixel the first old one that takes part, (after,), and the weights from there, (K, after)."""
    scale = before / after
    support = max(scale, 1.0)
    centres = (np.arange(after) + 0.5) * scale
    first = np.maximum((centres - support + 0.5).astype(np.int64), 0)
    end = np.minimum((centres + support + 0.5).astype(np.int64), before)
    steps = np.arange(math.ceil(support) * 2 + 1)[:, None]
    heights = np.maximum(1 - np.abs((steps + first - centres + 0.5) / support), 0.0)
    heights[steps + first >= end] = 0.0
    # Pillow adds them up one by one.
    total = np.cumsum(heights, axis=0)[-1]
    return first, (heights / total * (1 << _DIGITS) + 0.5).astype(np.int64)
