"""From boxes to the statistics of miss rates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.rules.miss_rate import MissRateRules
from rgbtbench.scoring.miss_rate.curve import Detected
from rgbtbench.scoring.miss_rate.ground_truth import Pedestrians
from rgbtbench.scoring.miss_rate.matching import match_pedestrians


def detect(
    truth: Pedestrians,
    images: NDArray[np.int64],
    xywh: NDArray[np.float64],
    scores: NDArray[np.float64],
    *,
    image_count: int,
    rules: MissRateRules,
    never_found: int | None = None,
) -> Detected:
    """Match detections and keep what miss rates need of them.

    Args:
        truth: boxes with the setting applied.
        images: int64 (D,), index of each detection's image, ascending; within an image by falling score.
        xywh: float64 (D, 4), left, top, width, height in pixels.
        scores: float64 (D,), any range.
        image_count: number of images N, those without boxes and detections too.
        rules: of the protocol.
        never_found: row of a box whose detection is a false positive.
    """
    most = len(images) if rules.max_detections is None else rules.max_detections
    surplus = np.flatnonzero(images[most:] == images[:-most]) + most
    if len(surplus):
        images, xywh, scores = np.delete(images, surplus), np.delete(xywh, surplus, 0), np.delete(scores, surplus)
    outcomes = match_pedestrians(truth, images, xywh, overlap=rules.overlap)
    hits = outcomes.found >= 0
    if never_found is not None:
        hits &= outcomes.found != never_found
    counted = np.flatnonzero(~outcomes.dropped)
    curve = counted[_falling(scores[counted])]
    last_hit = np.flatnonzero(hits[curve])[-1:]
    curve = curve[: int(last_hit[0]) + 1] if len(last_hit) else curve[:0]
    return Detected(
        positives=np.bincount(truth.images[~truth.ignored], minlength=image_count).astype(np.int32),
        has_detections=np.bincount(images, minlength=image_count) > 0,
        images=images[curve].astype(np.int32),
        hits=hits[curve],
    )


def _falling(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the order of falling scores; equal ones stay in the order of images, as in the reference tools."""
    order = np.argsort(-scores)
    same_as_next = np.append(np.diff(scores[order]) == 0, False)[: len(order)]
    tied = same_as_next | np.append(False, same_as_next[:-1])[: len(order)]
    members = order[tied]
    order[tied] = members[np.lexsort((members, -scores[members]))]
    return order
