"""Weighted F-measure (Margolin et al., CVPR 2014): errors weigh less beside others and more far from the object."""

from __future__ import annotations

from typing import Final

import numpy as np

from rgbtbench.scoring.saliency.distance import squared_distances
from rgbtbench.scoring.saliency.foreground import Foreground
from rgbtbench.scoring.saliency.histograms import Salient
from rgbtbench.scoring.saliency.levels import Levels, Map
from rgbtbench.scoring.saliency.nearest import REACH, nearest_foreground

#: The Gaussian that tells how errors depend on each other: 7x7 pixels, sigma 5, as one row and one column.
_STEPS: Final = np.arange(-3, 4)
_BELL: Final = np.exp(-(_STEPS**2) / 50.0)
_KERNEL: Final = _BELL / _BELL.sum()
#: An error in the background counts half as much again as before, up to twice, for every five pixels of distance.
_HALVED_PER_PIXEL: Final = np.log(0.5) / 5
_EPSILON: Final = np.spacing(1.0)


def weighted_f_measure(
    prediction: Map, foreground: Foreground, salient: Salient, levels: Levels, *, beta_squared: float
) -> float:
    """Return the weighted F-measure of one map.

    Args:
        prediction: uint8 or uint16 (H, W).
        foreground: of its mask; not empty.
        salient: of the map and the mask.
        levels: what levels mean.
        beta_squared: weight of recall against precision; 1 in the paper.
    """
    missed = _missed(prediction, foreground, levels)
    raised = _raised(foreground, salient) / levels.span
    hits = foreground.count - missed
    recall = 1 - missed / foreground.count
    precision = hits / (hits + raised + _EPSILON)
    return float((1 + beta_squared) * recall * precision / (recall + beta_squared * precision + _EPSILON))


def _raised(foreground: Foreground, salient: Salient) -> float:
    """Return the weighted errors of the background, in levels."""
    if not len(salient.heights):
        return 0.0
    distances = np.sqrt(squared_distances(foreground, salient))
    return float((salient.heights * (2 - np.exp(_HALVED_PER_PIXEL * distances))).sum())


def _missed(prediction: Map, foreground: Foreground, levels: Levels) -> float:
    """Return the weighted errors of the foreground, in pixels: each at most the mean error around it.

    The errors of the background around the foreground are taken to be those of the nearest foreground pixel.
    """
    import cv2

    (top, bottom), (left, right) = foreground.rows, foreground.columns
    box = (slice(top, bottom), slice(left, right))
    mask = foreground.mask[box]
    # What the foreground should be; OpenCV's differences end at 0, as they do throughout the background.
    wanted = foreground.as_levels(prediction.dtype)[box]
    if levels.floor + levels.span < levels.top:
        wanted = np.where(mask, prediction.dtype.type(levels.floor + levels.span), prediction.dtype.type(0))
    errors = cv2.subtract(wanted, prediction[box])
    if not errors.any():
        return 0.0
    height, width = foreground.mask.shape
    # Three rows and columns of the image around the box take part, and beyond the image there are no errors.
    above, below, before, behind = (REACH + min(3, room) for room in (top, height - bottom, left, width - right))
    own, framed = (
        np.asarray(cv2.copyMakeBorder(part, above, below, before, behind, cv2.BORDER_CONSTANT, value=0))
        for part in (errors, mask)
    )
    places, nearest = nearest_foreground(np.asarray(framed, np.uint8))
    spread = own.copy()
    spread.ravel()[places] = own.ravel()[nearest]
    spread[:, :REACH], spread[:, -REACH:] = 0, 0
    around = cv2.sepFilter2D(spread, cv2.CV_64F, _KERNEL, _KERNEL, borderType=cv2.BORDER_CONSTANT)
    return float(np.minimum(around, own, out=around).sum()) / levels.span
