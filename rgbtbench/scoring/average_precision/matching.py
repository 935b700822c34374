"""Matching as pycocotools does it: boxes are matched once per image, and what follows needs no box again.

The rules are those of `COCOeval.evaluateImg`: per class and image the best-scored detections in turn take the free
ground truth with the highest IoU at or above the threshold; regions to ignore come last and may be taken many times.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.predictions.boxes import BoxTable
from rgbtbench.scoring.average_precision.grouping import (
    Groups,
    RankedDetections,
    in_curve_order,
    overlapping_pairs,
    rank_detections,
)
from rgbtbench.scoring.average_precision.tables import Matches, TruthTable

#: IoU thresholds 0.50 to 0.95, built as pycocotools builds them.
IOU_THRESHOLDS: Final = np.linspace(0.5, 0.95, 10)
#: Area ranges in square pixels, both ends inclusive: a box of exactly 32² is small and medium.
AREAS: Final = {"all": (0.0, 1e10), "small": (0.0, 32.0**2), "medium": (32.0**2, 96.0**2), "large": (96.0**2, 1e10)}

_LEVELS: Final = len(IOU_THRESHOLDS)
#: Thresholds of one area range are the bits of a uint16, those of all four ranges the bits of a uint64.
_ALL: Final = (1 << _LEVELS) - 1
_Bits = NDArray[np.uint64]


def match_detections(
    truth: TruthTable,
    detections: BoxTable,
    *,
    image_ids: NDArray[np.int64],
    class_ids: NDArray[np.int64],
    max_detections: int = 100,
) -> Matches:
    """Match all detections with the ground truth, at every IoU threshold and in every area range.

    Args:
        truth: ground truth; every image id and label is among the following.
        detections: detections, likewise; their order breaks ties of the score.
        image_ids: int64 (N,), ascending, images without boxes too.
        class_ids: int64 (C,), ascending.
        max_detections: the best-scored ones per class and image that are looked at.
    """
    groups = Groups(image_ids, class_ids)
    found = rank_detections(detections, groups, most=max_detections)
    truth_groups = groups.numbers(truth.image_ids, truth.labels)
    rows = np.argsort(truth_groups, kind="stable")
    truth_groups, crowd = truth_groups[rows], truth.crowd[rows]
    counted = _in_ranges(truth.areas[rows]) & ~crowd[:, None]
    positives = np.zeros((len(groups.class_ids) * len(groups.image_ids), len(AREAS)), np.int64)
    np.add.at(positives, truth_groups, counted)

    pairs = _close_pairs(groups, found, truth.xywh[rows], truth_groups, crowd)
    own_areas = found.xywh[:, 2] * found.xywh[:, 3]
    hits, dropped = _take_in_turn(pairs, crowd, _packed(counted), outside=_packed(~_in_ranges(own_areas)))
    return in_curve_order(
        found, groups, levels=_LEVELS, positives=positives, hits=_unpacked(hits), dropped=_unpacked(dropped)
    )


@dataclass(frozen=True)
class _Pairs:
    """Detections and ground truth that overlap enough for some threshold, each (P,).

    Ordered by detection, then falling IoU; of equal IoUs the later region comes first.
    """

    detection: NDArray[np.int64]
    region: NDArray[np.int64]
    reach: _Bits

    def of(self, chosen: NDArray[np.bool_]) -> _Pairs:
        return _Pairs(self.detection[chosen], self.region[chosen], self.reach[chosen])


def _close_pairs(
    groups: Groups,
    found: RankedDetections,
    truth: NDArray[np.float64],
    truth_groups: NDArray[np.int64],
    crowd: NDArray[np.bool_],
) -> _Pairs:
    own, other = found.xywh[:, 2] * found.xywh[:, 3], truth[:, 2] * truth[:, 3]
    parts = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))]
    for detection, region, shared in overlapping_pairs(groups, found.xywh, found.groups, truth, truth_groups):
        # Over a crowd region the overlap is the share of the detection that lies inside.
        union = np.where(crowd[region], own[detection], own[detection] + other[region] - shared)
        iou = shared / union
        close = np.flatnonzero(iou >= IOU_THRESHOLDS[0])
        parts.append((detection[close], region[close], iou[close]))
    detection, region, iou = (np.concatenate(column) for column in zip(*parts, strict=True))
    several = _repeated(detection)
    order = several[np.lexsort((-region[several], -iou[several], detection[several]))]
    region[several], iou[several] = region[order], iou[order]
    limits = np.minimum(IOU_THRESHOLDS, 1 - 1e-10)
    reached = (1 << np.searchsorted(limits, iou, side="right")) - 1
    return _Pairs(detection, region, _packed_levels(reached))


def _take_in_turn(pairs: _Pairs, crowd: NDArray[np.bool_], counted: _Bits, *, outside: _Bits) -> tuple[_Bits, _Bits]:
    """Let detections take regions in turn.

    Args:
        pairs: who may take what.
        crowd: bool (M,), regions that are never used up.
        counted: (M,), ranges in which a region must be found.
        outside: (D,), ranges that a detection lies outside of.

    Returns:
        Hits, and what counts neither way, each (D,).
    """
    every = _packed_levels(np.array(_ALL))
    unmatched, hits = np.full(len(outside), every), np.zeros(len(outside), np.uint64)
    shared = np.bincount(pairs.region, minlength=len(crowd)) > 1
    contested = shared[pairs.region]
    contested[_repeated(pairs.detection)] = True
    simple = pairs.of(~contested)
    unmatched[simple.detection] &= ~simple.reach
    hits[simple.detection] = simple.reach & counted[simple.region]

    free = np.full(len(crowd), every)
    used_up = np.where(crowd, np.uint64(0), every)
    for detection, region, wanted in _turns(pairs.of(contested), counted):
        taken = wanted & unmatched[detection] & free[region]
        unmatched[detection] ^= taken
        free[region] ^= taken & used_up[region]
        hits[detection] |= taken & counted[region]
    # What took a region that does not count is dropped, and so is what took nothing and lies outside the range.
    return hits, np.asarray(every & ~unmatched & ~hits | unmatched & outside)


def _turns(pairs: _Pairs, counted: _Bits) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], _Bits]]:
    """Yield detections, regions and the bits in question, so that no two of one turn compete.

    Every detection asks for the regions that count before those that do not, and the best first. Detections compete
    when they, or others between them, share a region; such a knot of pairs is untied one pair at a time, all knots
    at once.
    """
    if not len(pairs.detection):
        return
    count = len(pairs.detection)
    inside = pairs.reach & counted[pairs.region]
    wanted = np.concatenate([inside, pairs.reach & ~inside])
    asked = np.flatnonzero(wanted)
    asked = asked[np.argsort(np.tile(pairs.detection, 2)[asked], kind="stable")]
    knots = _knots(pairs)[asked % count]
    by_knot = np.argsort(knots, kind="stable")
    asked, starts = asked[by_knot], np.flatnonzero(np.diff(knots[by_knot], prepend=-1))
    turns = np.arange(len(asked)) - np.repeat(starts, np.diff(starts, append=len(asked)))
    by_turn = np.argsort(turns.astype(np.min_scalar_type(len(asked))), kind="stable")
    asked, ends = asked[by_turn], np.cumsum(np.bincount(turns))
    detection, region, wanted = pairs.detection[asked % count], pairs.region[asked % count], wanted[asked]
    for start, stop in zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True):
        yield detection[start:stop], region[start:stop], wanted[start:stop]


def _knots(pairs: _Pairs) -> NDArray[np.int64]:
    """Number the pairs, so that those that share a detection or a region, or others that do, have one number."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    regions, local = np.unique(pairs.region, return_inverse=True)
    # The regions of one detection form a chain.
    after = np.flatnonzero(pairs.detection[1:] == pairs.detection[:-1])
    links = csr_array((np.ones(len(after), np.int8), (local[after], local[after + 1])), shape=(len(regions),) * 2)
    return np.asarray(connected_components(links, directed=False)[1][local], np.int64)


def _repeated(ascending: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where a number stands that occurs more than once."""
    same = ascending[1:] == ascending[:-1]
    return np.flatnonzero(np.append(same, False) | np.append(False, same))


def _in_ranges(areas: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return bool (len(areas), A)."""
    low, high = np.array(list(AREAS.values())).T
    return np.asarray((areas[:, None] >= low) & (areas[:, None] <= high), np.bool_)


def _packed(ranges: NDArray[np.bool_]) -> _Bits:
    """Return every threshold of the ranges that are true in bool (n, A)."""
    return np.where(ranges, _ALL, 0).astype("<u2").view("<u8").ravel().astype(np.uint64)


def _packed_levels(levels: NDArray[np.int64]) -> _Bits:
    """Return the bits of some thresholds, int64 (n,), in all ranges."""
    return np.asarray(levels.astype(np.uint64) * np.uint64(sum(1 << 16 * area for area in range(len(AREAS)))))


def _unpacked(bits: _Bits) -> NDArray[np.uint16]:
    """Return uint16 (n, A)."""
    return bits.astype("<u8").view("<u2").reshape(-1, len(AREAS)).astype(np.uint16)
