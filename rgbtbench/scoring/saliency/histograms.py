"""How often each level occurs, and sums of levels in each block about the centroid."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rgbtbench.scoring.saliency.errors import Errors
from rgbtbench.scoring.saliency.foreground import Foreground
from rgbtbench.scoring.saliency.levels import Levels
from rgbtbench.scoring.saliency.structure import Block, Pixels

Range = tuple[int, int]


def levels_counted(foreground: Foreground, raised: Errors, missed: Errors | None, levels: Levels) -> NDArray[np.int64]:
    """Count levels in background and foreground.

    Args:
        foreground: of the mask.
        raised: of the map.
        missed: of the map; None where there is no foreground.
        levels: what levels mean.

    Returns:
        int64 (top + 1 - floor, 2): levels from the floor up, background and foreground.
    """
    counts = np.zeros((levels.top + 1 - levels.floor, 2), np.int64)
    occurring = counts[: levels.span + 1]
    occurring[:, 0] = np.bincount(raised.sizes, minlength=len(occurring))
    occurring[0, 0] = foreground.mask.size - foreground.count - len(raised.sizes)
    if missed is not None:
        occurring[::-1, 1] = np.bincount(missed.sizes, minlength=len(occurring))
        occurring[-1, 1] = foreground.count - len(missed.sizes)
    return counts


def blocks_of(
    foreground: Foreground, raised: Errors, missed: Errors | None, levels: Levels, split: tuple[int, int]
) -> list[Block]:
    """Add up levels above the floor in each block.

    Args:
        foreground: of the mask.
        raised: of the map.
        missed: of the map; None where there is no foreground.
        levels: what levels mean.
        split: rows of the upper blocks and columns of the left ones.

    Returns:
        The four blocks, row by row.
    """
    height, width = foreground.mask.shape
    upper, left = split
    found = []
    for rows in ((0, upper), (upper, height)):
        for columns in ((0, left), (left, width)):
            area, of_foreground = (rows[1] - rows[0]) * (columns[1] - columns[0]), Pixels(0, 0, 0)
            if missed is not None:
                box = _overlap(rows, foreground.rows), _overlap(columns, foreground.columns)
                lacking = Pixels(_count(foreground.mask[box]), *_sums(missed, rows, columns))
                of_foreground = lacking.inverted(levels.span)
            of_background = Pixels(area - of_foreground.number, *_sums(raised, rows, columns))
            found.append(Block(of_background, of_foreground))
    return found


def _sums(errors: Errors, rows: Range, columns: Range) -> tuple[int, int]:
    """Return the sums of errors within rows and columns of the image, and of their squares."""
    import cv2

    within_rows, within_columns = _overlap(rows, errors.rows), _overlap(columns, errors.columns)
    first_row, first_column = errors.rows[0], errors.columns[0]
    part = errors.levels[
        within_rows.start - first_row : within_rows.stop - first_row,
        within_columns.start - first_column : within_columns.stop - first_column,
    ]
    if not part.size:
        return 0, 0
    if errors.levels.dtype == np.uint8:
        # It may be the square of a root, which is less than a half away from the whole number.
        return int(cv2.sumElems(part)[0]), round(cv2.norm(part, cv2.NORM_L2SQR))
    wide = part.astype(np.int64)
    return int(wide.sum()), int((wide * wide).sum())


def _count(mask: NDArray[np.uint8]) -> int:
    import cv2

    return cv2.countNonZero(mask) if mask.size else 0


def _overlap(one: Range, other: Range) -> slice:
    start = max(one[0], other[0])
    return slice(start, max(start, min(one[1], other[1])))
