"""What weighted F adds up, pixel by pixel.

A row at a time stays in the processor's first cache, in numbers as narrow as they may be. A loop with a function of its
own is compiled to steps of many pixels at once, which it is not beside others; the same goes for indices without a
sign, which need not be asked whether they count from the end.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy import float64, int64, intp, uint8, uint16, uint64
from numpy.typing import NDArray

from rgbtbench.compiled import compiled
from rgbtbench.scoring.saliency.levels import Map

#: Distances end here: from about here on an error's weight is the same to all digits.
FARTHEST: Final = 255
FARTHEST_SQUARE: Final = FARTHEST**2
#: Pixels up to so many columns away are compared one by one; of others, the nearest comes from a lower envelope.
_NEAR: Final = 16

#: Rows and columns that errors spread over around a pixel.
_SPREAD: Final = 3
_WINDOW: Final = 2 * _SPREAD + 1
#: Rows and columns that the nearest pixel of one within that spread may be away: its square is at most 18.
_REACH: Final = 4
#: What orders the foreground pixels around one: the square of their distance, then columns from the left, then whether
#: they lie below.
_SQUARE_FROM_BIT: Final = 5
_COLUMN_FROM_BIT: Final = 1
_OWN: Final = 1 << _SQUARE_FROM_BIT
_TOO_FAR: Final = (2 * _SPREAD**2 + 1) << _SQUARE_FROM_BIT
_NONE: Final = (_REACH + 1) ** 2 << _SQUARE_FROM_BIT


@compiled
def sum_in_background(mask: NDArray[uint8], places: NDArray[intp], sizes: Map, weights: NDArray[float64]) -> float:
    """Return the sum of errors, each times the weight of its distance to the foreground.

    Args:
        mask: uint8 (H, W), 255 in the foreground, else 0; C order.
        places: (n,), flat indices of errors in the background, ascending.
        sizes: uint8 or uint16 (n,), the errors there.
        weights: float64 (FARTHEST_SQUARE + 1,), by squared distance; the last one also of all beyond.
    """
    width = mask.shape[1]
    _, away = _rows_away(mask)
    # In columns beside the image there is no foreground.
    squares = np.full(width + 2 * _NEAR, FARTHEST_SQUARE, np.uint16)
    nearest, sites = np.empty(width, np.uint16), np.empty(width, np.int64)
    is_far = False
    total, stop = 0.0, 0
    while stop < places.size:
        start, row = stop, places[stop] // width
        first = row * width
        while stop < places.size and places[stop] < first + width:
            stop += 1
        columns = places[start:stop] - first
        _square(away, row, squares, nearest)
        # In a row below one with places far away there mostly are some too.
        if is_far or not _compare_near(squares, columns, nearest):
            count = _find_envelope(squares, sites)
            _read_envelope(squares, sites, count, columns, nearest)
            is_far = not _are_within(_NEAR, columns, nearest)
        of_row = 0.0
        for at in range(columns.size):
            of_row += weights[nearest[uint64(columns[at])]] * sizes[start + at]
        total += of_row
    return total


@compiled
def sum_in_foreground(mask: NDArray[uint8], missed: Map, bell: NDArray[float64]) -> float:
    """Return the sum of errors, each at most the mean error around it.

    In the background there counts the error of the nearest foreground pixel; of several, the leftmost column's, and in
    it the upper one, as `scipy.ndimage.distance_transform_edt` chooses. Beyond the image there is no error.

    Args:
        mask: uint8 (H, W), 255 in the foreground, else 0; C order.
        missed: uint8 or uint16 (H, W), errors in the foreground, 0 in the background; C order.
        bell: float64 (4,), how much pixels count that are 3, 2, 1 and 0 rows away; the same of columns.
    """
    height, width = mask.shape
    above, away = _rows_away(mask)
    orders = np.full(width + 2 * _REACH, _NONE, np.uint16)
    nearest = np.empty(width, np.uint16)
    spread = np.zeros(width + 2 * _SPREAD)
    smooth = np.zeros((_WINDOW, width))
    sums = np.zeros(width)
    for row in range(height + _SPREAD):
        if row < height:
            _find_nearest(above, away, row, orders, nearest)
            _spread(missed, away, row, nearest, spread)
            _smooth_along_row(spread, bell, smooth, row % _WINDOW)
        else:
            smooth[row % _WINDOW] = 0
        if row >= _SPREAD:
            _add_lesser(missed, row - _SPREAD, smooth, bell, sums)
    return float(sums.sum())


@compiled
def _rows_away(mask: NDArray[uint8]) -> tuple[NDArray[uint8], NDArray[uint8]]:
    """Return how many rows each pixel is away from the foreground above it, and from the nearer one of both."""
    height, width = mask.shape
    above = np.empty((height, width), np.uint8)
    for column in range(width):
        above[0, column] = ~mask[0, column]
    for row in range(1, height):
        for column in range(width):
            farther = uint8(min(above[row - 1, column], uint8(FARTHEST - 1)) + uint8(1))
            above[row, column] = min(farther, uint8(~mask[row, column]))
    away = above.copy()
    for row in range(height - 2, -1, -1):
        for column in range(width):
            farther = uint8(min(away[row + 1, column], uint8(FARTHEST - 1)) + uint8(1))
            away[row, column] = min(above[row, column], farther)
    return above, away


@compiled
def _square(away: NDArray[uint8], row: int, squares: NDArray[uint16], nearest: NDArray[uint16]) -> None:
    for column in range(nearest.size):
        square = uint16(uint16(away[row, column]) * uint16(away[row, column]))
        squares[uint64(_NEAR + column)] = square
        nearest[column] = square


@compiled
def _compare_near(squares: NDArray[uint16], columns: NDArray[intp], nearest: NDArray[uint16]) -> bool:
    """Lessen squared distances by foreground in columns near by; return whether none of some columns' may be less."""
    for away in range(1, _NEAR + 1):
        if away % 2 and _are_within(away, columns, nearest):
            return True
        _compare(squares, away, nearest)
    return False


