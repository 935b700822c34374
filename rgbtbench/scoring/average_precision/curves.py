"""Precision-recall curves at their hits, of all classes at once and of thousands of resamples alike.

A resample is a weight per image; an image drawn twice repeats its detections in place, which changes the curve in no
point that is read, so detections are sorted once. Precision is only read where recall rises, so the curve is only
computed there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgbtbench.scoring.average_precision.tables import Matches


@dataclass(frozen=True)
class HitCurves:
    """The curves of C classes in R resamples at one IoU threshold, where H detections are hits.

    Attributes:
        true: float64 (R, H), hits so far, counted over all classes in turn.
        precision: float64 (R, H).
        borders: int64 (C + 1,), where the hits of each class begin and end.
    """

    true: NDArray[np.float64]
    precision: NDArray[np.float64]
    borders: NDArray[np.int64]

    @property
    def found(self) -> NDArray[np.float64]:
        """Return the hits of each class in all, float64 (R, C)."""
        return np.diff(self._before())

    def highest_from(self, needed: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the highest precision at or after the point that has enough hits.

        Args:
            needed: float64 (R, C, L), whole numbers above 0, ascending over levels.

        Returns:
            float64 (R, C, L); 0 where there are fewer hits.
        """
        resamples, hits = self.true.shape
        if not hits:
            return np.zeros(needed.shape)
        wanted = (needed + self._before()[:, :-1, None]).reshape(resamples, -1)
        # Rows become one ascending sequence, so that a single search serves all of them; all numbers are whole.
        rows = np.arange(resamples)[:, None]
        raised = (max(self.true[:, -1].max(), wanted.max()) + 1) * rows
        at = np.searchsorted((self.true + raised).ravel(), (wanted + raised).ravel()).reshape(needed.shape)
        ends = (self.borders[1:] + hits * rows)[..., None]
        reached, at = at < ends, np.minimum(at, ends)
        # Maxima between the points that are read, then over all later ones of the class.
        highest = np.maximum.reduceat(np.append(self.precision, 0.0), at.ravel()).reshape(needed.shape)
        highest = np.where(reached, highest, 0.0)
        return np.asarray(np.maximum.accumulate(highest[..., ::-1], axis=-1)[..., ::-1])

    def envelope(self) -> NDArray[np.float64]:
        """Return the highest precision at or after each hit, float64 (R, H)."""
        result = np.empty_like(self.precision)
        for start, stop in zip(self.borders[:-1].tolist(), self.borders[1:].tolist(), strict=True):
            part = self.precision[:, start:stop]
            result[:, start:stop] = np.maximum.accumulate(part[:, ::-1], axis=1)[:, ::-1]
        return result

    def true_of_class(self) -> NDArray[np.float64]:
        """Return the hits of the same class so far, float64 (R, H)."""
        return _within_classes(self.true, self.borders)

    def class_sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sum of numbers of each hit (R, H) over each class, float64 (R, C)."""
        result = np.zeros((len(values), len(self.borders) - 1))
        has_hits = np.flatnonzero(np.diff(self.borders))
        if len(has_hits):
            result[:, has_hits] = np.add.reduceat(values, self.borders[has_hits], axis=1)
        return result

    def _before(self) -> NDArray[np.float64]:
        """Return the hits of earlier classes, and of all, float64 (R, C + 1)."""
        return _sums_before(self.true, self.borders)


class AreaCurves:
    """The curves of one area range at T IoU thresholds, ready for any weights.

    Args:
        matches: the statistics.
        area: index of the range.
        levels: IoU thresholds T.
        smallest: added to the count of detections in the denominator of precision, as some tools do.
    """

    def __init__(self, matches: Matches, area: int, *, levels: int, smallest: float) -> None:
        classes, hits, dropped = matches.positives.shape[0], matches.hits[:, area], matches.dropped[:, area]
        seen = np.flatnonzero(dropped != (1 << levels) - 1)
        # Detections that are counted at all thresholds and hit at none are counted between the few others.
        is_point = (hits[seen] != 0) | (dropped[seen] != 0)
        points = seen[is_point]
        self._point_images, self._smallest = matches.images[points], smallest
        # One slot per point for it and what comes before it, and one per class for what follows its last point.
        slots = np.cumsum(is_point) - is_point + matches.classes[seen]
        self._seen_images = matches.images[seen]
        self._starts = np.searchsorted(slots, np.arange(len(points) + classes + 1))
        self._slots = np.arange(len(points)) + matches.classes[points]
        borders = np.searchsorted(matches.classes[points], np.arange(classes + 1))
        self._slots_before = (borders + np.arange(classes + 1))[matches.classes[points]]
        self._levels = [
            _Level.of(hits[points] >> level & 1, dropped[points] >> level & 1, borders) for level in range(levels)
        ]

    @property
    def points(self) -> int:
        """Detections at which curves are computed."""
        return len(self._point_images)

    def under(self, weights: NDArray[np.float64]) -> list[HitCurves]:
        """Return the curves at each IoU threshold under weights, float64 (R, N), whole numbers."""
        from scipy.sparse import csr_array

        shape = (len(self._starts) - 1, weights.shape[1])
        between = csr_array((np.ones(len(self._seen_images)), self._seen_images, self._starts), shape=shape)
        counted = np.zeros((shape[0] + 1, len(weights)))
        np.cumsum(between @ weights.T, axis=0, out=counted[1:])
        counted = np.ascontiguousarray((counted[self._slots + 1] - counted[self._slots_before]).T)
        drawn = weights.take(self._point_images, axis=1)
        return [level.curves(drawn, counted, smallest=self._smallest) for level in self._levels]


@dataclass(frozen=True)
class _Level:
    """Which of P points matter at one IoU threshold.

    Attributes:
        hits: int64 (H,), points that are hits.
        dropped: int64 (L,), points that count neither way.
        dropped_before: int64 (H,), how many of `dropped` come before each hit.
        dropped_earlier: int64 (H,), how many of those belong to other classes.
        borders: int64 (C + 1,), where the hits of each class begin and end.
    """

    hits: NDArray[np.int64]
    dropped: NDArray[np.int64]
    dropped_before: NDArray[np.int64]
    dropped_earlier: NDArray[np.int64]
    borders: NDArray[np.int64]

    @classmethod
    def of(cls, is_hit: NDArray[np.uint16], is_dropped: NDArray[np.uint16], borders: NDArray[np.int64]) -> _Level:
        hits, dropped = np.flatnonzero(is_hit), np.flatnonzero(is_dropped)
        of_class = np.searchsorted(borders, hits, side="right") - 1
        return cls(
            hits,
            dropped,
            dropped_before=np.searchsorted(dropped, hits),
            dropped_earlier=np.searchsorted(dropped, borders)[of_class],
            borders=np.searchsorted(hits, borders),
        )

    def curves(self, drawn: NDArray[np.float64], counted: NDArray[np.float64], *, smallest: float) -> HitCurves:
        """Return the curves, given weights (R, P) and detections of the class so far (R, P), dropped ones included."""
        true = np.cumsum(drawn.take(self.hits, axis=1), axis=1)
        total = counted.take(self.hits, axis=1)
        if len(self.dropped):
            gone = np.cumsum(drawn.take(self.dropped, axis=1), axis=1)
            total -= _sums_before(gone, self.dropped_before)
            if len(self.borders) > 2:
                total += _sums_before(gone, self.dropped_earlier)
        # Where nothing is counted nothing is found either.
        np.maximum(total, 1.0, out=total)
        total += smallest
        found = _within_classes(true, self.borders)
        return HitCurves(true, np.divide(found, total, out=total), self.borders)


def _sums_before(sums: NDArray[np.float64], at: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return cumulative sums (R, n) before given positions, float64 (R, len(at))."""
    if not sums.shape[1]:
        return np.zeros((len(sums), len(at)))
    found = sums.take(np.maximum(at - 1, 0), axis=1)
    found[:, at == 0] = 0.0
    return found


def _within_classes(true: NDArray[np.float64], borders: NDArray[np.int64]) -> NDArray[np.float64]:
    """Let hits (R, H) that were counted over all classes begin anew in each class."""
    if len(borders) == 2:
        return true
    return true - np.repeat(_sums_before(true, borders[:-1]), np.diff(borders), axis=1)
