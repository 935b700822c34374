"""The foreground of a mask, and where its centroid divides the image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.rules.saliency import Centroid, Truth

#: Highest grey value that is still background.
_BACKGROUND_UP_TO: Final = {"above_128": 128, "at_least_128": 127, "nonzero": 0, "grey": 127}


@dataclass(frozen=True, slots=True)
class Foreground:
    """The foreground of one mask.

    Attributes:
        mask: uint8 (H, W), 255 in the foreground, else 0.
        count: pixels of the foreground.
        rows: first row of the foreground and the first after it; (0, 0) where it is empty.
        columns: the same of columns.
        row_sum: row numbers of all foreground pixels, added up.
        column_sum: the same of column numbers.
    """

    mask: NDArray[np.uint8]
    count: int
    rows: tuple[int, int]
    columns: tuple[int, int]
    row_sum: int
    column_sum: int

    def within(self, rows: tuple[int, int], columns: tuple[int, int]) -> NDArray[np.uint8]:
        """Return the mask from a first row to before a last one, the same of columns, in C order."""
        return np.ascontiguousarray(self.mask[slice(*rows), slice(*columns)])


def foreground_of(truth: NDArray[np.uint8], rule: Truth) -> Foreground:
    """Return the foreground of a mask, uint8 (H, W) of grey values from 0 to 255."""
    import cv2

    _, mask = cv2.threshold(truth, _BACKGROUND_UP_TO[rule], 255, cv2.THRESH_BINARY)
    by_row = cv2.reduce(mask, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[:, 0].astype(np.int64)
    by_column = cv2.reduce(mask, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[0].astype(np.int64)
    return Foreground(
        mask=np.asarray(mask, np.uint8),
        count=int(by_row.sum()) // 255,
        rows=extent(by_row > 0),
        columns=extent(by_column > 0),
        row_sum=int(by_row @ np.arange(len(by_row))) // 255,
        column_sum=int(by_column @ np.arange(len(by_column))) // 255,
    )


def extent(occupied: NDArray[np.bool_]) -> tuple[int, int]:
    """Return the first True, and the first place after the last one; (0, 0) where there is none.

    Args:
        occupied: (n,).
    """
    first = int(occupied.argmax())
    return (first, len(occupied) - int(occupied[::-1].argmax())) if occupied[first] else (0, 0)


def blocks_at_centroid(foreground: Foreground, rule: Centroid) -> tuple[int, int]:
    """Return how many rows lie in the upper blocks and how many columns in the left ones.

    The centroid's own row and column belong to the upper and left blocks, as in MATLAB, whose ranges include their
    end; only `zero_based` leaves them out.

    Args:
        foreground: not empty.
        rule: how the centroid becomes whole pixels.
    """
    included = 0 if rule == "zero_based" else 1
    sums = (foreground.row_sum, foreground.column_sum)
    rows, columns = (_rounded(total, foreground.count, rule) + included for total in sums)
    return rows, columns


def _rounded(total: int, count: int, rule: Centroid) -> int:
    nearest, rest = divmod(2 * total + count, 2 * count)
    is_half = rest == 0
    return nearest - 1 if is_half and rule != "half_up" and nearest % 2 else nearest
