"""Per-image statistics of average precision: matches, and the numbers that follow from them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.rules import CocoRules
from rgbtbench.scoring.average_precision.curves import (
    class_average_precision,
    class_average_recall,
    detection_metrics,
)
from rgbtbench.scoring.average_precision.matching import Matches
from rgbtbench.scoring.family import Arrays, Classes, Counts, Measure, Values
from rgbtbench.scoring.results import finite


@dataclass(frozen=True)
class MatchCounts(Counts[CocoRules]):
    """Statistics of average precision.

    Attributes:
        matches: what each detection turned out to be.
    """

    matches: Matches

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """See `Counts.to_arrays`."""
        return {f"match_{field.name}": getattr(self.matches, field.name) for field in fields(Matches)}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """See `Counts.from_arrays`."""
        return cls(
            Matches(
                positives=arrays["match_positives"].astype(np.int32),
                classes=arrays["match_classes"].astype(np.int32),
                images=arrays["match_images"].astype(np.int32),
                ranks=arrays["match_ranks"].astype(np.int16),
                hits=arrays["match_hits"].astype(np.uint16),
                dropped=arrays["match_dropped"].astype(np.uint16),
            )
        )

    def measure(self, rules: CocoRules, classes: Classes, images: NDArray[np.bool_]) -> Measure:
        """See `Counts.measure`; the keys are those of `curves.detection_metrics`."""
        chosen = self.matches.of_images(images)

        def measured(weights: NDArray[np.float64], resampled: bool) -> dict[str, NDArray[np.float64]]:
            return detection_metrics(chosen, weights, max_detections=rules.max_detections, resampled=resampled)

        return measured

    def per_class(self, rules: CocoRules, classes: Classes) -> dict[str, Values]:
        """Return AP, AP50, AP75 and AR of every class."""
        once = np.ones((1, self.matches.positives.shape[2]))
        precision = class_average_precision(self.matches, once)[0, :, 0]
        recall = class_average_recall(self.matches, once, detections=rules.max_detections[-1])[0, :, 0]
        return {
            name: {
                "ap": finite(curve.mean()),
                "ap50": finite(curve[0]),
                "ap75": finite(curve[5]),
                "ar": finite(found),
            }
            for name, curve, found in zip(classes.names, precision, recall, strict=True)
        }
