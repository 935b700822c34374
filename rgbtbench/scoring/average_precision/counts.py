"""Per-image statistics of average precision: matches, and the numbers that follow from them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.rules import CocoRules, FamilyRules
from rgbtbench.scoring.average_precision.coco_metrics import CocoMetrics
from rgbtbench.scoring.average_precision.integration import RECALL_LEVELS
from rgbtbench.scoring.average_precision.tables import Matches
from rgbtbench.scoring.family import Arrays, Classes, Counts, Measure, Values
from rgbtbench.scoring.results import Curve, finite

R = TypeVar("R", bound=FamilyRules)
#: Indices of IoU 0.50 and 0.75.
_LEVELS_OF_CURVES: Final = {"50": 0, "75": 5}


@dataclass(frozen=True)
class MatchCounts(Counts[R]):
    """Statistics of any kind of average precision.

    Attributes:
        matches: what each detection turned out to be.
    """

    matches: Matches

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """See `Counts.to_arrays`."""
        compact = self.matches.compact()
        return {f"match_{field.name}": getattr(compact, field.name) for field in fields(Matches)}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """See `Counts.from_arrays`."""
        return cls(
            Matches(
                positives=arrays["match_positives"].astype(np.int32),
                detections=arrays["match_detections"].astype(np.int32),
                classes=arrays["match_classes"].astype(np.int32),
                images=arrays["match_images"].astype(np.int32),
                ranks=arrays["match_ranks"].astype(np.int16),
                hits=arrays["match_hits"].astype(np.uint16),
                dropped=arrays["match_dropped"].astype(np.uint16),
            )
        )


class CocoCounts(MatchCounts[CocoRules]):
    """Statistics of COCO average precision."""

    def measure(self, rules: CocoRules, classes: Classes, images: NDArray[np.bool_]) -> Measure:
        """See `Counts.measure`; the keys are those of `CocoMetrics.measure`."""
        metrics = CocoMetrics(self.matches.of_images(images), max_detections=rules.max_detections)

        def measured(weights: NDArray[np.float64], resampled: bool) -> dict[str, NDArray[np.float64]]:
            return metrics.measure(weights, resampled=resampled)

        return measured

    def per_class(self, rules: CocoRules, classes: Classes) -> dict[str, Values]:
        """Return AP, AP50, AP75 and AR of every class."""
        metrics = CocoMetrics(self.matches, max_detections=rules.max_detections)
        once = np.ones((1, self.matches.positives.shape[2]))
        precision, recall = metrics.precision(once, 0)[0], metrics.recall(once, 0)[0]
        return {
            name: {
                "ap": finite(100 * np.ascontiguousarray(precision[:, :, at]).mean()),
                "ap50": finite(100 * np.ascontiguousarray(precision[0, :, at]).mean()),
                "ap75": finite(100 * np.ascontiguousarray(precision[5, :, at]).mean()),
                "ar": finite(100 * np.ascontiguousarray(recall[:, at]).mean()),
            }
            for at, name in enumerate(classes.names)
        }

    def curves(self, rules: CocoRules, classes: Classes) -> dict[str, Curve]:
        """Return the mean precision of the classes at 101 recalls, at IoU 0.50 and 0.75."""
        metrics = CocoMetrics(self.matches, max_detections=rules.max_detections)
        precision = metrics.precision(np.ones((1, self.matches.positives.shape[2])), 0)[0]
        known = precision[:, :, ~np.isnan(precision[0, 0])]
        if not known.size:
            return {}
        return {
            f"precision_recall_{name}": Curve(
                x_name="recall",
                y_name="precision",
                x=tuple(RECALL_LEVELS.tolist()),
                y=tuple(known[level].mean(axis=1).tolist()),
            )
            for name, level in _LEVELS_OF_CURVES.items()
        }
