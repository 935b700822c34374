"""Which member of a mixture has its turn when, and which of its samples then: a pure function of seed and place.

A turn is a batch where batches hold one dataset, and a sample where they mix several. Turns are counted over all
ranks and epochs; each member walks through its own samples without replacement, in passes of its own, and goes on
where its last turn ended. A walk depends on the seed and the member's name alone, whatever it is mixed with.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rgbtbench.loading.sampler import Draw, Purpose, shuffled


class Turns(Protocol):
    """An endless sequence of turns."""

    def at(self, place: int) -> tuple[int, int]:
        """Return the member that has the turn at `place`, and how many turns it has had before."""


class Shuffled:
    """Rounds that hold every member a fixed number of times, each round in another random order.

    Args:
        counts: member to its turns in a round, at least one.
        seed: of the order.
    """

    def __init__(self, counts: Mapping[int, int], *, seed: int) -> None:
        self.counts, self.seed = counts, seed
        self.length = sum(counts.values())
        self._round = lru_cache(maxsize=2)(self._shuffled_round)

    def at(self, place: int) -> tuple[int, int]:
        """Return the member that has the turn at `place`, and how many turns it has had before."""
        number, within = divmod(place, self.length)
        members, before = self._round(number)
        member = int(members[within])
        return member, number * self.counts[member] + int(before[within])

    def _shuffled_round(self, number: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return int64 (length,) members, and int64 (length,) how often each has come before in the round."""
        order = shuffled(self.length, seed=self.seed, epoch=number, purpose=Purpose.MIXTURE)
        members = np.repeat(list(self.counts), list(self.counts.values()))[order]
        before = np.empty(self.length, np.int64)
        for member, count in self.counts.items():
            before[members == member] = np.arange(count)
        return members, before


class InTurn:
    """One after the other, each in an order of its own.

    Args:
        parts: what takes turns.
    """

    def __init__(self, parts: Sequence[Turns]) -> None:
        self.parts = parts

    def at(self, place: int) -> tuple[int, int]:
        """Return the member that has the turn at `place`, and how many turns it has had before."""
        return self.parts[place % len(self.parts)].at(place // len(self.parts))


class Walk:
    """One member's endless passes over its samples, each without replacement.

    Args:
        samples: in the split.
        seed: of the orders.
    """

    def __init__(self, samples: int, *, seed: int) -> None:
        self.samples, self.seed = samples, seed
        self._order = lru_cache(maxsize=2)(self._shuffled_pass)

    def at(self, number: int, *, member: int) -> Draw:
        """Return the member's `number`-th sample, counted from 0 over all passes."""
        epoch, within = divmod(number, self.samples)
        return Draw(index=int(self._order(epoch)[within]), epoch=epoch, member=member)

    def _shuffled_pass(self, epoch: int) -> NDArray[np.int64]:
        return shuffled(self.samples, seed=self.seed, epoch=epoch)


def member_seed(seed: int, name: str) -> int:
    """Return the 64-bit seed of what a member does, which no other member shares."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{name}".encode()).digest()[:8], "little")


def apportioned(shares: Mapping[int, Fraction], turns: int) -> dict[int, int]:
    """Return each member's turns, one at least: in proportion to its share, largest remainders rounded up.

    Args:
        shares: member to its share, in any unit.
        turns: of all members together, at least one each.
    """
    whole = sum(shares.values())
    exact = {member: share / whole * turns for member, share in shares.items()}
    counts = {member: max(1, math.floor(share)) for member, share in exact.items()}
    while (left := turns - sum(counts.values())) != 0:
        step = 1 if left > 0 else -1
        able = [member for member in counts if counts[member] + step >= 1]
        chosen = max(able, key=lambda member: (exact[member] - counts[member]) * step)
        counts[chosen] += step
    return counts
