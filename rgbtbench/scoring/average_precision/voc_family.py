"""VOC average precision as a family of metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.rules import VocRules
from rgbtbench.errors import PredictionError, UserError
from rgbtbench.predictions.boxes import BoxTable
from rgbtbench.progress import Progress
from rgbtbench.scoring.average_precision.argmax_matching import match_argmax
from rgbtbench.scoring.average_precision.counts import MatchCounts
from rgbtbench.scoring.average_precision.inputs import Inputs, read_inputs
from rgbtbench.scoring.average_precision.integration import area_under_envelope, eleven_points
from rgbtbench.scoring.average_precision.tables import Matches, TruthTable
from rgbtbench.scoring.average_precision.threshold_metrics import ThresholdMetrics, without_last_precision
from rgbtbench.scoring.family import Classes, Family, Measure, Values
from rgbtbench.scoring.results import finite
from rgbtbench.scoring.truth import Truth

_INTEGRATION: Final = {"eleven_points": eleven_points, "area": area_under_envelope}


class VocCounts(MatchCounts[VocRules]):
    """Statistics of VOC average precision."""

    def measure(self, rules: VocRules, classes: Classes, images: NDArray[np.bool_]) -> Measure:
        """See `Counts.measure`; the only key is `ap50`."""
        metrics = _metrics(self.matches.of_images(images), rules)
        return lambda weights, resampled: metrics.measure(weights, resampled=resampled)

    def per_class(self, rules: VocRules, classes: Classes) -> dict[str, Values]:
        """Return AP50 of every class."""
        ((values,),) = _metrics(self.matches, rules).average_precision(np.ones((1, self.matches.positives.shape[2])))
        return {name: {"ap50": finite(100 * value)} for name, value in zip(classes.names, values, strict=True)}


def collect(
    rules: VocRules, truth: Truth, positions: Sequence[int], predictions: Path, *, progress: Progress
) -> tuple[VocCounts, str]:
    """Match every image's boxes under VOC's rules; see `rgbtbench.scoring.family.Collect`.

    Raises:
        UserError: the rules ask for oriented boxes, and labels are upright.
    """
    inputs = read_inputs(truth, positions, predictions, progress=progress)
    matches = match_argmax(
        *_shaped(rules, inputs, predictions),
        image_ids=inputs.image_ids,
        class_ids=inputs.class_ids,
        thresholds=np.array([0.5]),
        overlap=rules.overlap,
    )
    return VocCounts(matches), inputs.predictions_sha256


def _metrics(matches: Matches, rules: VocRules) -> ThresholdMetrics:
    integrate = without_last_precision(_INTEGRATION[rules.integration])
    return ThresholdMetrics(matches, {"ap50": slice(0, 1)}, levels=1, integrate=integrate)


def _shaped(rules: VocRules, inputs: Inputs, predictions: Path) -> tuple[TruthTable, BoxTable]:
    """Return boxes of the shape that is scored, with the last pixel where the rules count it."""
    truth, found = inputs.truth, inputs.detections
    if rules.shape == "oriented":
        if truth.corners is None and len(truth.labels):
            raise UserError(
                "these labels are upright boxes",
                expected="boxes with corners",
                remedy="choose a protocol of upright boxes",
            )
        if found.corners is None and len(found.labels):
            raise PredictionError(
                "holds upright boxes",
                expected="oriented ones",
                path=predictions,
                remedy="write `polygon`, the eight coordinates of the corners, in every row",
            )
    else:
        truth, found = replace(truth, corners=None), replace(found, corners=None)
    if rules.last_pixel:
        further = np.array([0.0, 0.0, 1.0, 1.0])
        truth, found = replace(truth, xywh=truth.xywh + further), replace(found, xywh=found.xywh + further)
    return truth, found


FAMILY = Family(collect=collect, counts=VocCounts)
