"""Fractal clouds by the diamond-square algorithm (Fournier, Fussell and Carpenter, CACM 1982), on a torus."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rgbtbench.conditions.levels import Unit

#: Displacement of the first step; later ones are smaller by the decay. Its unit is of no matter.
_ROUGHNESS = 100.0


def plasma(shape: tuple[int, int], decay: float, generator: np.random.Generator) -> Unit:
    """Return clouds of mean brightness near one half.

    Args:
        shape: height, width.
        decay: by which the roughness falls from one scale to the next, half as large: 1 is noise, 3 is smooth.
        generator: random numbers.

    Returns:
        float32 of `shape`, cut from a square with sides of a power of two, in which the values reach from 0 to 1.
    """
    side = 1 << (max(shape) - 1).bit_length()
    heights = np.zeros((side, side))
    step, roughness = side, _ROUGHNESS
    while step >= 2:
        half = step // 2
        corners = heights[::step, ::step]
        rows = corners + np.roll(corners, -1, 0)
        heights[half::step, half::step] = _displaced(rows + np.roll(rows, -1, 1), roughness, generator)
        centres = heights[half::step, half::step]
        above = centres + np.roll(centres, 1, 0) + corners + np.roll(corners, -1, 1)
        heights[::step, half::step] = _displaced(above, roughness, generator)
        beside = centres + np.roll(centres, 1, 1) + corners + np.roll(corners, -1, 0)
        heights[half::step, ::step] = _displaced(beside, roughness, generator)
        step, roughness = half, roughness / decay
    heights -= heights.min()
    heights /= max(float(heights.max()), 1e-12)
    return heights[: shape[0], : shape[1]].astype(np.float32)


def _displaced(total: NDArray[np.float64], roughness: float, generator: np.random.Generator) -> NDArray[np.float64]:
    """Return the mean of four neighbours, moved at random by up to the square of the roughness."""
    moved: NDArray[np.float64] = total / 4 + roughness * generator.uniform(-roughness, roughness, total.shape)
    return moved
