"""From precision-recall curves to average precision: every rule that detection papers use.

All of them read the envelope: the highest precision at or after a recall. They differ in where they read it, and in
what they do beyond the last recall that is reached.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.scoring.average_precision.curves import HitCurves

#: 101 recalls from 0 to 1, built as pycocotools builds them.
RECALL_LEVELS: Final = np.linspace(0.0, 1.0, 101)
#: 11 recalls from 0 to 1, built as the Python ports of the VOC devkit build them: 0.3 comes out a little larger.
ELEVEN_LEVELS: Final = np.arange(0.0, 1.1, 0.1)
Values = NDArray[np.float64]


def precision_at(curves: Iterable[HitCurves], positives: Values, levels: Values) -> list[Values]:
    """Return the envelope where a recall is reached, 0 where none is.

    Args:
        curves: of C classes in R resamples, at several IoU thresholds.
        positives: float64 (R, C), ground truth to be found; above 0.
        levels: float64 (L,), recalls.

    Returns:
        float64 (R, C, L) for each threshold.
    """
    needed = np.maximum(_hits_reaching(positives, levels), 1.0)
    return [curve.highest_from(needed) for curve in curves]


def mean_over_levels(curves: Iterable[HitCurves], positives: Values) -> list[Values]:
    """Return the mean of the envelope at 101 recalls; arguments are those of `precision_at`.

    It is that of `precision_at` but for the order in which numbers are added: where there are fewer hits than recalls,
    each hit counts as often as recalls are reached by it.

    Returns:
        float64 (R, C) for each threshold.
    """
    several = list(curves)
    if max(curve.true.shape[1] for curve in several) >= positives.shape[1] * len(RECALL_LEVELS):
        return [np.asarray(values.mean(axis=-1)) for values in precision_at(several, positives, RECALL_LEVELS)]
    means = []
    for curve in several:
        recall = curve.true_of_class() / np.repeat(positives, np.diff(curve.borders), axis=1)
        reached = _levels_reached(recall)
        first = curve.borders[:-1][np.diff(curve.borders) > 0]
        gained = np.diff(reached, axis=1, prepend=0)
        gained[:, first] = reached[:, first]
        means.append(curve.class_sums(curve.envelope() * gained) / len(RECALL_LEVELS))
    return means


def eleven_points(curves: HitCurves, positives: Values) -> Values:
    """Return the mean of the envelope at 11 recalls, as VOC 2007 does, float64 (R, C)."""
    (values,) = precision_at([curves], positives, ELEVEN_LEVELS)
    return np.asarray(values.mean(axis=-1))


def area_under_envelope(curves: HitCurves, positives: Values) -> Values:
    """Return the area under the envelope, as VOC does from 2010 on, float64 (R, C)."""
    return curves.class_sums(curves.envelope() * np.diff(curves.true, axis=1, prepend=0.0)) / positives


def trapezoids_to_last_recall(curves: HitCurves, positives: Values) -> Values:
    """Return the area under 101 interpolated points that end at the last recall, float64 (R, C).

    The rule of Ultralytics from 2025 on: its curve falls to 0 at the last recall.
    """
    return _trapezoids(_interpolated(curves, positives))


def trapezoids_with_step(curves: HitCurves, positives: Values, last_precision: Values) -> Values:
    """Return the area under 101 interpolated points that fall to 0 within 0.01 after the last recall, float64 (R, C).

    The rule of YOLOv5 up to v5, and of CFT and ICAFusion.

    Args:
        curves: of C classes in R resamples.
        positives: float64 (R, C), ground truth to be found; above 0.
        last_precision: float64 (R, C), hits among all detections.
    """
    return _trapezoids(_interpolated(curves, positives) + _slope(curves, positives, last_precision, width=0.01))


def trapezoids_with_slope(curves: HitCurves, positives: Values, last_precision: Values) -> Values:
    """Return the area under 101 interpolated points that fall in a line to recall 1, float64 (R, C).

    The rule of YOLOv5 from v6 on. It gives an area to recalls that are never reached. Arguments as for
    `trapezoids_with_step`.
    """
    last = (curves.found / positives)[..., None]
    sloped = _slope(curves, positives, last_precision, width=np.where(last < 1, 1 - last, 1.0))
    # A curve that reaches recall 1 ends there.
    return _trapezoids(_interpolated(curves, positives) + np.where(last < 1, sloped, 0.0))


def _interpolated(curves: HitCurves, positives: Values) -> Values:
    """Return the curve at 101 recalls below the last one, 0 beyond; float64 (R, C, 101).

    Between two hits the envelope is flat, because precision rises from one hit to the next unless a false positive
    comes between. A point at exactly the recall of a hit is read after the false positives that follow it.
    """
    return curves.highest_from(_hits_exceeding(positives, RECALL_LEVELS))


def _slope(curves: HitCurves, positives: Values, height: Values, *, width: Values | float) -> Values:
    """Return a line from `height` at the last recall down to 0, and 0 elsewhere; float64 (R, C, 101)."""
    last = (curves.found / positives)[..., None]
    beyond = RECALL_LEVELS - last
    return np.asarray(np.where((beyond >= 0) & (beyond < width), height[..., None] * (1 - beyond / width), 0.0))


def _trapezoids(values: Values) -> Values:
    return np.asarray(((values[..., 1:] + values[..., :-1]) / 2).sum(axis=-1) / (len(RECALL_LEVELS) - 1))


def _hits_reaching(positives: Values, levels: Values) -> Values:
    """Return the fewest hits whose recall is at least each level, as floats compare; float64 (R, C, L)."""
    total = positives[..., None]
    guess = np.ceil(levels * total)
    guess = np.where((guess - 1) / total >= levels, guess - 1, guess)
    return np.asarray(np.where(guess / total >= levels, guess, guess + 1))


def _levels_reached(recall: Values) -> NDArray[np.int64]:
    """Return how many of the 101 recalls are at most a recall, as floats compare."""
    guess = np.minimum((recall * (len(RECALL_LEVELS) - 1)).astype(np.int64), len(RECALL_LEVELS) - 1)
    guess -= RECALL_LEVELS[guess] > recall
    further = np.minimum(guess + 1, len(RECALL_LEVELS) - 1)
    return np.asarray(guess + 1 + ((further > guess) & (RECALL_LEVELS[further] <= recall)))


def _hits_exceeding(positives: Values, levels: Values) -> Values:
    """Return the fewest hits whose recall is above each level, as floats compare; float64 (R, C, L)."""
    total = positives[..., None]
    guess = np.floor(levels * total) + 1
    guess = np.where((guess - 1) / total > levels, guess - 1, guess)
    return np.asarray(np.where(guess / total > levels, guess, guess + 1))
