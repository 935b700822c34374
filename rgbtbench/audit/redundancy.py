"""How alike the frames of a cluster are, and which clusters lie in several splits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rgbtbench.audit.image_hash import NEAR_BITS, bits_apart
from rgbtbench.audit.measures import SplitMeasures


@dataclass(frozen=True, slots=True)
class Redundancy:
    """The clusters of a split.

    Attributes:
        clusters: number of clusters with more than one sample.
        samples: number of samples in them.
        repeated: those of them that are near-duplicates, in every modality, of the sample before them in the cluster.
    """

    clusters: int
    samples: int
    repeated: int


def redundancy(split: SplitMeasures) -> Redundancy:
    """Compare each sample with the one before it in its cluster."""
    rows: dict[str, list[int]] = defaultdict(list)
    for row, cluster in enumerate(split.data.clusters):
        if cluster is not None:
            rows[cluster].append(row)
    several = [of for of in rows.values() if len(of) > 1]
    later = np.array([row for of in several for row in of[1:]], np.int64)
    before = np.array([row for of in several for row in of[:-1]], np.int64)
    repeated = np.zeros(len(later), np.bool_)
    for place, (name, signatures) in enumerate(split.signatures.items()):
        known = split.textured[name]
        near = bits_apart(signatures[later], signatures[before]) <= NEAR_BITS
        near &= known[later] & known[before]
        repeated = near if place == 0 else repeated & near
    return Redundancy(len(several), sum(map(len, several)), int(repeated.sum()))


def clusters_in_several_splits(splits: Sequence[SplitMeasures]) -> dict[tuple[int, int], list[str]]:
    """Return which clusters two splits of one dataset share: positions of the two to the clusters' names."""
    shared = {}
    for one in range(len(splits)):
        for other in range(one + 1, len(splits)):
            if splits[one].data.manifest.dataset == splits[other].data.manifest.dataset:
                common = set(splits[one].data.clusters) & set(splits[other].data.clusters) - {None}
                if common:
                    shared[one, other] = sorted(name for name in common if name is not None)
    return shared
