"""The common area of quadrilaterals, many pairs at a time.

Each is cut along a diagonal into two triangles with signs, as in the polygon IoU of the DOTA kit, so that corners may
run either way around and one corner may point inwards. Triangles are clipped against each other edge by edge
(Sutherland & Hodgman, 1974).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

#: A triangle clipped by three half-planes has at most six corners.
_MOST: Final = 6
_Points = NDArray[np.float64]


def shared_areas(first: _Points, second: _Points) -> NDArray[np.float64]:
    """Return the area that two quadrilaterals share, pair by pair.

    Args:
        first: float64 (P, 4, 2), corners in order.
        second: float64 (P, 4, 2).

    Returns:
        float64 (P,).
    """
    # Near the origin, so that products of coordinates lose no digits.
    origin = first[:, :1]
    total = np.zeros(len(first))
    halves = [[0, 1, 2], [0, 2, 3]]
    for own in halves:
        for other in halves:
            total += _signed_shared(first[:, own] - origin, second[:, other] - origin)
    return np.abs(total)


def _signed_shared(first: _Points, second: _Points) -> NDArray[np.float64]:
    """Return the area that triangles (P, 3, 2) share, below 0 where they run in opposite directions."""
    turn, other_turn = _area(first), _area(second)
    corners = np.where((turn < 0)[:, None, None], first[:, ::-1], first)
    edges = np.where((other_turn < 0)[:, None, None], second[:, ::-1], second)
    polygon, count = np.zeros((len(first), _MOST, 2)), np.full(len(first), 3)
    polygon[:, :3] = corners
    for at in range(3):
        polygon, count = _clipped(polygon, count, edges[:, at], edges[:, (at + 1) % 3])
    inside = np.arange(_MOST) < count[:, None]
    area = _area(np.where(inside[..., None], polygon, polygon[:, :1]))
    return np.asarray(np.sign(turn) * np.sign(other_turn) * np.where(count > 2, area, 0.0))


def _clipped(
    polygon: _Points, count: NDArray[np.int64], start: _Points, stop: _Points
) -> tuple[_Points, NDArray[np.int64]]:
    """Keep what lies to the left of the line from `start` to `stop`, each (P, 2)."""
    rows, places = np.arange(len(polygon))[:, None], np.arange(_MOST)
    valid = places < count[:, None]
    following = polygon[rows, np.where(places + 1 < count[:, None], places + 1, 0)]
    along = (stop - start)[:, None]
    side = _cross(along, polygon - start[:, None])
    next_side = _cross(along, following - start[:, None])
    stays = valid & (side >= 0)
    crosses = valid & ((side >= 0) != (next_side >= 0))
    share = np.divide(side, side - next_side, out=np.zeros_like(side), where=crosses)
    crossing = polygon + share[..., None] * (following - polygon)
    # Each corner gives itself, the point where its edge crosses, both, or nothing.
    ends = np.cumsum(stays.astype(np.int64) + crosses, axis=1)
    result = np.zeros_like(polygon)
    row, place = np.nonzero(stays)
    result[row, (ends - crosses - 1)[row, place]] = polygon[row, place]
    row, place = np.nonzero(crosses)
    result[row, (ends - 1)[row, place]] = crossing[row, place]
    return result, ends[:, -1]


def _area(polygon: _Points) -> NDArray[np.float64]:
    """Return the signed area of polygons (P, n, 2), by the shoelace formula."""
    return np.asarray(_cross(polygon, np.roll(polygon, -1, axis=1)).sum(axis=1) / 2)


def _cross(first: _Points, second: _Points) -> NDArray[np.float64]:
    return np.asarray(first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0])