@compiled
def _are_within(distance: int, columns: NDArray[intp], nearest: NDArray[uint16]) -> bool:
    for at in range(columns.size):  # noqa: SIM110  # the compiler knows no generators
        if nearest[uint64(columns[at])] > distance * distance:
            return False
    return True


@compiled
def _compare(squares: NDArray[uint16], away: int, nearest: NDArray[uint16]) -> None:
    farther, room = uint16(away * away), uint16(65535 - away * away)
    for column in range(nearest.size):
        least = min(squares[uint64(_NEAR - away + column)], squares[uint64(_NEAR + away + column)])
        nearest[column] = min(nearest[column], uint16(min(least, room) + farther))


@compiled
def _find_envelope(squares: NDArray[uint16], sites: NDArray[int64]) -> int:
    """Find the columns whose foreground is nearest somewhere in a row; return how many they are.

    Squared distances are parabolas of one width, and these columns form their lower envelope (Felzenszwalb and
    Huttenlocher, 2012, section 2). A parabola is never below both of its neighbours if it stands higher than midway
    between them by more than one.
    """
    count = 0
    for site in range(sites.size):
        square = int64(squares[uint64(_NEAR + site)])
        beside = int64(squares[uint64(_NEAR + site - 1)]) + int64(squares[uint64(_NEAR + site + 1)])
        if square == FARTHEST_SQUARE or 2 * square > beside + 2:
            continue
        own = square + site * site
        while count > 1:
            last, before = sites[count - 1], sites[count - 2]
            of_last = int64(squares[uint64(_NEAR + last)]) + last * last
            of_before = int64(squares[uint64(_NEAR + before)]) + before * before
            if (own - of_last) * (last - before) > (of_last - of_before) * (site - last):
                break
            count -= 1
        sites[count] = site
        count += 1
    return count


