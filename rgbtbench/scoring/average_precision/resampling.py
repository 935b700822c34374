"""Means over classes and blocks of resamples, as every kind of average precision needs them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

#: Numbers of an array that still fit the cache of one core.
_CACHED: Final = 1 << 17
_PERCENT: Final = 100.0
_Values = NDArray[np.float64]


def in_blocks(measure: Callable[[_Values], dict[str, _Values]], weights: _Values, *, points: int) -> dict[str, _Values]:
    """Return metrics of resamples, computed a few resamples at a time.

    Args:
        measure: weights (R, N) to metric key to (R,).
        weights: float64 (R, N).
        points: numbers that are held per resample.
    """
    rows = max(1, _CACHED // max(1, points))
    parts = [measure(weights[start : start + rows]) for start in range(0, len(weights), rows)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def with_lost_classes(values: Callable[[_Values], _Values], weights: _Values) -> _Values:
    """Return values per class of resamples; a class that a resample lost keeps its value of the whole set.

    So no resample gains by losing a hard class.

    Args:
        values: weights (R, N) to (R, …), NaN where nothing is to be found.
        weights: float64 (R, N).
    """
    found = values(weights)
    if np.isnan(found).any():
        found = np.where(np.isnan(found), values(np.ones((1, weights.shape[1]))), found)
    return found


def percent_mean(values: _Values) -> _Values:
    """Return the mean of what is not NaN in each row of fractions (R, …), in percent; NaN where nothing is."""
    flat = values.reshape(len(values), -1)
    known = ~np.isnan(flat)
    if (known == known[:1]).all():
        # In one stretch, because numpy adds in an order that depends on the layout.
        kept = np.ascontiguousarray(flat[:, known[0]])
        return _PERCENT * kept.mean(axis=1) if kept.size else np.full(len(flat), np.nan)
    means = [row[chosen].mean() if chosen.any() else np.nan for row, chosen in zip(flat, known, strict=True)]
    return _PERCENT * np.array(means)
