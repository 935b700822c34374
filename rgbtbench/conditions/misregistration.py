"""Images that no longer fit what the labels follow: moved, magnified, or seen from beside.

Positions between pixels are read bilinearly, in exact arithmetic; beyond the border its pixels are repeated.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rgbtbench.formats.image_file import Pixels

Positions = NDArray[np.float64]


def moved(pixels: Pixels, *, right: float, down: float) -> Pixels:
    """Move the content to the right and down by so many pixels, whole or not.

    Args:
        pixels: uint8, uint16 or float32 (H, W, C).
        right: negative to the left.
        down: negative upwards.

    Returns:
        The same type and shape.
    """
    height, width = pixels.shape[:2]
    return _read_at(pixels, np.arange(height, dtype=np.float64) - down, np.arange(width, dtype=np.float64) - right)


def scaled(pixels: Pixels, *, factor: float) -> Pixels:
    """Magnify the content about the centre, or shrink it for a factor below 1; arguments as for `moved`."""
    rows, columns = (_magnified(side, factor) for side in pixels.shape[:2])
    return _read_at(pixels, rows, columns)


def with_parallax(pixels: Pixels, *, pixels_at_bottom: float) -> Pixels:
    """Move each row to the right, from not at all in the first to `pixels_at_bottom` in the last.

    So does flat ground move between two cameras side by side: disparity is inverse to depth, which makes it linear in
    the row, and none at the horizon, here the upper border. Arguments as for `moved`.
    """
    height, width = pixels.shape[:2]
    right = pixels_at_bottom * np.arange(height) / max(height - 1, 1)
    return _stored(_read_columns(pixels.astype(np.float64), np.arange(width) - right[:, None]), pixels)


def _magnified(side: int, factor: float) -> Positions:
    centre = (side - 1) / 2
    return (np.arange(side, dtype=np.float64) - centre) / factor + centre


def _read_at(pixels: Pixels, rows: Positions, columns: Positions) -> Pixels:
    upper, lower, share = _neighbours(rows, pixels.shape[0])
    values = pixels.astype(np.float64)
    between = values[upper] * (1 - share[:, None, None]) + values[lower] * share[:, None, None]
    return _stored(_read_columns(between, np.broadcast_to(columns, (len(rows), len(columns)))), pixels)


def _read_columns(values: NDArray[np.float64], columns: Positions) -> NDArray[np.float64]:
    """Return values (H, W, C) read at positions (H, W) of their rows."""
    left, right, share = _neighbours(columns, values.shape[1])
    rows = np.arange(len(values))[:, None]
    result: NDArray[np.float64] = values[rows, left] * (1 - share[..., None]) + values[rows, right] * share[..., None]
    return result


def _neighbours(positions: Positions, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64], Positions]:
    """Return the indices before and after each position, and how much of the latter it takes."""
    inside = positions.clip(0, count - 1)
    before = np.floor(inside).astype(np.int64)
    return before, np.minimum(before + 1, count - 1), inside - before


def _stored(values: NDArray[np.float64], like: Pixels) -> Pixels:
    exact = values if like.dtype == np.float32 else np.rint(values)
    return exact.astype(like.dtype)  # type: ignore[return-value]
