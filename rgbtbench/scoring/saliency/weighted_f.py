"""Weighted F-measure (Margolin et al., CVPR 2014): errors weigh less beside others and more far from the object."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.scoring.saliency.errors import Errors
from rgbtbench.scoring.saliency.foreground import Foreground
from rgbtbench.scoring.saliency.levels import Levels

#: The Gaussian that tells how errors depend on each other: 7x7 pixels, sigma 5, one half of its row, or column.
_HALF: Final = np.exp(-(np.arange(-3, 1) ** 2) / 50.0)
_BELL: Final = _HALF / (2 * _HALF.sum() - 1)
#: An error in the background counts half as much again as before, up to twice, for every five pixels of distance.
_HALVED_PER_PIXEL: Final = np.log(0.5) / 5
_EPSILON: Final = np.spacing(1.0)


def weighted_f_measure(
    foreground: Foreground, raised: Errors, missed: Errors, levels: Levels, *, beta_squared: float
) -> float:
    """Return the weighted F-measure of one map.

    Args:
        foreground: of its mask; not empty.
        raised: of the map.
        missed: of the map.
        levels: what levels mean.
        beta_squared: weight of recall against precision; 1 in the paper.
    """
    lost = _of_foreground(foreground, missed) / levels.span
    wrong = _of_background(foreground, raised) / levels.span
    hits = foreground.count - lost
    recall = 1 - lost / foreground.count
    precision = hits / (hits + wrong + _EPSILON)
    return float((1 + beta_squared) * recall * precision / (recall + beta_squared * precision + _EPSILON))


def _of_background(foreground: Foreground, raised: Errors) -> float:
    """Return the weighted errors of the background, in levels."""
    from rgbtbench.scoring.saliency.weighted_errors import sum_in_background

    mask = foreground.within(raised.rows, raised.columns)
    return sum_in_background(mask, raised.places, raised.sizes, _weights())


def _of_foreground(foreground: Foreground, missed: Errors) -> float:
    """Return the weighted errors of the foreground, in levels: each at most the mean error around it."""
    from rgbtbench.scoring.saliency.weighted_errors import sum_in_foreground

    if not len(missed.sizes):
        return 0.0
    return sum_in_foreground(foreground.within(missed.rows, missed.columns), missed.levels, _BELL)


@cache
def _weights() -> NDArray[np.float64]:
    """Return what an error in the background counts, by its squared distance to the foreground."""
    from rgbtbench.scoring.saliency.weighted_errors import FARTHEST_SQUARE

    return np.asarray(2 - np.exp(_HALVED_PER_PIXEL * np.sqrt(np.arange(FARTHEST_SQUARE + 1))), np.float64)
