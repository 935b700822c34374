"""Random changes of pixel values, as `Photometric` describes them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.augmentations import Photometric
from rgbtbench.formats.image_file import Levels


def change_values(pixels: Levels, rules: Photometric, generator: np.random.Generator) -> Levels:
    """Change the values of one image.

    Everything but noise maps equal values to equal values, so it is one table over all levels of the type: exact and
    fast for 8 and 16 bits alike.

    Args:
        pixels: uint8 or uint16 of any shape.
        rules: how far each property may change.
        generator: always gives five numbers, and then the noise.

    Returns:
        The same type and shape.
    """
    gamma, gain, contrast, offset, noise = generator.random(5)
    top = int(np.iinfo(pixels.dtype).max)
    levels = np.linspace(0, 1, top + 1) ** _factor(gamma, rules.gamma) * _factor(gain, rules.gain)
    if rules.contrast:
        mean = np.bincount(pixels.ravel(), minlength=top + 1) @ levels / pixels.size
        levels = mean + (levels - mean) * _factor(contrast, rules.contrast)
    levels += (2 * offset - 1) * rules.offset
    if not rules.noise:
        return _stored(levels, pixels).take(pixels)  # several times faster than indexing
    deviation = np.float32(noise * rules.noise)
    noisy = levels.astype(np.float32).take(pixels) + deviation * generator.standard_normal(pixels.shape, np.float32)
    return _stored(noisy, pixels)


def _factor(number: float, spread: float) -> float:
    return math.exp((2 * number - 1) * spread)


def _stored(values: NDArray[np.floating], like: Levels) -> Levels:
    top = np.iinfo(like.dtype).max
    rounded: NDArray[np.floating] = np.rint(np.clip(values, 0, 1) * top)
    return rounded.astype(np.uint16) if like.dtype == np.uint16 else rounded.astype(np.uint8)
