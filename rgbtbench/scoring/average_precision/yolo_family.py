"""Average precision of YOLO code bases as a family of metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.rules import YoloRules
from rgbtbench.predictions.boxes import BoxTable
from rgbtbench.progress import Progress
from rgbtbench.scoring.average_precision.argmax_matching import match_argmax
from rgbtbench.scoring.average_precision.counts import MatchCounts
from rgbtbench.scoring.average_precision.inputs import Inputs, read_inputs
from rgbtbench.scoring.average_precision.integration import (
    trapezoids_to_last_recall,
    trapezoids_with_slope,
    trapezoids_with_step,
)
from rgbtbench.scoring.average_precision.matching import IOU_THRESHOLDS, match_detections
from rgbtbench.scoring.average_precision.tables import Matches
from rgbtbench.scoring.average_precision.threshold_metrics import (
    Integration,
    ThresholdMetrics,
    without_last_precision,
)
from rgbtbench.scoring.family import Classes, Family, Measure, Values
from rgbtbench.scoring.results import finite
from rgbtbench.scoring.truth import Truth

_INTEGRATION: Final[dict[str, Integration]] = {
    "yolov5": trapezoids_with_step,
    "yolov5_v6": trapezoids_with_slope,
    "ultralytics": without_last_precision(trapezoids_to_last_recall),
}
_NAMES: Final = {"ap": slice(None), "ap50": slice(0, 1), "ap75": slice(5, 6)}


class YoloCounts(MatchCounts[YoloRules]):
    """Statistics of the average precision of YOLO code bases."""

    def measure(self, rules: YoloRules, classes: Classes, images: NDArray[np.bool_]) -> Measure:
        """See `Counts.measure`; the keys are `ap`, `ap50` and `ap75`."""
        metrics = _metrics(self.matches.of_images(images), rules)
        return lambda weights, resampled: metrics.measure(weights, resampled=resampled)

    def per_class(self, rules: YoloRules, classes: Classes) -> dict[str, Values]:
        """Return AP, AP50 and AP75 of every class."""
        (found,) = _metrics(self.matches, rules).average_precision(np.ones((1, self.matches.positives.shape[2])))
        return {
            name: {key: finite(100 * found[levels, at].mean()) for key, levels in _NAMES.items()}
            for at, name in enumerate(classes.names)
        }


def collect(
    rules: YoloRules, truth: Truth, positions: Sequence[int], predictions: Path, *, progress: Progress
) -> tuple[YoloCounts, str]:
    """Match every image's boxes under a YOLO code base's rules; see `rgbtbench.scoring.family.Collect`."""
    inputs = read_inputs(truth, positions, predictions, progress=progress)
    return YoloCounts(_matches(rules, inputs)), inputs.predictions_sha256


def _matches(rules: YoloRules, inputs: Inputs) -> Matches:
    objects = inputs.truth.of(~inputs.truth.crowd)
    objects, found = replace(objects, corners=None), replace(_best(rules, inputs.detections), corners=None)
    if rules.matching == "free":
        matches = match_detections(
            objects,
            found,
            image_ids=inputs.image_ids,
            class_ids=inputs.class_ids,
            max_detections=rules.max_detections,
        )
        return matches.of_area(0)
    return match_argmax(
        objects,
        found,
        image_ids=inputs.image_ids,
        class_ids=inputs.class_ids,
        thresholds=IOU_THRESHOLDS,
        overlap="above",
    )


def _best(rules: YoloRules, detections: BoxTable) -> BoxTable:
    """Return the detections of each image that are looked at."""
    kept = detections.of(detections.scores > rules.min_score)
    first = np.searchsorted(kept.image_ids, kept.image_ids)
    return kept.of(np.arange(len(first)) - first < rules.max_detections)


def _metrics(matches: Matches, rules: YoloRules) -> ThresholdMetrics:
    return ThresholdMetrics(matches, _NAMES, levels=len(IOU_THRESHOLDS), integrate=_INTEGRATION[rules.integration])


FAMILY = Family(collect=collect, counts=YoloCounts)