@compiled
def _read_envelope(
    squares: NDArray[uint16], sites: NDArray[int64], count: int, columns: NDArray[intp], nearest: NDArray[uint16]
) -> None:
    """Write the squared distances of some columns of a row that its envelope says."""
    if not count:
        return
    at = 0
    for column in columns:
        square = int64(squares[uint64(_NEAR + sites[at])]) + (column - sites[at]) ** 2
        while at + 1 < count:
            following = int64(squares[uint64(_NEAR + sites[at + 1])]) + (column - sites[at + 1]) ** 2
            if following > square:
                break
            square = following
            at += 1
        nearest[uint64(column)] = min(square, FARTHEST_SQUARE)


@compiled
def _find_nearest(
    above: NDArray[uint8], away: NDArray[uint8], row: int, orders: NDArray[uint16], nearest: NDArray[uint16]
) -> None:
    """Write the order of the first of the foreground pixels around each pixel of a row."""
    for column in range(nearest.size):
        rows = uint16(min(away[row, column], uint8(_REACH + 1)))
        is_below = uint16(above[row, column] > away[row, column])
        orders[uint64(_REACH + column)] = uint16(uint16(rows * rows) << uint16(_SQUARE_FROM_BIT)) | is_below
        nearest[column] = _NONE
    for columns in range(-_REACH, _REACH + 1):
        _take_lesser(orders, columns, nearest)


@compiled
def _take_lesser(orders: NDArray[uint16], columns: int, nearest: NDArray[uint16]) -> None:
    farther = uint16((columns * columns << _SQUARE_FROM_BIT) + (columns + _REACH << _COLUMN_FROM_BIT))
    for column in range(nearest.size):
        nearest[column] = min(nearest[column], uint16(orders[uint64(_REACH + columns + column)] + farther))


@compiled
def _spread(missed: Map, away: NDArray[uint8], row: int, nearest: NDArray[uint16], spread: NDArray[float64]) -> None:
    """Write the errors of a row, in the background those of the nearest foreground pixel."""
    for column in range(nearest.size):
        spread[uint64(_SPREAD + column)] = missed[row, column]
    for column in range(nearest.size):
        order = nearest[column]
        if _OWN <= order < _TOO_FAR:
            other = column + (order % _OWN >> _COLUMN_FROM_BIT) - _REACH
            rows = int64(away[row, other])
            spread[_SPREAD + column] = missed[row + rows if order & 1 else row - rows, other]


@compiled
def _smooth_along_row(spread: NDArray[float64], bell: NDArray[float64], smooth: NDArray[float64], at: int) -> None:
    for column in range(smooth.shape[1]):
        smooth[at, column] = (
            bell[0] * (spread[uint64(column)] + spread[uint64(column + 6)])
            + bell[1] * (spread[uint64(column + 1)] + spread[uint64(column + 5)])
            + bell[2] * (spread[uint64(column + 2)] + spread[uint64(column + 4)])
            + bell[3] * spread[uint64(column + 3)]
        )


@compiled
def _add_lesser(
    missed: Map, row: int, smooth: NDArray[float64], bell: NDArray[float64], sums: NDArray[float64]
) -> None:
    """Smooth along columns, and add what is less: that, or the error itself."""
    first, second, third = (row + 4) % _WINDOW, (row + 5) % _WINDOW, (row + 6) % _WINDOW
    own, fifth, sixth, last = row % _WINDOW, (row + 1) % _WINDOW, (row + 2) % _WINDOW, (row + 3) % _WINDOW
    for column in range(sums.size):
        around = (
            bell[0] * (smooth[first, column] + smooth[last, column])
            + bell[1] * (smooth[second, column] + smooth[sixth, column])
            + bell[2] * (smooth[third, column] + smooth[fifth, column])
            + bell[3] * smooth[own, column]
        )
        sums[column] += min(around, float64(missed[row, column]))
