"""Exact squared distances of chosen background pixels to the foreground.

A full distance transform costs more than all the rest of the measures. Most maps are 0 far from the foreground, so only
few pixels are asked for: those close by are found by shifting bytes, those inside the foreground's box by OpenCV's
transform of that box, and those beyond it by comparing them with the few foreground pixels that can be nearest to any.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.scoring.saliency.foreground import Foreground
from rgbtbench.scoring.saliency.histograms import Salient

#: Rows and columns from the foreground within which bytes can hold every squared distance.
_CLOSE: Final = 10
_FAR_IN_BYTES: Final = 255
#: Comparing one pixel with the candidates costs as much as the transform of this many pixels.
_COST_OF_COMPARING: Final = 8
#: Sums of squares up to here are exact in float32.
_EXACT_SQUARES: Final = 1 << 23
_CHUNK: Final = 1024


def squared_distances(foreground: Foreground, pixels: Salient) -> NDArray[np.float64]:
    """Return float64 (n,), the squared distance of each pixel to the nearest foreground pixel, in pixels.

    Args:
        foreground: not empty.
        pixels: background pixels.
    """
    top, bottom, left, right = _box(foreground)
    rows, columns = pixels.rows, pixels.columns
    inside = (rows >= top) & (rows < bottom) & (columns >= left) & (columns < right)
    beyond = np.flatnonzero(~inside)
    box = foreground.mask[top:bottom, left:right]
    if not len(beyond) and _all_close(box, rows - top, columns - left):
        return _close_distances(box, rows - top, columns - left)
    if len(beyond) * _COST_OF_COMPARING > foreground.mask.size - box.size:
        return _transformed(foreground.mask, rows, columns)
    distances = np.empty(len(rows))
    within = np.flatnonzero(inside)
    distances[within] = _transformed(box, rows[within] - top, columns[within] - left)
    distances[beyond] = _distances_beyond(foreground, (top, bottom, left, right), rows[beyond], columns[beyond])
    return distances


def _box(foreground: Foreground) -> tuple[int, int, int, int]:
    height, width = foreground.mask.shape
    (top, bottom), (left, right) = foreground.rows, foreground.columns
    return max(0, top - _CLOSE), min(height, bottom + _CLOSE), max(0, left - _CLOSE), min(width, right + _CLOSE)


def _all_close(mask: NDArray[np.uint8], rows: NDArray[np.int64], columns: NDArray[np.int64]) -> bool:
    import cv2

    size = 2 * _CLOSE + 1
    near = cv2.dilate(mask, np.ones((size, size), np.uint8))
    return bool(near.ravel()[rows * mask.shape[1] + columns].all())


def _close_distances(
    mask: NDArray[np.uint8], rows: NDArray[np.int64], columns: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return squared distances of pixels within `_CLOSE` rows and columns of the foreground.

    The parabola of squares is a chain of steps of 1, 3, 5, ... along each axis (Huang and Mitchell, 1994).
    """
    import cv2

    add: Any = cv2.add  # ends at 255, which NumPy's addition does not
    framed = np.pad(np.bitwise_not(mask), _CLOSE, constant_values=_FAR_IN_BYTES)
    width = framed.shape[1]
    squares = framed.ravel()
    room = np.empty_like(squares)
    for step in (width, 1):
        end = squares.size - step
        middle, neighbours = squares[step:end], room[step:end]
        # The farthest pixel asked for is reached diagonally.
        for distance in range(1, int(_CLOSE * 2**0.5) + 2):
            np.minimum(squares[: end - step], squares[2 * step :], out=neighbours)
            add(neighbours, 2 * distance - 1, dst=neighbours)
            np.minimum(middle, neighbours, out=middle)
    return np.asarray(squares[(rows + _CLOSE) * width + columns + _CLOSE], np.float64)


