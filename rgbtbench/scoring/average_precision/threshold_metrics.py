"""Average precision per IoU threshold under any rule of integration, as VOC and YOLO code bases report it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from rgbtbench.scoring.average_precision.curves import AreaCurves, HitCurves
from rgbtbench.scoring.average_precision.resampling import in_blocks, percent_mean, with_lost_classes
from rgbtbench.scoring.average_precision.tables import Matches

_Values = NDArray[np.float64]
#: Curves, ground truth to be found and hits among all detections, each (R, C), to average precision (R, C).
Integration = Callable[[HitCurves, _Values, _Values], _Values]


class ThresholdMetrics:
    """Average precision as a function of how often each image counts.

    Args:
        matches: the statistics of N images, of one area range.
        names: metric key to the indices of the thresholds that it is the mean over.
        levels: IoU thresholds T.
        integrate: rule of integration.
    """

    def __init__(self, matches: Matches, names: dict[str, slice], *, levels: int, integrate: Integration) -> None:
        self._matches, self._names, self._integrate = matches, names, integrate
        self._curves = AreaCurves(matches, 0, levels=levels, smallest=0.0)

    def average_precision(self, weights: _Values) -> _Values:
        """Return the average precision of every class.

        Args:
            weights: float64 (R, N), how often each image counts; whole numbers.

        Returns:
            float64 (R, T, C), fractions; NaN where nothing is to be found.
        """
        positives = weights @ self._matches.positives[:, 0].T.astype(np.float64)
        detections = np.maximum(weights @ self._matches.detections.T.astype(np.float64), 1.0)
        safe = np.maximum(positives, 1.0)
        found = [self._integrate(curve, safe, curve.found / detections) for curve in self._curves.under(weights)]
        return np.where((positives > 0)[:, None], np.stack(found, axis=1), np.nan)

    def measure(self, weights: _Values, *, resampled: bool) -> dict[str, _Values]:
        """Return every metric in percent, each float64 (R,); NaN where nothing is to be found.

        Args:
            weights: float64 (R, N).
            resampled: the weights are resamples of all images; see `resampling.with_lost_classes`.
        """

        def block(weights: _Values) -> dict[str, _Values]:
            values = self.average_precision
            found = with_lost_classes(values, weights) if resampled else values(weights)
            return {name: percent_mean(found[:, levels]) for name, levels in self._names.items()}

        return in_blocks(block, weights, points=self._curves.points)


def without_last_precision(integrate: Callable[[HitCurves, _Values], _Values]) -> Integration:
    """Return a rule that does not look beyond the last hit in the form of all rules."""
    return partial(_ignoring_last, integrate)


def _ignoring_last(
    integrate: Callable[[HitCurves, _Values], _Values], curves: HitCurves, positives: _Values, _: _Values
) -> _Values:
    return integrate(curves, positives)
