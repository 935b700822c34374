"""Where a map and its mask differ, in levels, and nothing of the image around that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from rgbtbench.scoring.saliency.foreground import Foreground, extent
from rgbtbench.scoring.saliency.levels import Levels, Map

#: Rows and columns around the foreground whose pixels take part in what is missed.
MARGIN: Final = 3


@dataclass(frozen=True, slots=True)
class Raised:
    """What a map shows in the background: a part of the image that holds all of it, and all foreground.

    Attributes:
        rows: first row of the part, and the first after it.
        columns: the same of columns.
        levels: uint8 or uint16 (H, W), levels above the floor; 0 in the foreground.
        places: (n,), flat indices of what is not 0.
        heights: uint8 or uint16 (n,), the levels there.
    """

    rows: tuple[int, int]
    columns: tuple[int, int]
    levels: Map
    places: NDArray[np.intp]
    heights: Map


@dataclass(frozen=True, slots=True)
class Missed:
    """What a map lacks in the foreground: the box of the foreground with some background around it.

    Attributes:
        rows: first row of the part, and the first after it: up to `MARGIN` more than the foreground's on either side,
            as far as the image goes.
        columns: the same of columns.
        levels: uint8 or uint16 (H, W), levels below the highest; 0 in the background.
        places: (n,), flat indices of what is not 0.
        depths: uint8 or uint16 (n,), the levels there.
    """

    rows: tuple[int, int]
    columns: tuple[int, int]
    levels: Map
    places: NDArray[np.intp]
    depths: Map


def raised_of(prediction: Map, foreground: Foreground, levels: Levels) -> Raised:
    """Return what a map, uint8 or uint16 (H, W), shows in the background."""
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
    places = np.flatnonzero(raised.ravel() != 0)
    return Raised(rows, columns, raised, places, raised.ravel().take(places))


def missed_of(prediction: Map, foreground: Foreground, levels: Levels) -> Missed:
    """Return what a map, uint8 or uint16 (H, W), lacks in a foreground that is not empty."""
    import cv2

    (top, bottom), (left, right) = foreground.rows, foreground.columns
    height, width = prediction.shape
    above, below, before, behind = (min(MARGIN, room) for room in (top, height - bottom, left, width - right))
    part = slice(top, bottom), slice(left, right)
    wanted = _everywhere(foreground.mask[part], levels.floor + levels.span, prediction.dtype)
    # As above, throughout the background.
    lacking = cv2.subtract(wanted, prediction[part])
    missed = cast("Map", cv2.copyMakeBorder(lacking, above, below, before, behind, cv2.BORDER_CONSTANT, value=0))
    places = np.flatnonzero(missed.ravel() != 0)
    return Missed(
        rows=(top - above, bottom + below),
        columns=(left - before, right + behind),
        levels=missed,
        places=places,
        depths=missed.ravel().take(places),
    )


def _joined(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    """Return the range of both and what is between, of at least one row or column."""
    filled = [range_ for range_ in (one, other) if range_[0] < range_[1]] or [(0, 1)]
    return min(start for start, _ in filled), max(stop for _, stop in filled)


def _everywhere(mask: NDArray[np.uint8], level: int, kind: np.dtype[np.uint8] | np.dtype[np.uint16]) -> Map:
    """Return a level in the foreground, 0 in the background, in a map's type."""
    full: Map = mask if kind == np.uint8 else mask * np.uint16(257)
    return full if level == np.iinfo(kind).max else full & kind.type(level)
