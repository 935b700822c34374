"""Exact squared distances of chosen background pixels to the foreground.

A full distance transform costs more than all the rest of the measures. Most maps are 0 far from the foreground, so few
pixels are asked for: those close by are found by shifting bytes, and the few others by comparing them with the
foreground pixels that can be nearest to them. Only where many are far away the full transform is made.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from rgbtbench.scoring.saliency.errors import Errors
from rgbtbench.scoring.saliency.foreground import Foreground
from rgbtbench.scoring.saliency.levels import Map

#: Squared distances: bytes if all are small.
Squares = NDArray[np.uint8] | NDArray[np.float64]

#: The farthest distance in one direction that bytes hold: no sum of theirs exceeds 255.
_FARTHEST: Final = 14
#: Squares from here on only say that a pixel is no nearer.
_BEYOND: Final = (_FARTHEST + 1) ** 2
#: Steps along rows after which it is asked whether all pixels have their distance.
_ASKED_AFTER: Final = (3, 5, 7, 9, 11)
#: So many pairs of pixels are compared in the time that the full transform takes for a pixel.
_PAIRS_PER_PIXEL: Final = 8
#: Foreground pixels that can be nearest to what lies behind one side of their box: about so many.
_CANDIDATES: Final = 100
#: Sums of squares up to here are exact in float32.
_EXACT_SQUARES: Final = 1 << 23
#: Pairs of pixels that are compared at once: few enough for the cache, and for BLAS to start no threads of its own.
_PAIRS_AT_ONCE: Final = 1 << 16


def heights_and_distances(foreground: Foreground, raised: Errors) -> Iterator[tuple[Map, Squares]]:
    """Yield the heights of what is raised, and the squared distances to the nearest foreground pixel, in any order.

    Args:
        foreground: not empty.
        raised: of a map.
    """
    (first_row, _), (first_column, _) = raised.rows, raised.columns
    mask = foreground.mask[slice(*raised.rows), slice(*raised.columns)]
    top, bottom, left, right = box = _box(foreground, raised)
    inner = slice(top - first_row, bottom - first_row), slice(left - first_column, right - first_column)
    if mask[inner].size == mask.size:
        # Something is raised in each row and column at the side of the part that is not the foreground's own.
        farthest = max(first - second for first, second in zip(_sides(foreground), _sides(raised), strict=True))
        yield from _inside(mask, raised.levels, raised.places, raised.sizes, at_least=farthest)
        return
    rows, columns = _divided(raised.places, mask.shape[1])
    rows, columns = rows + first_row, columns + first_column
    outside = np.flatnonzero((rows < top) | (rows >= bottom) | (columns < left) | (columns >= right))
    if len(outside) * _CANDIDATES > _PAIRS_PER_PIXEL * (mask.size - mask[inner].size):
        yield raised.sizes, _transformed(mask, raised.places)
        return
    yield raised.sizes[outside], _outside(foreground, box, rows[outside], columns[outside])
    within = cast("Map", np.ascontiguousarray(raised.levels[inner]))
    places = np.flatnonzero(within.ravel() != 0)
    yield from _inside(mask[inner], within, places, within.ravel().take(places), at_least=0)


def _divided(places: NDArray[np.intp], width: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows and columns of flat indices."""
    # Half as wide numbers divide in half the time.
    rows = (places.astype(np.int32) // np.int32(width)).astype(np.int64)
    return rows, places - rows * width


def _box(foreground: Foreground, raised: Errors) -> tuple[int, int, int, int]:
    (top, bottom), (left, right) = foreground.rows, foreground.columns
    return (
        max(raised.rows[0], top - _FARTHEST),
        min(raised.rows[1], bottom + _FARTHEST),
        max(raised.columns[0], left - _FARTHEST),
        min(raised.columns[1], right + _FARTHEST),
    )


def _sides(part: Foreground | Errors) -> tuple[int, int, int, int]:
    """Return where a part begins and ends, as numbers that grow inwards."""
    return part.rows[0], -part.rows[1], part.columns[0], -part.columns[1]


def _inside(
    mask: NDArray[np.uint8], levels: Map, places: NDArray[np.intp], heights: Map, *, at_least: int
) -> Iterator[tuple[Map, Squares]]:
    """Yield heights and squared distances in an image that holds the whole foreground and little more.

    Args:
        mask: of the image.
        levels: that are raised.
        places: of what is raised, flat indices.
        heights: of what is raised.
        at_least: a distance that one of them is known to have.
    """
    if not len(places):
        return
    squares = _close_squares(mask, levels != 0, at_least).ravel().take(places)
    if squares.max() < _BEYOND:
        yield heights, squares
        return
    far, close = np.flatnonzero(squares >= _BEYOND), np.flatnonzero(squares < _BEYOND)
    edge_rows, edge_columns = _edge(mask)
    if len(far) * len(edge_rows) > _PAIRS_PER_PIXEL * mask.size:
        yield heights, _transformed(mask, places)
        return
    yield heights[close], squares[close]
    yield heights[far], _compared(*_divided(places[far], mask.shape[1]), edge_rows, edge_columns)


def _close_squares(mask: NDArray[np.uint8], asked: NDArray[np.bool_], at_least: int) -> NDArray[np.uint8]:
    """Return squared distances wherever they are asked for, and `_BEYOND` if farther away than `_FARTHEST`.

    Steps of 1, 2, 4 and 8 along columns reach every distance there. The parabola of squares is a chain of steps of 1,
    3, 5, ... along rows (Huang and Mitchell, 1994); those that are left cannot help a pixel whose square is less.
    """
    height, width = mask.shape
    # Pixels behind each row keep its end away from the beginning of the next one.
    squares = np.full((height, width + _FARTHEST), _FARTHEST + 1, np.uint8)
    image = squares[:, :width]
    np.bitwise_and(np.bitwise_not(mask), _FARTHEST + 1, out=image)
    room = np.empty_like(squares)
    for distance in (1, 2, 4, 8):
        np.add(squares, distance, out=room)
        np.minimum(squares[distance:], room[:-distance], out=squares[distance:])
        np.minimum(squares[:-distance], room[distance:], out=squares[:-distance])
    np.multiply(squares, squares, out=squares)
    before, behind = squares.ravel()[:-1], squares.ravel()[1:]
    room_before, room_behind = room.ravel()[:-1], room.ravel()[1:]
    for distance in range(1, _FARTHEST + 1):
        np.add(squares, np.uint8(2 * distance - 1), out=room)
        np.minimum(behind, room_before, out=behind)
        np.minimum(before, room_behind, out=before)
        # A pixel that is one step farther away has its distance as well.
        if distance + 1 >= at_least and distance in _ASKED_AFTER and (image * asked).max() <= (distance + 1) ** 2:
            break
    return image


def _edge(mask: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows and columns of the foreground pixels beside the background: one of them is nearest to any pixel."""
    import cv2

    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    return _divided(np.flatnonzero(mask != cv2.erode(mask, cross)), mask.shape[1])


def _transformed(mask: NDArray[np.uint8], places: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return squared distances by OpenCV's exact transform.

    Its float32 roots give whole squares back up to some hundred thousand. Beyond, where it can err by 1, the weight of
    a pixel is a constant to all digits.
    """
    import cv2

    distances = cv2.distanceTransform(cv2.bitwise_not(mask), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    chosen = np.asarray(distances).ravel().take(places).astype(np.float64)
    return np.asarray(np.rint(chosen * chosen), np.float64)


def _outside(
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
    chunk = max(1, _PAIRS_AT_ONCE // len(sites))
    for start in range(0, len(rows), chunk):
        part = slice(start, start + chunk)
        nearest[part] = np.matmul(sites, pixels[:, part]).min(axis=0)
    return np.asarray(nearest + rows * rows + columns * columns, np.float64)
