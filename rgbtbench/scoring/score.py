"""`score`: predictions of anyone, prepared data and a protocol in; numbers, intervals and statistics out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.catalog import UNLISTED
from rgbtbench.cards.protocol import Protocol, SegmentationRules
from rgbtbench.cards.schema import AttributeValue
from rgbtbench.errors import ShardError, UserError
from rgbtbench.loading.prepared import PreparedSplit
from rgbtbench.predictions.members import read_sidecar
from rgbtbench.predictions.sidecar import Sidecar, require_match
from rgbtbench.progress import Progress, Silent
from rgbtbench.scoring.collect import collect_confusions, collect_matches
from rgbtbench.scoring.detection import Matches
from rgbtbench.scoring.resolve import resolve_protocol
from rgbtbench.scoring.results import Summary
from rgbtbench.scoring.statistics import Confusions, Statistics
from rgbtbench.scoring.summary import summarise

__all__ = ["Score", "resolve_protocol", "score"]


@dataclass(frozen=True, kw_only=True)
class Score(Summary):
    """A result: the numbers of `Summary`, and what they were made from.

    Attributes:
        protocol: the rules.
        statistics: named arrays from which every number can be computed again; see `Statistics.to_arrays`.
        predictions_sha256: over the decoded content, whatever its order and container.
        sidecar: what the predictions say about themselves, if anything.
    """

    protocol: Protocol
    statistics: Mapping[str, NDArray[np.generic]] = field(repr=False)
    predictions_sha256: str
    sidecar: Sidecar | None


def score(
    protocol: Protocol, truth: PreparedSplit, predictions: str | Path, *, progress: Progress | None = None
) -> Score:
    """Score predictions under a protocol.

    Args:
        protocol: from `resolve_protocol`, so that it belongs to the data.
        truth: the whole split that the protocol names; only labels are read.
        predictions: folder, `.zip` or `.tar` of `<key>.png` (segmentation), or COCO results, a file or a folder with
            `detections.json` (detection).
        progress: is told how many images are done.

    Raises:
        UserError: the protocol belongs to other data, or the split is not whole.
        PredictionError: an image is missing, or a prediction is malformed; see docs/formats/predictions.md.
        ShardError: the data is damaged.
    """
    path = Path(predictions)
    _require_whole_split(protocol, truth)
    sidecar = read_sidecar(path)
    if sidecar is not None:
        require_match(sidecar, _expected_sidecar(protocol, truth), path=str(path))
    positions = _scored_positions(protocol, truth)
    reporting = progress or Silent()
    rules = protocol.rules
    labels = truth.only(modalities=(), label_sets=(protocol.label_set,))
    names = labels.classes(protocol.label_set)
    counts: Confusions | Matches
    if isinstance(rules, SegmentationRules):
        counts, digest = collect_confusions(rules, labels, positions, path, progress=reporting)
    else:
        positions.sort(key=lambda position: truth.image_ids[position])
        counts, digest = collect_matches(rules, labels, positions, path, progress=reporting)
    statistics = Statistics(
        keys=tuple(truth.keys[position] for position in positions),
        clusters=_cluster_numbers(truth, positions),
        class_ids=np.array(sorted(names), np.int64),
        class_names=tuple(names[number] for number in sorted(names)),
        subsets=_subsets(protocol, truth, positions),
        counts=counts,
    )
    return Score(
        **vars(summarise(protocol, statistics)),
        protocol=protocol,
        statistics=statistics.to_arrays(),
        predictions_sha256=digest,
        sidecar=sidecar,
    )


def _require_whole_split(protocol: Protocol, truth: PreparedSplit) -> None:
    facts = truth.manifest.split(truth.name)
    unlisted = protocol.edition == UNLISTED and f"-{UNLISTED}-{facts.keys_sha256[:8]}/" not in protocol.id
    if (protocol.dataset, protocol.edition) != (truth.manifest.dataset, truth.manifest.edition) or unlisted:
        raise UserError(
            f"{protocol.id} is not a protocol of this {truth.manifest.dataset}, edition {truth.manifest.edition}",
            remedy="choose it with resolve_protocol",
        )
    if protocol.split != truth.name or len(truth) != facts.samples:
        raise UserError(
            f"{protocol.id} needs all of split {protocol.split}",
            expected=f"{truth.manifest.split(protocol.split).samples} images",
            remedy="open that split, without selecting samples",
        )
    if protocol.label_space != truth.label_space:
        raise UserError(
            f"the split was opened in label space {truth.label_space}",
            expected=protocol.label_space,
            remedy=f'open it with label_space="{protocol.label_space}"',
        )


def _expected_sidecar(protocol: Protocol, truth: PreparedSplit) -> Sidecar:
    return Sidecar(
        task=protocol.task,
        dataset=protocol.dataset,
        edition=truth.manifest.edition,
        split=truth.name,
        label_set=protocol.label_set,
        label_space=protocol.label_space,
        keys_sha256=truth.manifest.split(truth.name).keys_sha256,
    )


def _scored_positions(protocol: Protocol, truth: PreparedSplit) -> list[int]:
    columns = truth.attributes
    positions = [
        position
        for position in range(len(truth))
        if all(columns[name][position] == value for name, value in protocol.where.items())
    ]
    if not positions:
        raise ShardError(f"no image of split {truth.name} has {protocol.where}", remedy="prepare the whole dataset")
    return positions


def _cluster_numbers(truth: PreparedSplit, positions: list[int]) -> NDArray[np.int64]:
    """Number the clusters in order of appearance; an image without a cluster is one of its own."""
    keys, clusters = truth.keys, truth.clusters
    units = [(clusters[at], "") if clusters[at] is not None else (None, keys[at]) for at in positions]
    numbers = {unit: number for number, unit in enumerate(dict.fromkeys(units))}
    return np.array([numbers[unit] for unit in units], np.int64)


def _subsets(protocol: Protocol, truth: PreparedSplit, positions: list[int]) -> dict[str, NDArray[np.bool_]]:
    """Return which images share each value of an attribute that is reported; unknown values form no subset."""
    subsets: dict[str, NDArray[np.bool_]] = {}
    for attribute in protocol.report_by:
        values = [_text(truth.attributes[attribute][position]) for position in positions]
        for value in sorted(set(values) - {None}, key=str):
            subsets[f"{attribute}={value}"] = np.array([other == value for other in values])
    return subsets


def _text(value: AttributeValue) -> str | None:
    return str(value).lower() if isinstance(value, bool) else None if value is None else str(value)
