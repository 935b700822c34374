"""One pass over a map: how often each level occurs in foreground and background, in each block about the centroid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgbtbench.scoring.saliency.foreground import Foreground
from rgbtbench.scoring.saliency.levels import Levels, Map

#: OpenCV counts in float32, which holds whole numbers up to here.
_MOST_COUNTED = 1 << 24


@dataclass(frozen=True, slots=True)
class Salient:
    """The background pixels of a map that are not at its floor: what a detector raised by mistake.

    Attributes:
        rows, columns: int64 (n,), where they are, row by row.
        heights: int64 (n,), levels above the floor.
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    heights: NDArray[np.int64]


def salient_background(prediction: Map, foreground: Foreground, levels: Levels) -> Salient:
    """Return the background pixels above the floor; in most maps they are few."""
    import cv2

    above = np.subtract(prediction, levels.floor, dtype=prediction.dtype) if levels.floor else prediction
    # OpenCV's differences end at 0, as they do throughout the foreground.
    raised = cv2.subtract(above, foreground.as_levels(prediction.dtype))
    places = np.flatnonzero(raised.ravel() != 0)
    # Half as wide numbers divide in half the time.
    rows = (places.astype(np.int32) // np.int32(prediction.shape[1])).astype(np.int64)
    return Salient(rows, places - rows * prediction.shape[1], raised.ravel()[places].astype(np.int64))


def block_histograms(
    prediction: Map, foreground: Foreground, salient: Salient, levels: Levels, blocks: tuple[int, int]
) -> NDArray[np.int64]:
    """Count levels in each block, background and foreground apart.

    Args:
        prediction: uint8 or uint16 (H, W).
        foreground: of the mask.
        salient: of the map and the mask.
        levels: what levels mean.
        blocks: rows of the upper blocks and columns of the left ones.

    Returns:
        int64 (4, 2, top + 1 - floor): blocks row by row, background and foreground, levels from the floor up.
    """
    height, width = prediction.shape
    upper, left = blocks
    size = levels.top + 1
    counts = np.zeros((4, 2, size), np.int64)
    row_ranges = ((0, upper), (0, upper), (upper, height), (upper, height))
    column_ranges = ((0, left), (left, width), (0, left), (left, width))
    for at, (rows, columns) in enumerate(zip(row_ranges, column_ranges, strict=True)):
        inside = _overlap(rows, foreground.rows), _overlap(columns, foreground.columns)
        if inside[0].start < inside[0].stop and inside[1].start < inside[1].stop:
            counts[at, 1] = _histogram(prediction[inside], foreground.mask[inside], size)
    counts = counts[:, :, levels.floor :]
    first_below = int(np.searchsorted(salient.rows, upper))
    codes = salient.heights + size * (salient.columns >= left)
    for half, part in enumerate((codes[:first_below], codes[first_below:])):
        found = np.bincount(part, minlength=2 * size).reshape(2, size)
        counts[2 * half : 2 * half + 2, 0] = found[:, : size - levels.floor]
    areas = [(b - a) * (d - c) for (a, b), (c, d) in zip(row_ranges, column_ranges, strict=True)]
    # What was not found above the floor lies at it.
    counts[:, 0, 0] = np.array(areas) - counts.sum(axis=(1, 2))
    return counts


def _overlap(range_: tuple[int, int], other: tuple[int, int]) -> slice:
    return slice(max(range_[0], other[0]), min(range_[1], other[1]))


def _histogram(values: Map, mask: NDArray[np.uint8], size: int) -> NDArray[np.int64]:
    import cv2

    if values.size >= _MOST_COUNTED:
        return np.bincount(values[mask > 0], minlength=size)
    counted = cv2.calcHist([values], [0], mask, [size], [0, size])
    return np.asarray(counted[:, 0], np.int64)
