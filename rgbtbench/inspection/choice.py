"""Which samples of a long split are shown."""

from __future__ import annotations

from itertools import pairwise

import numpy as np


def spread_positions(length: int, count: int, *, seed: int) -> list[int]:
    """Return positions spread evenly over a sequence: one from each of `count` equal stretches, drawn at random.

    Args:
        length: of the sequence.
        count: positions wanted; all are returned when there are no more.
        seed: of the draw.

    Returns:
        Distinct positions in rising order.
    """
    if count >= length:
        return list(range(length))
    edges = np.linspace(0, length, count + 1).astype(int)
    generator = np.random.default_rng(seed)
    return [int(generator.integers(low, high)) for low, high in pairwise(edges.tolist())]
