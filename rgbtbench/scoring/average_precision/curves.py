"""Average precision and recall from matches, for the whole set and for thousands of resamples alike.

The numbers are those of `COCOeval.accumulate` and `summarize`. A resample is a weight per image; an image drawn twice
repeats its detections in place, which changes the curve in no point that is read, so sorting happens once.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.scoring.average_precision.matching import AREAS, IOU_THRESHOLDS, RECALL_LEVELS, Matches

_T: Final = len(IOU_THRESHOLDS)
_ALL_THRESHOLDS: Final = (1 << _T) - 1
_PERCENT: Final = 100.0


def class_average_precision(matches: Matches, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the average precision of every class, in percent.

    Args:
        matches: the statistics.
        weights: float64 (R, N), how often each image counts; whole numbers.

    Returns:
        float64 (R, C, A, T) over classes, area ranges and IoU thresholds; NaN where nothing is to be found.
    """
    classes, areas, _ = matches.positives.shape
    positives = np.einsum("rn,can->rca", weights, matches.positives.astype(np.float64))
    result = np.full((len(weights), classes, areas, _T), np.nan)
    for kind in range(classes):
        rows = np.flatnonzero(matches.classes == kind)
        for area in range(areas):
            defined = positives[:, kind, area] > 0
            curve = _Curve(matches, rows, area)
            values = curve.average_precision(weights, np.where(defined, positives[:, kind, area], 1.0))
            result[:, kind, area] = np.where(defined[:, None], _PERCENT * values, np.nan)
    return result


def class_average_recall(matches: Matches, weights: NDArray[np.float64], *, detections: int) -> NDArray[np.float64]:
    """Return the recall of every class averaged over the IoU thresholds, in percent.

    Args:
        matches: the statistics.
        weights: float64 (R, N), how often each image counts.
        detections: the best-scored ones per class and image that may count.

    Returns:
        float64 (R, C, A); NaN where nothing is to be found.
    """
    classes, areas, images = matches.positives.shape
    thresholds_hit = np.bitwise_count(matches.hits).astype(np.float64) / _T
    thresholds_hit[matches.ranks >= detections] = 0.0
    found = np.zeros((classes, areas, images))
    np.add.at(found.transpose(0, 2, 1), (matches.classes, matches.images), thresholds_hit)
    recalled = np.einsum("rn,can->rca", weights, found)
    positives = np.einsum("rn,can->rca", weights, matches.positives.astype(np.float64))
    return np.where(positives > 0, _PERCENT * recalled / np.where(positives > 0, positives, 1.0), np.nan)


def detection_metrics(
    matches: Matches,
    weights: NDArray[np.float64],
    *,
    max_detections: tuple[int, int, int] = (1, 10, 100),
    resampled: bool = False,
) -> dict[str, NDArray[np.float64]]:
    """Return the twelve COCO numbers, in percent.

    Args:
        matches: the statistics.
        weights: float64 (R, N), how often each image counts.
        max_detections: as in the protocol.
        resampled: the weights are resamples of all images of `matches`. A class that a resample leaves without ground
            truth keeps its value of the whole set there, so that no resample gains by losing a hard class.

    Returns:
        `ap`, `ap50`, `ap75`, `ap_small`, `ap_medium`, `ap_large`, `ar1`, `ar10`, `ar`, `ar_small`, `ar_medium` and
        `ar_large`, each float64 (R,); NaN where nothing is to be found.
    """
    rows = np.vstack([np.ones(weights.shape[1]), weights]) if resampled else weights
    precision = class_average_precision(matches, rows)
    recalls = [class_average_recall(matches, rows, detections=count) for count in max_detections]
    if resampled:
        precision, *recalls = (_filled(values) for values in (precision, *recalls))
    recall = recalls[2]
    of = {name: at for at, name in enumerate(AREAS)}
    return {
        "ap": _class_mean(precision[:, :, of["all"]].mean(axis=-1)),
        "ap50": _class_mean(precision[:, :, of["all"], 0]),
        "ap75": _class_mean(precision[:, :, of["all"], 5]),
        **{f"ap_{area}": _class_mean(precision[:, :, of[area]].mean(axis=-1)) for area in ("small", "medium", "large")},
        "ar1": _class_mean(recalls[0][:, :, of["all"]]),
        "ar10": _class_mean(recalls[1][:, :, of["all"]]),
        "ar": _class_mean(recall[:, :, of["all"]]),
        **{f"ar_{area}": _class_mean(recall[:, :, of[area]]) for area in ("small", "medium", "large")},
    }


