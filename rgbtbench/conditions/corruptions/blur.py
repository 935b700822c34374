"""Blur of the whole image, as in ImageNet-C (Hendrycks and Dietterich, ICLR 2019).

Arguments and results are those of `rgbtbench.conditions.corruptions.noise`; lengths are in pixels.
"""

from __future__ import annotations

import math

import numpy as np

from rgbtbench.conditions.corruptions.filters import filtered, gaussian, magnified
from rgbtbench.conditions.levels import Unit, as_unit

#: Motion of a camera runs in a direction within so many degrees of the horizontal.
_STEEPEST = 45.0


def gaussian_blur(image: Unit, generator: np.random.Generator, *, sigma: float) -> Unit:
    """Convolve with a Gaussian."""
    return gaussian(image, sigma)


def defocus_blur(image: Unit, generator: np.random.Generator, *, radius: float, softness: float) -> Unit:
    """Convolve with a disk whose edge is softened by a Gaussian of `softness`."""
    reach = max(8, math.ceil(radius))
    offsets = np.arange(-reach, reach + 1)
    disk = (offsets**2 + offsets[:, None] ** 2 <= radius**2).astype(np.float32)
    return filtered(image, _softened(disk / disk.sum(), softness, size=3 if radius <= 8 else 5))


def glass_blur(image: Unit, generator: np.random.Generator, *, sigma: float, reach: int, rounds: int) -> Unit:
    """Blur, let each pixel in turn take the value of one at most `reach` away, `rounds` times, and blur again.

    Pixels take their turns from the lower right to the upper left; the other's offset lies in [-reach, reach). The
    code of ImageNet-C means to exchange two values, and copies one over the other, because NumPy hands out views.
    """
    blurred = gaussian(image, sigma)
    height, width = image.shape[:2]
    # Rows and columns from which any offset leads to a pixel inside.
    rows, columns = np.arange(height - reach, reach, -1), np.arange(width - reach, reach, -1)
    turns = (rows[:, None] * width + columns).ravel()
    order = list(range(height * width))
    for _ in range(rounds):
        right, down = generator.integers(-reach, reach, (2, len(turns)))
        others = (turns + down * width + right).tolist()
        for one, other in zip(turns.tolist(), others, strict=True):
            order[one] = order[other]
    return gaussian(blurred.reshape(height * width, -1)[order].reshape(image.shape), sigma)


def motion_blur(image: Unit, generator: np.random.Generator, *, radius: int, sigma: float) -> Unit:
    """Let everything trail in one direction, within 45 degrees of the horizontal."""
    return filtered(image, trail(radius, sigma, angle=generator.uniform(-_STEEPEST, _STEEPEST)))


def zoom_blur(image: Unit, generator: np.random.Generator, *, step: float, count: int) -> Unit:
    """Average the image with `count` magnifications of itself about its centre: 1, 1 + step, and so on."""
    total = image.copy()
    for number in range(count):
        total += magnified(image, 1 + step * number)
    return total / np.float32(count + 1)


def trail(radius: int, sigma: float, *, angle: float) -> Unit:
    """Return the kernel of a motion: half a Gaussian of 2 radius + 1 steps of a pixel along a line.

    Args:
        radius: half of its length.
        sigma: of the Gaussian.
        angle: of the line, in degrees from the horizontal.

    Returns:
        float32, square, sum 1, for correlation.
    """
    steps = np.arange(2 * radius + 1)
    weights = np.exp(-(steps**2) / (2 * sigma**2))
    side = 2 * radius
    kernel = np.zeros((2 * side + 1, 2 * side + 1), np.float32)
    turn = math.radians(angle)
    rows = np.ceil(steps * math.sin(turn) - 0.5).astype(int)
    columns = np.ceil(steps * math.cos(turn) - 0.5).astype(int)
    np.add.at(kernel, (side + rows, side + columns), weights / weights.sum())
    return kernel


def _softened(disk: Unit, sigma: float, *, size: int) -> Unit:
    import cv2

    return as_unit(cv2.GaussianBlur(disk, (size, size), sigma))
