"""Where the features of a grid lie in the frame that it covers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rgbtbench.conditions.homography import Matrix, Points, projected


def spacing_of(grid: tuple[int, int], frame: tuple[int, int]) -> Points:
    """Return the width and height of a cell in pixels, float64 (2,).

    Args:
        grid: rows and columns.
        frame: height and width in pixels.
    """
    return np.array([frame[1] / grid[1], frame[0] / grid[0]])


def centres_of(grid: tuple[int, int], frame: tuple[int, int]) -> Points:
    """Return the centres (x, y) of all cells, row by row, float64 (cells, 2); arguments as for `spacing_of`."""
    rows, columns = np.indices(grid).reshape(2, -1)
    return (np.column_stack((columns, rows)) + 0.5) * spacing_of(grid, frame) - 0.5


def shows_content(points: Points, homography: Matrix, frame: tuple[int, int]) -> NDArray[np.bool_]:
    """Tell which points (N, 2) of an image that was moved by a homography show content, and no fill: bool (N,)."""
    origin = projected(points, np.linalg.inv(homography).astype(np.float64))
    return np.asarray(((origin >= -0.5) & (origin <= np.array(frame[::-1]) - 0.5)).all(axis=1))
