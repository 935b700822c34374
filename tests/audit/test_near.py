"""The search for near signatures finds exactly what comparing every pair finds."""

from __future__ import annotations

import numpy as np
import pytest

from rgbtbench.audit.image_hash import NEAR_BITS, bits_apart
from rgbtbench.audit.near import near_pairs


def flipped(signature, count, rng):
    bits = np.unpackbits(signature.view(np.uint8))
    bits[rng.choice(128, count, replace=False)] ^= 1
    return np.packbits(bits).view(np.uint64)


def made(seed, count=300, biased=False):
    rng = np.random.default_rng(seed)
    bits = rng.random((count, 128)) < (rng.choice([0.1, 0.5, 0.9], 128) if biased else 0.5)
    first = np.packbits(bits, axis=1).view(np.uint64)
    near = np.array([flipped(one, int(rng.integers(1, 25)), rng) for one in first])
    return np.unique(np.concatenate([first, near]), axis=0)


def by_brute_force(signatures, groups):
    close = np.triu(bits_apart(signatures[:, None], signatures[None]) <= NEAR_BITS, 1)
    together = (groups[:, None] == groups[None]) & (groups[:, None] >= 0)
    return np.argwhere(close & ~together)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("biased", [False, True])
def test_exactly_the_near_pairs_are_found(seed, biased):
    signatures = made(seed, biased=biased)
    alone = np.full(len(signatures), -1)
    wanted = by_brute_force(signatures, alone)
    assert len(wanted) > 100
    assert np.array_equal(near_pairs(signatures, alone), wanted)


def test_signatures_of_one_group_are_no_pair():
    signatures = made(7)
    groups = np.random.default_rng(0).integers(-1, 3, len(signatures))
    assert np.array_equal(near_pairs(signatures, groups), by_brute_force(signatures, groups))


@pytest.mark.parametrize("count", [0, 1])
def test_nothing_is_near_when_there_is_nothing_to_compare(count):
    assert near_pairs(np.zeros((count, 2), np.uint64), np.full(count, -1)).shape == (0, 2)
