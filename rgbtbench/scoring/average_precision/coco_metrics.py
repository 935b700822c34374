"""The twelve numbers of COCO, for the whole set and for thousands of resamples alike.

The numbers are those of `COCOeval.accumulate` and `summarize`, to the last bit where every image counts once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.scoring.average_precision.curves import AreaCurves
from rgbtbench.scoring.average_precision.integration import RECALL_LEVELS, mean_over_levels, precision_at
from rgbtbench.scoring.average_precision.matching import AREAS, IOU_THRESHOLDS
from rgbtbench.scoring.average_precision.resampling import in_blocks, percent_mean, with_lost_classes
from rgbtbench.scoring.average_precision.tables import Matches

_LEVELS: Final = len(IOU_THRESHOLDS)
_Values = NDArray[np.float64]


class CocoMetrics:
    """The twelve numbers as a function of how often each image counts.

    Args:
        matches: the statistics of N images.
        max_detections: detections per class and image for the three recalls; precision uses the last.
    """

    def __init__(self, matches: Matches, *, max_detections: tuple[int, int, int] = (1, 10, 100)) -> None:
        self._matches = matches
        self._fewer, self._most = max_detections[:2], max_detections[2]
        self._curves = [
            AreaCurves(matches, area, levels=_LEVELS, smallest=float(np.spacing(1))) for area in range(len(AREAS))
        ]
        wanted = [(0, count) for count in self._fewer] + [(area, self._most) for area in range(len(AREAS))]
        self._hits = {(area, count): _hits_per_image(matches, area, detections=count) for area, count in wanted}

    def precision(self, weights: _Values, area: int) -> _Values:
        """Return the precision at 101 recalls of every class.

        Args:
            weights: float64 (R, N), how often each image counts; whole numbers.
            area: index of the area range.

        Returns:
            float64 (R, T, 101, C), fractions, over IoU thresholds, recalls and classes; NaN where nothing is to be
            found.
        """
        positives = self._positives(weights, area)
        found = precision_at(self._curves[area].under(weights), np.maximum(positives, 1.0), RECALL_LEVELS)
        return np.where((positives > 0)[:, None, :, None], np.stack(found, axis=1), np.nan).transpose(0, 1, 3, 2)

    def average_precision(self, weights: _Values, area: int) -> _Values:
        """Return the mean of `precision` over recalls but for rounding, float64 (R, T, C); arguments are the same."""
        positives = self._positives(weights, area)
        found = mean_over_levels(self._curves[area].under(weights), np.maximum(positives, 1.0))
        return np.where((positives > 0)[:, None], np.stack(found, axis=1), np.nan)

    def recall(self, weights: _Values, area: int, *, detections: int | None = None) -> _Values:
        """Return the recall of every class.

        Args:
            weights: as for `precision`.
            area: index of the area range.
            detections: the best-scored ones per class and image that may count, one of `max_detections`; only the last
                where `area` is not the first; None for the last.

        Returns:
            float64 (R, T, C), fractions, over IoU thresholds and classes; NaN where nothing is to be found.
        """
        found = (self._hits[area, detections or self._most] @ weights.T).T.reshape(len(weights), _LEVELS, -1)
        positives = self._positives(weights, area)[:, None]
        return np.where(positives > 0, found / np.where(positives > 0, positives, 1.0), np.nan)

    def measure(self, weights: _Values, *, resampled: bool = False) -> dict[str, _Values]:
        """Return the twelve numbers, in percent.

        Args:
            weights: float64 (R, N).
            resampled: the weights are resamples of all images. A class that a resample leaves without ground truth
                keeps its value of the whole set there, so that no resample gains by losing a hard class.

        Returns:
            `ap`, `ap50`, `ap75`, `ap_small`, `ap_medium`, `ap_large`, `ar1`, `ar10`, `ar`, `ar_small`, `ar_medium` and
            `ar_large`, each float64 (R,); NaN where nothing is to be found.
        """
        most = max(curves.points for curves in self._curves)
        return in_blocks(partial(self._block, resampled=resampled), weights, points=most)

    def _positives(self, weights: _Values, area: int) -> _Values:
        return np.asarray(weights @ self._matches.positives[:, area].T.astype(np.float64))

    def _block(self, weights: _Values, *, resampled: bool) -> dict[str, _Values]:
        metrics: dict[str, _Values] = {}
        for at, area in enumerate(AREAS):
            suffix = "" if area == "all" else f"_{area}"

            def classes(values: Callable[[_Values], _Values]) -> _Values:
                return with_lost_classes(values, weights) if resampled else values(weights)

            # All precisions are averaged at once, as pycocotools does it; resamples need no last bit.
            precision = classes(partial(self.average_precision if resampled else self.precision, area=at))
            metrics[f"ap{suffix}"] = percent_mean(precision)
            if area == "all":
                metrics["ap50"], metrics["ap75"] = percent_mean(precision[:, :1]), percent_mean(precision[:, 5:6])
                for count in self._fewer:
                    metrics[f"ar{count}"] = percent_mean(classes(partial(self.recall, area=at, detections=count)))
            metrics[f"ar{suffix}"] = percent_mean(classes(partial(self.recall, area=at)))
        return metrics


def _hits_per_image(matches: Matches, area: int, *, detections: int) -> Any:
    """Return a sparse array (T * C, N): how many of the best detections are hits."""
    from scipy.sparse import csr_array

    classes, _, images = matches.positives.shape
    rows = np.flatnonzero((matches.ranks < detections) & (matches.hits[:, area] != 0))
    level, hit = np.nonzero(matches.hits[rows, area] >> np.arange(_LEVELS)[:, None] & 1)
    slots = level * classes + matches.classes[rows][hit]
    return csr_array((np.ones(len(hit)), (slots, matches.images[rows][hit])), shape=(_LEVELS * classes, images))
