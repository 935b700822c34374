"""`match`: features of both cameras and a protocol in; precision, homographies and intervals out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.matching import MatchingBlock, MatchingProtocol, matching_protocol
from rgbtbench.conditions.homography import drawn_homography
from rgbtbench.errors import PredictionError
from rgbtbench.features.folder import FeatureFolder, FeaturesInfo, read_description
from rgbtbench.features.pairs import limits_of
from rgbtbench.loading.prepared import PreparedSplit, open_split
from rgbtbench.matching.image import MatchedPair, match_pair
from rgbtbench.progress import Progress, Silent, track
from rgbtbench.scoring.intervals import bootstrap_intervals, cluster_index, cluster_numbers
from rgbtbench.scoring.results import Interval, finite
from rgbtbench.threads import in_order

_SILENT = Silent()


@dataclass(frozen=True)
class MatchingResult:
    """A result.

    Attributes:
        protocol: the rules.
        features: what the features were made from.
        metrics: `precision_<pixels>` and `precision_cell`, percent of the matches of a pair that are right, mean over
            pairs, a pair without matches counting 0; `auc_<pixels>`, percent of the area under the share of pairs over
            their corner error, up to so many pixels; `matches`, mean number per pair.
        intervals: the same names; empty where there are too few clusters.
        images: number of pairs.
        clusters: number of clusters that are resampled.
        pairs: key to what is kept of it.
    """

    protocol: MatchingProtocol
    features: FeaturesInfo
    metrics: dict[str, float]
    intervals: dict[str, Interval]
    images: int
    clusters: int
    pairs: Mapping[str, MatchedPair] = field(repr=False)

    def as_json(self) -> dict[str, Any]:
        """Return everything as plain JSON values."""
        return {
            "protocol": self.protocol.id,
            "protocol_version": self.protocol.version,
            "protocol_hash": self.protocol.sha256,
            "features": self.features.model_dump(mode="json"),
            "images": self.images,
            "clusters": self.clusters,
            "metrics": self.metrics,
            "intervals": {name: interval.model_dump() for name, interval in self.intervals.items()},
            "pairs": {
                key: {
                    "matches": pair.matches,
                    "right": list(pair.right),
                    "right_by_cells": pair.right_by_cells,
                    "corner_error": finite(pair.corner_error),
                }
                for key, pair in self.pairs.items()
            },
        }


def match(protocol_id: str, features: Path, data: Path, *, progress: Progress = _SILENT) -> MatchingResult:
    """Match the features of every pair, and hold the matches against the known homographies.

    Args:
        protocol_id: of `datasets_cards/matching.yaml`.
        features: folder that `rgbtbench features` wrote under this protocol, or another tool in its format.
        data: the prepared dataset that they are of; its keys decide what has to be there.
        progress: is told of pairs.

    Raises:
        UnknownNameError: no such protocol.
        PredictionError: the features are of other data or of another protocol, incomplete or damaged.
        ShardError: the data is damaged.
    """
    protocol = matching_protocol(protocol_id)
    info = read_description(features)
    split = open_split(data, info.split, label_sets=())
    _require_same(info, split, protocol, features)
    folder = FeatureFolder(features, split.keys)
    found = track(
        in_order(partial(_matched, folder, protocol), split.keys),
        progress,
        "matching",
        total=len(split),
        unit="pairs",
    )
    pairs = dict(zip(split.keys, found, strict=True))
    clusters = cluster_numbers(split.keys, split.clusters)
    table = per_pair(list(pairs.values()), protocol)
    return MatchingResult(
        protocol=protocol,
        features=info,
        metrics={name: float(values.mean()) for name, values in table.items()},
        intervals=bootstrap_intervals(partial(_means, table), clusters, protocol.intervals),
        images=len(pairs),
        clusters=int(cluster_index(clusters, protocol.intervals).max()) + 1,
        pairs=pairs,
    )


def per_pair(pairs: Sequence[MatchedPair], protocol: MatchingBlock) -> dict[str, NDArray[np.float64]]:
    """Return metric to one value per pair, float64 (N,); a metric is the mean of them.

    The area under the share of pairs over their corner error e, up to t, is the mean of max(0, 1 - e / t).
    """
    counts = np.array([pair.matches for pair in pairs], np.float64)
    corners = np.array([pair.corner_error for pair in pairs])
    right = {f"{threshold:g}": [pair.right[at] for pair in pairs] for at, threshold in enumerate(protocol.thresholds)}
    right["cell"] = [pair.right_by_cells for pair in pairs]
    shares = {
        f"precision_{name}": 100 * np.array(hits, np.float64) / np.maximum(counts, 1) for name, hits in right.items()
    }
    areas = {
        f"auc_{threshold:g}": 100 * np.maximum(0, 1 - corners / threshold) for threshold in protocol.corner_thresholds
    }
    return shares | areas | {"matches": counts}


def _means(table: Mapping[str, NDArray[np.float64]], weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    return {name: weights @ values / weights.sum(axis=1) for name, values in table.items()}


def _matched(folder: FeatureFolder, protocol: MatchingProtocol, key: str) -> MatchedPair:
    reference, warped = (folder.read(key, modality) for modality in (protocol.reference, protocol.warped))
    if len(reference) != len(warped):
        raise PredictionError(
            f"{key}: {len(reference)} channels of {protocol.reference} and {len(warped)} of {protocol.warped}",
            expected="descriptors that can be compared",
            path=folder.folder,
        )
    return match_pair(reference, warped, drawn_homography(key, limits_of(protocol)), protocol)


def _require_same(info: FeaturesInfo, split: PreparedSplit, protocol: MatchingProtocol, path: Path) -> None:
    wanted = {
        "dataset": split.manifest.dataset,
        "edition": split.manifest.edition,
        "data_hash": split.manifest.data_hash,
        "protocol": protocol.id,
        "protocol_sha256": protocol.sha256,
    }
    for name, value in wanted.items():
        if (found := getattr(info, name)) != value:
            raise PredictionError(
                f"the features were made for {name} {found or 'none'}",
                expected=str(value),
                path=path,
                remedy=f"write them with `rgbtbench features … --protocol {protocol.id}`",
            )
