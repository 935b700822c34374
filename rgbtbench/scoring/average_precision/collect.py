"""From labels and detections to matches under COCO's rules, checked against a second program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from rgbtbench.cards.rules import CocoRules
from rgbtbench.progress import Progress
from rgbtbench.scoring.average_precision.coco_metrics import CocoMetrics
from rgbtbench.scoring.average_precision.counts import CocoCounts
from rgbtbench.scoring.average_precision.engine import engine_metrics
from rgbtbench.scoring.average_precision.inputs import Inputs, read_inputs
from rgbtbench.scoring.average_precision.matching import match_detections
from rgbtbench.scoring.average_precision.tables import Matches
from rgbtbench.scoring.truth import Truth


def collect(
    rules: CocoRules, truth: Truth, positions: Sequence[int], predictions: Path, *, progress: Progress
) -> tuple[CocoCounts, str]:
    """Match every image's boxes under COCO's rules; see `rgbtbench.scoring.family.Collect`."""
    inputs = read_inputs(truth, positions, predictions, progress=progress)
    if not rules.ignore_as_crowd:
        ordinary = replace(inputs.truth, crowd=np.zeros_like(inputs.truth.crowd))
        inputs = replace(inputs, truth=ordinary)
    matches = match_detections(
        inputs.truth,
        inputs.detections,
        image_ids=inputs.image_ids,
        class_ids=inputs.class_ids,
        max_detections=rules.max_detections[-1],
    )
    _require_engine_agrees(rules, matches, inputs)
    return CocoCounts(matches), inputs.predictions_sha256


def _require_engine_agrees(rules: CocoRules, matches: Matches, inputs: Inputs) -> None:
    once = np.ones((1, len(inputs.image_ids)))
    ours = CocoMetrics(matches, max_detections=rules.max_detections).measure(once)
    engine = engine_metrics(
        inputs.truth,
        inputs.detections,
        image_ids=inputs.image_ids,
        class_ids=inputs.class_ids,
        max_detections=rules.max_detections,
    )
    for name, value in engine.items():
        own = float(ours[name][0])
        if not np.array_equal(own, np.nan if value is None else value, equal_nan=True):
            # No mistake of the user: two implementations of one definition disagree.
            raise RuntimeError(f"{name} is {own} here and {value} in hotcoco")
