"""Pixels as levels from 0 to 1, in which corruptions are stated, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rgbtbench.errors import ConditionError
from rgbtbench.formats.image_file import Levels, Pixels

#: float32 (H, W, C), levels from 0, the darkest, to 1, the brightest.
Unit = NDArray[np.float32]


def as_unit(values: ArrayLike) -> Unit:
    """Return levels in single precision."""
    return np.asarray(values, np.float32)


@dataclass(frozen=True, slots=True)
class Range:
    """What counts as darkest and brightest in one image.

    All levels of the type for 8 bits. For 16 bits from the image's own lowest to its highest, because thermal cameras
    use a small part of the type: a change stated for the whole of it would bury the scene.

    Attributes:
        low, high: values as stored.
        dtype: of the stored values.
    """

    low: float
    high: float
    dtype: np.dtype[np.uint8] | np.dtype[np.uint16]

    def levels(self, pixels: Pixels) -> Unit:
        """Return pixels as levels."""
        return (pixels.astype(np.float32) - np.float32(self.low)) / np.float32(self.high - self.low)

    def pixels(self, levels: Unit) -> Levels:
        """Return levels as pixels: clipped to 0 to 1, rounded to whole numbers of the type."""
        values = np.clip(levels, 0, 1) * np.float32(self.high - self.low) + np.float32(self.low)
        rounded: Levels = np.rint(values).astype(self.dtype)
        return rounded


def range_of(pixels: Pixels, *, what: str) -> Range:
    """Return what counts as darkest and brightest in `pixels`.

    Args:
        pixels: uint8 or uint16.
        what: is done to them, for the error.

    Raises:
        ConditionError: the pixels are measured values (float32), which have no brightest level.
    """
    if pixels.dtype == np.uint8:
        return Range(0.0, 255.0, np.dtype(np.uint8))
    if pixels.dtype == np.uint16:
        low = float(pixels.min())
        return Range(low, max(float(pixels.max()), low + 1), np.dtype(np.uint16))
    raise ConditionError(
        f"{what}: its pixels are measured values (float32), which have no brightest level",
        expected="a modality of 8 or 16 bits",
        remedy="choose a shift, or a missing modality filled with zero_norm or mean",
    )
