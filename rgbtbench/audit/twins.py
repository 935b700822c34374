"""Pairs of samples that show the same, within and across splits and datasets, found by hashes of every modality.

Samples of one cluster (sequence, scene) of one split are expected to resemble each other and are not compared here;
`rgbtbench.audit.redundancy` says how much they do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from rgbtbench.audit.image_hash import NEAR_BITS, bits_apart
from rgbtbench.audit.measures import SplitMeasures
from rgbtbench.audit.near import near_pairs

#: From the closest: every modality has the same pixels; every modality is a near-duplicate; one is and another is not.
Likeness = Literal["same", "near", "part"]
LIKENESSES: Final[tuple[Likeness, ...]] = ("same", "near", "part")

#: Bits of a modality that cannot be compared.
_NONE: Final = 255


@dataclass(frozen=True, slots=True)
class Samples:
    """The S samples of several splits, numbered through.

    Attributes:
        splits: in order.
        split: int64 (S,), position in `splits`.
        row: int64 (S,), position in the split.
        group: int64 (S,), equal for samples of one cluster of one split.
    """

    splits: tuple[SplitMeasures, ...]
    split: NDArray[np.int64]
    row: NDArray[np.int64]
    group: NDArray[np.int64]

    def key(self, sample: int) -> str:
        """Return the key of a sample."""
        return self.splits[int(self.split[sample])].data.keys[int(self.row[sample])]

    def column(self, name: Literal["digests", "signatures"], modality: str) -> NDArray[np.uint64]:
        """Return uint64 (S, 2) of all splits; 0 where a split lacks the modality."""
        parts = []
        for one in self.splits:
            columns: Mapping[str, NDArray[np.uint64]] = getattr(one, name)
            parts.append(columns.get(modality, np.zeros((len(one), 2), np.uint64)))
        return np.concatenate(parts)

    def textured(self, modality: str) -> NDArray[np.bool_]:
        """Return bool (S,): there is a signature."""
        return np.concatenate([one.textured.get(modality, np.zeros(len(one), np.bool_)) for one in self.splits])


@dataclass(frozen=True, slots=True)
class Twins:
    """P pairs of samples that are alike.

    Of many samples with equal signatures each is paired with one of the others in each split, not with all.

    Attributes:
        pairs: int64 (P, 2), the smaller number first, sorted.
        bits: modality to uint8 (P,), differing bits of the signatures; 255 where one has none.
        same: modality to bool (P,), equal pixels.
        likeness: uint8 (P,), position in `LIKENESSES`.
    """

    pairs: NDArray[np.int64]
    bits: Mapping[str, NDArray[np.uint8]]
    same: Mapping[str, NDArray[np.bool_]]
    likeness: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.pairs)

    @property
    def distance(self) -> NDArray[np.int64]:
        """Differing bits over all modalities that can be compared, (P,)."""
        apart = [np.where(bits == _NONE, 0, bits) for bits in self.bits.values()]
        return np.asarray(np.sum(apart, axis=0), np.int64)

    def shared(self, pair: int) -> tuple[str, ...]:
        """Return the modalities that are alike in one pair."""
        return tuple(name for name, bits in self.bits.items() if self.same[name][pair] or bits[pair] <= NEAR_BITS)


def samples_of(splits: Sequence[SplitMeasures]) -> Samples:
    """Number the samples of some splits through."""
    groups: dict[tuple[int, str | None, int], int] = {}
    split, row, group = [], [], []
    for place, one in enumerate(splits):
        for position, cluster in enumerate(one.data.clusters):
            split.append(place)
            row.append(position)
            alone = position if cluster is None else -1
            group.append(groups.setdefault((place, cluster, alone), len(groups)))
    return Samples(tuple(splits), np.array(split, np.int64), np.array(row, np.int64), np.array(group, np.int64))


def find_twins(samples: Samples) -> Twins:
    """Find all pairs of samples of different groups that are alike in some modality."""
    modalities = list(dict.fromkeys(name for one in samples.splits for name in one.signatures))
    candidates = [_alike(samples, modality) for modality in modalities]
    pairs = np.unique(np.concatenate([np.empty((0, 2), np.int64), *candidates]), axis=0)
    bits: dict[str, NDArray[np.uint8]] = {}
    same: dict[str, NDArray[np.bool_]] = {}
    for modality in modalities:
        one, other = pairs.T
        signatures, textured = samples.column("signatures", modality), samples.textured(modality)
        both = textured[one] & textured[other]
        bits[modality] = np.where(both, bits_apart(signatures[one], signatures[other]), _NONE).astype(np.uint8)
        digests = samples.column("digests", modality)
        same[modality] = both & (digests[one] == digests[other]).all(axis=1)
    return Twins(pairs, bits, same, _likeness(bits, same, len(pairs)))


def _likeness(
    bits: Mapping[str, NDArray[np.uint8]], same: Mapping[str, NDArray[np.bool_]], count: int
) -> NDArray[np.uint8]:
    every_same, every_near = np.ones(count, np.bool_), np.ones(count, np.bool_)
    for modality, apart in bits.items():
        unknown = apart == _NONE
        every_same &= unknown | same[modality]
        every_near &= unknown | (apart <= NEAR_BITS)
    return np.where(every_same, 0, np.where(every_near, 1, 2)).astype(np.uint8)


def _alike(samples: Samples, modality: str) -> NDArray[np.int64]:
    """Return the pairs of samples of different groups whose signatures of a modality are near, int64 (P, 2)."""
    known = np.flatnonzero(samples.textured(modality))
    distinct, which = np.unique(samples.column("signatures", modality)[known], axis=0, return_inverse=True)
    holders = _Holders(samples, known, which.reshape(-1), len(distinct))
    near = near_pairs(distinct, holders.groups)
    single = holders.alone[near].all(axis=1)
    pairs = [holders.first[near[single]]]
    # Nearly every signature has one holder; the others take turns in plain Python.
    shared = [*near[~single].tolist(), *((same, same) for same in np.flatnonzero(~holders.alone).tolist())]
    pairs += [np.array(found, np.int64) for one, other in shared if (found := holders.links(one, other))]
    linked = np.sort(np.concatenate([np.empty((0, 2), np.int64), *pairs]), axis=1)
    return np.asarray(linked[samples.group[linked[:, 0]] != samples.group[linked[:, 1]]], np.int64)


class _Holders:
    """Which samples have a signature, and how those of two near signatures are paired.

    Attributes:
        first: int64 (D,), a sample that has each of the D distinct signatures.
        alone: bool (D,), whether no other has it.
        groups: int64 (D,), group of the samples that have it; -1 when they are of several.
    """

    def __init__(self, samples: Samples, known: NDArray[np.int64], which: NDArray[np.int64], distinct: int) -> None:
        order = np.argsort(which, kind="stable")
        self._samples, self._held = samples, known[order]
        self._starts = np.searchsorted(which[order], np.arange(distinct + 1))
        self.first = self._held[self._starts[:-1]]
        self.alone = np.diff(self._starts) == 1
        lowest = np.full(distinct, np.iinfo(np.int64).max)
        highest = np.full(distinct, -1, np.int64)
        np.minimum.at(lowest, which, samples.group[known])
        np.maximum.at(highest, which, samples.group[known])
        self.groups = np.where(lowest == highest, lowest, -1)

    def links(self, one: int, other: int) -> list[tuple[int, int]]:
        """Pair each holder of one signature with a holder of the other in each split, of another group than its own."""
        mine, its = self._of(one), self._of(other)
        return self._linked(mine, its) + ([] if one == other else self._linked(its, mine))

    def _of(self, signature: int) -> list[int]:
        held: list[int] = self._held[self._starts[signature] : self._starts[signature + 1]].tolist()
        return held

    def _linked(self, mine: list[int], its: list[int]) -> list[tuple[int, int]]:
        group, split = self._samples.group, self._samples.split
        # Two of each split are enough: one of them is of another group, if any is.
        chosen: dict[int, list[int]] = {}
        for sample in its:
            found = chosen.setdefault(int(split[sample]), [])
            if not found or (len(found) == 1 and group[found[0]] != group[sample]):
                found.append(sample)
        return [
            (sample, pick)
            for sample in mine
            for found in chosen.values()
            for pick in found
            if group[pick] != group[sample]
        ]
