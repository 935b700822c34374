"""What the stored levels of a saliency map mean: whole numbers above a floor, of a span."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.rules.saliency import Normalisation

#: A saliency map as files hold it.
Map = NDArray[np.uint8] | NDArray[np.uint16]
#: Highest level of 8 bits.
WHITE: Final = 255


@dataclass(frozen=True, slots=True)
class Levels:
    """A stored level `k` means the saliency `(k - floor) / span`.

    Attributes:
        floor: level that means 0.
        span: levels from 0 to 1.
        top: highest level that the map's type holds, 255 or 65535.
    """

    floor: int
    span: int
    top: int


def levels_of(prediction: Map, normalisation: Normalisation) -> Levels:
    """Return what the levels of one map mean.

    Args:
        prediction: uint8 or uint16 (H, W).
        normalisation: `min_max` stretches the map over 0 to 1 unless it is constant.
    """
    top = int(np.iinfo(prediction.dtype).max)
    return normalised(int(prediction.min()), int(prediction.max()), top, normalisation)


def normalised(lowest: int, highest: int, top: int, normalisation: Normalisation) -> Levels:
    """Return what levels mean in a map whose own levels run from `lowest` to `highest`; see `levels_of`."""
    if normalisation == "none" or highest == lowest:
        return Levels(0, top, top)
    return Levels(lowest, highest - lowest, top)


@lru_cache(maxsize=256)
def threshold_bins(levels: Levels, thresholds: int) -> NDArray[np.intp]:
    """Return how many thresholds beyond the first each level reaches.

    With 256 thresholds a map is cut to 8 bits first, in the very floating-point steps of PySODMetrics, so that levels
    on an edge fall to the same side. With 255 the thresholds 0, 1/254, ..., 1 are compared exactly.

    Args:
        levels: what levels mean.
        thresholds: 256 or 255.

    Returns:
        (top + 1,), from 0 to `thresholds - 1`; what lies outside of the map's own levels means nothing.
    """
    stored = np.arange(levels.top + 1)
    if thresholds == 255:
        return np.clip((stored - levels.floor) * (thresholds - 1) // levels.span, 0, thresholds - 1)
    values = stored / levels.top
    low, high = values[levels.floor], values[levels.floor + levels.span]
    stretched = (values - low) / (high - low)
    return np.asarray(np.clip((stretched * WHITE).astype(np.intp), 0, WHITE), np.intp)


@lru_cache(maxsize=256)
def first_heights(levels: Levels, thresholds: int) -> NDArray[np.intp]:
    """Return the lowest level, counted from the floor, that reaches each threshold; see `threshold_bins`.

    Args:
        levels: what levels mean.
        thresholds: 256 or 255.

    Returns:
        (thresholds,), from 0 to `top + 1 - floor`, which is more than any.
    """
    return np.searchsorted(threshold_bins(levels, thresholds)[levels.floor :], np.arange(thresholds))