def _filled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take the first row as the whole set, fill the others' gaps from it, and drop it."""
    return np.where(np.isnan(values[1:]), values[:1], values[1:])


def _class_mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    known = ~np.isnan(values)
    count = known.sum(axis=1)
    return np.where(count > 0, np.where(known, values, 0.0).sum(axis=1) / np.maximum(count, 1), np.nan)


class _Curve:
    """The precision-recall curves of one class and area range, at all thresholds.

    Precision is only read where recall rises, and most detections are false at every threshold. Those are counted
    between the few `points` that are a hit somewhere or change their part between thresholds.
    """

    def __init__(self, matches: Matches, rows: NDArray[np.int64], area: int) -> None:
        hits, dropped = matches.hits[rows, area], matches.dropped[rows, area]
        false = _ALL_THRESHOLDS & ~(hits | dropped)
        is_point = (hits != 0) | ((false != 0) & (false != _ALL_THRESHOLDS))
        self._points = matches.images[rows[is_point]]
        self._hits, self._false = hits[is_point], false[is_point]
        always_false = ~is_point & (false == _ALL_THRESHOLDS)
        self._images_of_false = matches.images[rows[always_false]]
        self._points_before = np.cumsum(is_point)[always_false]

    def average_precision(self, weights: NDArray[np.float64], positives: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return float64 (R, T), fractions, given weights (R, N) and ground truth to find (R,)."""
        result = np.zeros((len(weights), _T))
        if not len(self._points):
            return result
        drawn = weights[:, self._points]
        background = self._false_before_points(weights)
        wanted = _hits_needed(positives)
        for level in range(_T):
            hit = (self._hits >> level & 1).astype(np.bool_)
            if not hit.any():
                continue
            true = np.cumsum(drawn[:, hit], axis=1)
            false = (background + np.cumsum(drawn * (self._false >> level & 1), axis=1))[:, hit]
            precision = true / (false + true + np.spacing(1))
            envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
            result[:, level] = _read_off(true, envelope, wanted)
        return result

    def _false_before_points(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        from scipy.sparse import csr_array

        ones = np.ones(len(self._images_of_false))
        shape = (len(self._points) + 1, weights.shape[1])
        # A detection after the last point can change nothing; it falls into the last row, which is left out.
        between = csr_array((ones, (self._points_before, self._images_of_false)), shape=shape)
        counted = np.asarray((between @ weights.T).T)
        return np.cumsum(counted, axis=1)[:, :-1]


def _hits_needed(positives: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return float64 (R, 101): the smallest whole number of hits whose recall reaches each level, as floats compare."""
    total = positives[:, None]
    guess = np.ceil(RECALL_LEVELS * total)
    guess = np.where((guess - 1) / total >= RECALL_LEVELS, guess - 1, guess)
    return np.where(guess / total >= RECALL_LEVELS, guess, guess + 1)


def _read_off(
    true: NDArray[np.float64], envelope: NDArray[np.float64], wanted: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the mean precision over the recall levels; a level that is never reached counts 0."""
    rows, points = true.shape
    # Rows become one ascending sequence, so that a single search serves all of them; all numbers are whole.
    offset = (max(true[:, -1].max(), wanted.max()) + 1) * np.arange(rows)[:, None]
    at = np.searchsorted((true + offset).ravel(), (wanted + offset).ravel()).reshape(wanted.shape)
    at -= points * np.arange(rows)[:, None]
    reached = at < points
    values = np.take_along_axis(envelope, np.where(reached, at, 0), axis=1)
    return np.asarray(np.where(reached, values, 0.0).mean(axis=1))