def _transformed(mask: NDArray[np.uint8], rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return squared distances by OpenCV's exact transform.

    Its float32 roots give whole squares back up to some hundred thousand. Beyond, where it can err by 1, the weight of
    a pixel is a constant to all digits.
    """
    import cv2

    distances = cv2.distanceTransform(cv2.bitwise_not(mask), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    chosen = distances.ravel()[rows * mask.shape[1] + columns].astype(np.float64)
    return np.asarray(np.rint(chosen * chosen), np.float64)


def _distances_beyond(
    foreground: Foreground,
    box: tuple[int, int, int, int],
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return squared distances of pixels outside of a box around the foreground.

    On the way to its nearest foreground pixel such a pixel crosses the side of the box that it lies behind, and all
    along the way that foreground pixel stays the nearest. So it is among the nearest ones of that side's line.
    """
    top, bottom, left, right = box
    occupied = foreground.mask[slice(*foreground.rows), slice(*foreground.columns)] > 0
    in_rows, in_columns = np.flatnonzero(occupied.any(axis=1)), np.flatnonzero(occupied.any(axis=0))
    first_row, first_column = foreground.rows[0], foreground.columns[0]
    leftmost = occupied.argmax(axis=1)[in_rows] + first_column
    rightmost = foreground.columns[1] - 1 - occupied[:, ::-1].argmax(axis=1)[in_rows]
    upmost = occupied.argmax(axis=0)[in_columns] + first_row
    downmost = foreground.rows[1] - 1 - occupied[::-1].argmax(axis=0)[in_columns]
    in_rows, in_columns = in_rows + first_row, in_columns + first_column
    behind_left, behind_right = columns < left, columns >= right
    level = ~(behind_left | behind_right)
    distances = np.empty(len(rows))
    for behind, along, depth, sites in (
        (behind_left, in_rows, leftmost - left + 1, (in_rows, leftmost)),
        (behind_right, in_rows, right - rightmost, (in_rows, rightmost)),
        (level & (rows < top), in_columns, upmost - top + 1, (upmost, in_columns)),
        (level & (rows >= bottom), in_columns, bottom - downmost, (downmost, in_columns)),
    ):
        places = np.flatnonzero(behind)
        if len(places):
            nearest = _nearest_of_line(along, depth)
            distances[places] = _compared(rows[places], columns[places], sites[0][nearest], sites[1][nearest])
    return distances


def _nearest_of_line(along: NDArray[np.int64], depth: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return which of some pixels are the nearest ones of any point of a line, and perhaps a few that are not.

    Squared distances to a line's points are parabolas of one width; those that form their lower envelope are corners
    of a convex hull (Felzenszwalb and Huttenlocher, 2012, section 2).

    Args:
        along: where each pixel is along the line.
        depth: how far it is from the line.
    """
    import cv2

    points = np.stack([along, along * along + depth * depth], axis=1).astype(np.int32)
    return np.asarray(cv2.convexHull(points, returnPoints=False)[:, 0], np.int64)


def _compared(
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    site_rows: NDArray[np.int64],
    site_columns: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return the squared distance of each pixel to the nearest of the sites."""
    origin = int(site_rows[0]), int(site_columns[0])
    rows, columns, site_rows, site_columns = (
        values - origin[at % 2] for at, values in enumerate((rows, columns, site_rows, site_columns))
    )
    largest = max(int(np.abs(values).max()) for values in (rows, columns, site_rows, site_columns))
    number: type[np.float32 | np.float64] = np.float32 if 4 * largest * largest < _EXACT_SQUARES else np.float64
    sites = np.stack([site_rows, site_columns, site_rows**2 + site_columns**2], axis=1).astype(number)
    pixels = np.stack([-2 * rows, -2 * columns, np.ones_like(rows)]).astype(number)
    nearest = np.empty(len(rows))
    for start in range(0, len(rows), _CHUNK):
        part = slice(start, start + _CHUNK)
        nearest[part] = np.matmul(sites, pixels[:, part]).min(axis=0)
    return np.asarray(nearest + rows * rows + columns * columns, np.float64)
