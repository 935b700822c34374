"""Which samples and labels of a split are shown."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from rgbtbench.conditions import parse_condition
from rgbtbench.loading.frames import follows_alone
from rgbtbench.loading.prepared import PreparedSplit


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


def under_condition(split: PreparedSplit, condition: str) -> PreparedSplit:
    """Return a view under a condition, without labels that follow an image which is moved.

    Raises:
        UnknownNameError: no such condition for this data.
    """
    moved, labels = parse_condition(condition, split.modalities).moved, split.manifest.label_sets
    kept = [
        name
        for name in split.label_sets
        if not any(follows_alone(labels[name].frame, modality, split.manifest.modalities) for modality in moved)
    ]
    return split.only(label_sets=kept).under(condition)
