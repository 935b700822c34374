"""Per-image statistics of segmentation: confusion matrices, and hits inside strata."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.rules import SegmentationRules
from rgbtbench.scoring.family import Arrays, Classes, Counts, Measure, Values
from rgbtbench.scoring.results import finite
from rgbtbench.scoring.segmentation.confusion import (
    apply_background,
    class_metrics,
    segmentation_metrics,
    stratum_metrics,
)


@dataclass(frozen=True)
class Confusions(Counts[SegmentationRules]):
    """Statistics of segmentation.

    Attributes:
        confusion: int64 (N, C, C + 1), as `confusion.confusion_matrix` counts each image.
        divided: stratum to int64 (N, C, 2): correct and labelled pixels of each class inside it.
    """

    confusion: NDArray[np.int64]
    divided: Mapping[str, NDArray[np.int64]]

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """See `Counts.to_arrays`."""
        pixels = np.array(list(self.divided.values()), np.int64)
        return {
            "confusion": self.confusion,
            "stratum_names": np.array(list(self.divided), np.str_),
            "stratum_pixels": pixels.reshape(len(self.divided), *self.confusion.shape[:2], 2),
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """See `Counts.from_arrays`."""
        divided = zip(arrays["stratum_names"].tolist(), arrays["stratum_pixels"].astype(np.int64), strict=True)
        return cls(arrays["confusion"].astype(np.int64), dict(divided))

    def measure(self, rules: SegmentationRules, classes: Classes, images: NDArray[np.bool_]) -> Measure:
        """See `Counts.measure`; the keys are those of `confusion.segmentation_metrics`."""
        # Counts stay below 2**53, so sums of floats are exact and use the fast matrix product.
        confusion = self.confusion[images].astype(np.float64)
        flat, total = confusion.reshape(len(confusion), -1), confusion.sum(axis=0)

        def measured(weights: NDArray[np.float64], resampled: bool) -> dict[str, NDArray[np.float64]]:
            summed = (weights @ flat).reshape(-1, *total.shape)
            return segmentation_metrics(summed, ids=classes.ids, rules=rules, reference=total if resampled else None)

        return measured

    def per_class(self, rules: SegmentationRules, classes: Classes) -> dict[str, Values]:
        """Return IoU, accuracy and F1 of every class."""
        total = apply_background(self.confusion.sum(axis=0), ids=classes.ids, rules=rules)
        found = class_metrics(total, rules)
        return {
            name: {metric: finite(values[at]) for metric, values in found.items()}
            for at, name in enumerate(classes.names)
        }

    def strata(self, rules: SegmentationRules, classes: Classes) -> dict[str, tuple[NDArray[np.bool_], Measure]]:
        """Return mean class recall and pixel accuracy inside each stratum."""
        parts = {}
        for name, pixels in self.divided.items():
            images = np.asarray(pixels[..., 1].any(axis=1), np.bool_)
            parts[name] = images, _stratum_measure(pixels[images], rules, classes)
        return parts


def _stratum_measure(pixels: NDArray[np.int64], rules: SegmentationRules, classes: Classes) -> Measure:
    hits, labelled = pixels[..., 0].astype(np.float64), pixels[..., 1].astype(np.float64)
    total = hits.sum(axis=0), labelled.sum(axis=0)

    def measured(weights: NDArray[np.float64], resampled: bool) -> dict[str, NDArray[np.float64]]:
        reference = total if resampled else None
        return stratum_metrics(weights @ hits, weights @ labelled, ids=classes.ids, rules=rules, reference=reference)

    return measured
