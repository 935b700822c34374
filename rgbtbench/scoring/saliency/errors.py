"""Where a map and its mask differ, in levels, and nothing of the image around that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self, cast

import numpy as np
from numpy.typing import NDArray

from rgbtbench.scoring.saliency.foreground import Foreground, extent
from rgbtbench.scoring.saliency.levels import Levels, Map

#: Rows and columns around the foreground whose pixels take part in what is missed.
MARGIN: Final = 3


@dataclass(frozen=True, slots=True)
class Errors:
    """Where a map is wrong: what it shows in the background, or what it lacks in the foreground.

    Attributes:
        rows: first row of the part of the image that holds all of them, and the first after it.
        columns: the same of columns.
        levels: uint8 or uint16 (H, W), by how much the map is wrong; 0 where it is not.
        places: (n,), flat indices of what is not 0, ascending.
        sizes: uint8 or uint16 (n,), the levels there.
    """

    rows: tuple[int, int]
    columns: tuple[int, int]
    levels: Map
    places: NDArray[np.intp]
    sizes: Map

    @classmethod
    def of(cls, rows: tuple[int, int], columns: tuple[int, int], levels: Map) -> Self:
        """Return the errors in a part of the image."""
        places = np.flatnonzero(levels.ravel() != 0)
        return cls(rows, columns, levels, places, levels.ravel().take(places))


def raised_of(prediction: Map, foreground: Foreground, levels: Levels) -> Errors:
    """Return what a map, uint8 or uint16 (H, W), shows in the background, as levels above the floor.

    The part holds all foreground too.
    """
    import cv2

    rows = extent(cv2.reduce(prediction, 1, cv2.REDUCE_MAX)[:, 0] > levels.floor)
    columns = extent(prediction[slice(*rows)].max(axis=0, initial=levels.floor) > levels.floor)
    rows, columns = _joined(rows, foreground.rows), _joined(columns, foreground.columns)
    part = slice(*rows), slice(*columns)
    above = prediction[part]
    if levels.floor:
        above = np.subtract(above, levels.floor, dtype=prediction.dtype)
    # OpenCV's differences end at 0, as they do throughout the foreground.
    raised = cast("Map", cv2.subtract(above, _everywhere(foreground.mask[part], levels.top, prediction.dtype)))
    return Errors.of(rows, columns, raised)


def missed_of(prediction: Map, foreground: Foreground, levels: Levels) -> Errors:
    """Return what a map, uint8 or uint16 (H, W), lacks in a foreground that is not empty, as levels below the highest.

    The part is the box of the foreground with up to `MARGIN` rows and columns on every side, as far as the image goes.
    """
    import cv2

    (top, bottom), (left, right) = foreground.rows, foreground.columns
    height, width = prediction.shape
    above, below, before, behind = (min(MARGIN, room) for room in (top, height - bottom, left, width - right))
    part = slice(top, bottom), slice(left, right)
    wanted = _everywhere(foreground.mask[part], levels.floor + levels.span, prediction.dtype)
    # As above, throughout the background.
    lacking = cv2.subtract(wanted, prediction[part])
    missed = cast("Map", cv2.copyMakeBorder(lacking, above, below, before, behind, cv2.BORDER_CONSTANT, value=0))
    return Errors.of((top - above, bottom + below), (left - before, right + behind), missed)


def _joined(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    """Return the range of both and what is between, of at least one row or column."""
    filled = [range_ for range_ in (one, other) if range_[0] < range_[1]] or [(0, 1)]
    return min(start for start, _ in filled), max(stop for _, stop in filled)


def _everywhere(mask: NDArray[np.uint8], level: int, kind: np.dtype[np.uint8] | np.dtype[np.uint16]) -> Map:
    """Return a level in the foreground, 0 in the background, in a map's type."""
    full: Map = mask if kind == np.uint8 else mask * np.uint16(257)
    return full if level == np.iinfo(kind).max else full & kind.type(level)
