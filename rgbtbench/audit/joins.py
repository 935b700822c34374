"""From pairs of alike samples to what readers ask: which groups there are, and which splits they join."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgbtbench.audit.twins import LIKENESSES, Likeness, Samples, Twins

#: Two splits by position, the smaller first; equal for pairs within one.
SplitPair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Join:
    """Two splits (or one with itself) that share samples.

    Attributes:
        splits: positions.
        images: likeness to the number of samples of the first and of the second split concerned, each sample counted
            under its closest likeness.
        pairs: positions in `Twins`, closest first.
    """

    splits: SplitPair
    images: dict[Likeness, tuple[int, int]]
    pairs: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Group:
    """Samples that are alike, directly or through others; those that share one modality only do not count.

    Attributes:
        samples: numbers, in order.
        likeness: the loosest that holds the group together.
        splits: the positions of the splits that it joins, in order.
    """

    samples: tuple[int, ...]
    likeness: Likeness
    splits: tuple[int, ...]


def joins(samples: Samples, twins: Twins, among: Iterable[SplitPair] | None = None) -> list[Join]:
    """Return every two splits that share samples, those of different splits first.

    Args:
        samples: all.
        twins: pairs of them.
        among: the two splits that are of interest; None for all.
    """
    sides = samples.split[twins.pairs]
    # Samples are numbered split by split, so that the smaller number is of the earlier split.
    present = sorted(set(map(tuple, np.unique(sides, axis=0).tolist())))
    wanted = present if among is None else [pair for pair in present if pair in set(among)]
    distance = twins.distance
    found = []
    for one, other in wanted:
        which = np.flatnonzero((sides == (one, other)).all(axis=1))
        which = which[np.lexsort((which, distance[which], twins.likeness[which]))]
        images = _images(twins.pairs[which], twins.likeness[which], within=one == other)
        found.append(Join((one, other), images, which))
    return sorted(found, key=lambda join: (join.splits[0] == join.splits[1], join.splits))


def _images(pairs: NDArray[np.int64], likeness: NDArray[np.uint8], *, within: bool) -> dict[Likeness, tuple[int, int]]:
    """Count the samples of both sides; within one split the two sides are the same samples."""
    sides = [np.concatenate([pairs[:, 0], pairs[:, 1]])] * 2 if within else [pairs[:, 0], pairs[:, 1]]
    counts = []
    for side in sides:
        closest: dict[int, int] = {}
        for sample, close in zip(side.tolist(), np.resize(likeness, len(side)).tolist(), strict=True):
            closest[sample] = min(close, closest.get(sample, close))
        counts.append(np.bincount(list(closest.values()), minlength=len(LIKENESSES)).tolist())
    return {name: (counts[0][place], counts[1][place]) for place, name in enumerate(LIKENESSES)}


def groups(samples: Samples, twins: Twins) -> list[Group]:
    """Return the groups of alike samples: those that join splits first, then the largest."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    whole = np.flatnonzero(twins.likeness < LIKENESSES.index("part"))
    if not len(whole):
        return []
    one, other = twins.pairs[whole].T
    size = len(samples.split)
    graph = coo_array((np.ones(len(whole), np.int8), (one, other)), shape=(size, size))
    _, component = connected_components(graph, directed=False)
    members: dict[int, list[int]] = defaultdict(list)
    for sample in np.unique(twins.pairs[whole]).tolist():
        members[int(component[sample])].append(sample)
    loosest: dict[int, int] = defaultdict(int)
    for sample, close in zip(one.tolist(), twins.likeness[whole].tolist(), strict=True):
        loosest[int(component[sample])] = max(close, loosest[int(component[sample])])
    found = [
        Group(tuple(some), LIKENESSES[loosest[number]], tuple(sorted({int(samples.split[sample]) for sample in some})))
        for number, some in members.items()
    ]
    return sorted(found, key=lambda group: (-len(group.splits), -len(group.samples), group.samples))
