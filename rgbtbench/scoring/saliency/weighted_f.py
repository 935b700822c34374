"""Weighted F-measure (Margolin et al., CVPR 2014): errors weigh less beside others and more far from the object."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.scoring.saliency.distance import heights_and_distances
from rgbtbench.scoring.saliency.errors import Errors
from rgbtbench.scoring.saliency.foreground import Foreground
from rgbtbench.scoring.saliency.levels import Levels
from rgbtbench.scoring.saliency.nearest import REACH, nearest_foreground

#: The Gaussian that tells how errors depend on each other: 7x7 pixels, sigma 5, as one row and one column.
_STEPS: Final = np.arange(-3, 4)
_BELL: Final = np.exp(-(_STEPS**2) / 50.0)
_KERNEL: Final = _BELL / _BELL.sum()
#: An error in the background counts half as much again as before, up to twice, for every five pixels of distance.
_HALVED_PER_PIXEL: Final = np.log(0.5) / 5
#: Places are looked up one by one where there is at most one of so many.
_FEW: Final = 4
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
    return sum(
        float((_weights(squares) * heights).sum()) for heights, squares in heights_and_distances(foreground, raised)
    )


def _weights(squares: NDArray[np.uint8] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what an error counts, given its squared distance to the foreground."""
    if squares.dtype == np.uint8:
        return _weights_of_bytes().take(squares.astype(np.intp))
    return np.asarray(2 - np.exp(_HALVED_PER_PIXEL * np.sqrt(squares)), np.float64)


@cache
def _weights_of_bytes() -> NDArray[np.float64]:
    return _weights(np.arange(256.0))


def _of_foreground(foreground: Foreground, missed: Errors) -> float:
    """Return the weighted errors of the foreground, in levels: each at most the mean error around it.

    The errors of the background around the foreground are taken to be those of the nearest foreground pixel.
    """
    import cv2

    if not len(missed.places):
        return 0.0
    mask = foreground.mask[slice(*foreground.rows), slice(*foreground.columns)]
    above, below = foreground.rows[0] - missed.rows[0], missed.rows[1] - foreground.rows[1]
    before, behind = foreground.columns[0] - missed.columns[0], missed.columns[1] - foreground.columns[1]
    frame = (above + REACH, below + REACH, before + REACH, behind + REACH)
    framed = cv2.copyMakeBorder(mask, *frame, cv2.BORDER_CONSTANT, value=0)
    spread = np.asarray(cv2.copyMakeBorder(missed.levels, REACH, REACH, REACH, REACH, cv2.BORDER_CONSTANT, value=0))
    places, nearest = nearest_foreground(np.asarray(framed, np.uint8))
    flat = spread.ravel()
    flat[places] = flat.take(nearest)
    inner = spread[REACH:-REACH, REACH:-REACH]
    around = cv2.sepFilter2D(inner, cv2.CV_64F, _KERNEL, _KERNEL, borderType=cv2.BORDER_CONSTANT)
    if len(missed.places) * _FEW > around.size:
        return float(np.minimum(around, missed.levels, out=around).sum())
    return float(np.minimum(around.ravel().take(missed.places), missed.sizes).sum())
