"""Stated points against true points by optimal assignment; a point without a partner always counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def mean_distance(truth: NDArray[np.float64], points: NDArray[np.float64], *, cutoff: float) -> float:
    """Return how far stated points are from true ones, 0 to `cutoff`.

    The OSPA distance of order 1 (Schuhmacher, Vo & Vo, IEEE Transactions on Signal Processing 56, 2008): points are
    paired so that the sum of distances, none more than `cutoff`, is least; each point of the longer list that stays
    without a partner counts `cutoff`; the sum is divided by the length of the longer list.

    Args:
        truth: (N, 2).
        points: (M, 2), in the unit of `truth`.
        cutoff: what a missed or invented point costs, in the same unit.
    """
    longer, shorter = max(len(truth), len(points)), min(len(truth), len(points))
    if longer == 0:
        return 0.0
    costs = np.minimum(_distances(truth, points), cutoff)
    return float((_least_sum(costs) + cutoff * (longer - shorter)) / longer)


def matches(truth: NDArray[np.float64], points: NDArray[np.float64], *, within: Sequence[float]) -> NDArray[np.int64]:
    """Return how many pairs at most `within` apart can be made, each point in one pair.

    Args:
        truth: (N, 2).
        points: (M, 2), in the unit of `truth`.
        within: largest distances of a pair.

    Returns:
        int64, one number for each of `within`.
    """
    distances = _distances(truth, points)
    return np.array([round(-_least_sum(np.where(distances <= most, -1.0, 0.0))) for most in within], np.int64)


def _distances(truth: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(truth[:, None] - points[None], axis=2), np.float64)


def _least_sum(costs: NDArray[np.float64]) -> float:
    from scipy.optimize import linear_sum_assignment

    return float(costs[linear_sum_assignment(costs)].sum())
