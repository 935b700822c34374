"""All pairs of signatures that differ in few bits, without comparing every pair.

Multi-index hashing (Norouzi, Punjani, Fleet 2012): 128 bits are eight bands of 16. Two signatures that differ in at
most 15 bits have a band in which they differ in at most one, so that looking up each band as it is, and with each
of its bits flipped, finds every such pair. Equal signatures are searched once, which keeps a resting camera from
costing the square of its frames.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.audit.image_hash import NEAR_BITS, bits_apart

_BANDS: Final = 8
_BAND_BITS: Final = 16
#: Candidates that are compared at once.
_AT_ONCE: Final = 1 << 21


def near_pairs(signatures: NDArray[np.uint64], groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the near-duplicates among distinct signatures.

    Args:
        signatures: uint64 (N, 2), each row once.
        groups: (N,), two signatures of one group are no pair; -1 for those of no group.

    Returns:
        Positions of each pair, int64 (M, 2), the smaller one first, sorted.
    """
    bands = np.ascontiguousarray(signatures).view(np.uint16).reshape(-1, _BANDS)
    chunks = [pairs for band in range(_BANDS) for pairs in _near_in_band(signatures, groups, bands[:, band])]
    return np.unique(np.concatenate([np.empty((0, 2), np.int64), *chunks]), axis=0)


def _near_in_band(
    signatures: NDArray[np.uint64], groups: NDArray[np.int64], band: NDArray[np.uint16]
) -> Iterator[NDArray[np.int64]]:
    order = np.argsort(band, kind="stable")
    starts = np.searchsorted(band[order], np.arange((1 << _BAND_BITS) + 1))
    wanted = band.astype(np.int64)
    everything = np.arange(len(band))
    candidates = [_candidates(everything, wanted, order, starts)]
    for bit in range(_BAND_BITS):
        # Of two bands that differ in this bit alone one lacks it: it is enough that that one asks.
        lacking = np.flatnonzero((band >> bit) & 1 == 0)
        candidates.append(_candidates(lacking, wanted[lacking] | (1 << bit), order, starts))
    for one, other in chain.from_iterable(candidates):
        near = (one != other) & (bits_apart(signatures[one], signatures[other]) <= NEAR_BITS)
        near &= (groups[one] < 0) | (groups[one] != groups[other])
        if near.any():
            yield np.sort(np.stack([one[near], other[near]], axis=1), axis=1)


def _candidates(
    asking: NDArray[np.int64], wanted: NDArray[np.int64], order: NDArray[np.int64], starts: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield each asking signature with all those whose band is the wanted one, a bounded number at a time.

    Args:
        asking: positions (A,).
        wanted: the band that each asks for, (A,).
        order: all positions, sorted by band.
        starts: band to where its positions begin in `order`.
    """
    counts = starts[wanted + 1] - starts[wanted]
    ends = np.cumsum(counts)
    begin = 0
    while begin < len(asking):
        done = int(ends[begin - 1]) if begin else 0
        end = max(begin + 1, int(np.searchsorted(ends, done + _AT_ONCE, side="right")))
        some = slice(begin, end)
        shift = starts[wanted[some]] - (ends[some] - counts[some] - done)
        place = np.repeat(shift, counts[some]) + np.arange(int(ends[end - 1]) - done)
        yield np.repeat(asking[some], counts[some]), order[place]
        begin = end
