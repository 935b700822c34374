"""`score`: predictions of anyone, labels and a protocol in; numbers, intervals and statistics out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.catalog import UNLISTED, protocol_hash
from rgbtbench.cards.protocol import Protocol
from rgbtbench.cards.schema import AttributeValue
from rgbtbench.errors import ShardError, UserError
from rgbtbench.freed_memory import keep_freed_memory
from rgbtbench.loading.prepared import PreparedSplit, open_split
from rgbtbench.predictions.members import read_sidecar
from rgbtbench.predictions.sidecar import Sidecar, require_match
from rgbtbench.progress import Progress, Silent
from rgbtbench.scoring.families import family_of
from rgbtbench.scoring.intervals import cluster_numbers
from rgbtbench.scoring.joined_truth import JoinedTruth
from rgbtbench.scoring.resolve import resolve_protocol, scored_keys_sha256
from rgbtbench.scoring.results import Summary
from rgbtbench.scoring.statistics import Statistics
from rgbtbench.scoring.summary import summarise
from rgbtbench.scoring.truth import PreparedTruth, Truth

__all__ = ["Score", "resolve_protocol", "score", "score_against"]


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

    def as_json(self) -> dict[str, Any]:
        """Return the rules' id and hash and all numbers as plain JSON values; units are those of `metrics.METRICS`."""
        return {
            "protocol": self.protocol.id,
            "protocol_version": self.protocol.version,
            "protocol_hash": protocol_hash(self.protocol),
            "predictions_sha256": self.predictions_sha256,
            "images": self.images,
            "clusters": self.clusters,
            "metrics": self.metrics,
            "intervals": {name: interval.model_dump() for name, interval in self.intervals.items()},
            "per_class": self.per_class,
            "subsets": {name: subset.model_dump() for name, subset in self.subsets.items()},
            "curves": {name: curve.model_dump() for name, curve in self.curves.items()},
            "notes": list(self.notes),
        }


def score(
    protocol: Protocol, split: PreparedSplit, predictions: str | Path, *, progress: Progress | None = None
) -> Score:
    """Score predictions on prepared data.

    Args:
        protocol: from `resolve_protocol`, so that it belongs to the data.
        split: the whole split that the protocol names, the first of several; only labels are read.
        predictions: folder, `.zip`, `.tar` or file, as the protocol's metric reads them (docs/formats/predictions.md).
        progress: is told how many images are done.

    Raises:
        UserError: the protocol belongs to other data, or the split is not whole.
        PredictionError: an image is missing, or a prediction is malformed.
        ShardError: the data is damaged.
    """
    path = Path(predictions)
    splits = _opened(protocol, split)
    sidecar = read_sidecar(path)
    if sidecar is not None:
        require_match(sidecar, _expected_sidecar(protocol, split), path=str(path))
    truths = [PreparedTruth(one, protocol.label_set) for one in splits]
    truth = truths[0] if len(truths) == 1 else JoinedTruth(truths)
    return score_against(truth, protocol, path, sidecar=sidecar, progress=progress)


def score_against(
    truth: Truth,
    protocol: Protocol,
    predictions: Path,
    *,
    sidecar: Sidecar | None = None,
    progress: Progress | None = None,
) -> Score:
    """Score predictions against labels, wherever these come from.

    Args:
        truth: labels of the protocol's label set.
        protocol: the rules.
        predictions: folder, archive or file.
        sidecar: what the predictions say about themselves, if anything.
        progress: is told how many images are done.

    Raises:
        UserError: the labels lack what the protocol asks for.
        PredictionError: an image is missing, or a prediction is malformed.
    """
    keep_freed_memory()
    positions = scored_positions(protocol, truth)
    counts, digest = family_of(protocol.rules).collect(
        protocol.rules, truth, positions, predictions, progress=progress or Silent()
    )
    names, clusters = truth.classes, truth.clusters
    keys = tuple(truth.keys[position] for position in positions)
    statistics = Statistics(
        keys=keys,
        clusters=cluster_numbers(keys, [clusters[position] for position in positions]),
        class_ids=np.array(sorted(names), np.int64),
        class_names=tuple(names[number] for number in sorted(names)),
        subsets=_subsets(protocol, truth, positions),
        counts=counts,
    )
    summary = vars(summarise(protocol, statistics))
    return Score(
        **(summary | {"notes": (*truth.notes, *summary["notes"])}),
        protocol=protocol,
        statistics=statistics.to_arrays(),
        predictions_sha256=digest,
        sidecar=sidecar,
    )


def _opened(protocol: Protocol, first: PreparedSplit) -> list[PreparedSplit]:
    """Return all splits that the protocol scores, the further ones from where the first came from."""
    rest = [open_split(first.store.root, name, label_space=first.label_space) for name in protocol.splits[1:]]
    for name, split in zip(protocol.splits, [first, *rest], strict=True):
        _require_whole_split(protocol, name, split)
    return [first, *rest]


def _require_whole_split(protocol: Protocol, name: str, split: PreparedSplit) -> None:
    facts = split.manifest.split(split.name)
    keys = scored_keys_sha256(split.manifest, protocol)
    unlisted = protocol.edition == UNLISTED and f"-{UNLISTED}-{keys[:8]}/" not in protocol.id
    if (protocol.dataset, protocol.edition) != (split.manifest.dataset, split.manifest.edition) or unlisted:
        raise UserError(
            f"{protocol.id} is not a protocol of this {split.manifest.dataset}, edition {split.manifest.edition}",
            remedy="choose it with resolve_protocol",
        )
    if name != split.name or len(split) != facts.samples:
        raise UserError(
            f"{protocol.id} needs all of split {name}",
            expected=f"{split.manifest.split(name).samples} images",
            remedy="open that split, without selecting samples",
        )
    if protocol.label_space != split.label_space:
        raise UserError(
            f"the split was opened in label space {split.label_space}",
            expected=protocol.label_space,
            remedy=f'open it with label_space="{protocol.label_space}"',
        )


def _expected_sidecar(protocol: Protocol, split: PreparedSplit) -> Sidecar:
    return Sidecar(
        task=protocol.task,
        dataset=protocol.dataset,
        edition=split.manifest.edition,
        split=protocol.split,
        label_set=protocol.label_set,
        label_space=protocol.label_space,
        # Of keys of several splits at once nothing is known beforehand.
        keys_sha256=None if len(protocol.splits) > 1 else split.manifest.split(split.name).keys_sha256,
    )


def scored_positions(protocol: Protocol, truth: Truth) -> list[int]:
    """Return the positions of the images that a protocol scores, by ascending image id.

    Raises:
        UserError: the labels do not say what the protocol chooses images by.
        ShardError: there is no such image.
    """
    for name in protocol.where.keys() - truth.attributes.keys():
        raise UserError(
            f"{protocol.id} asks for {name}, which these labels do not say", remedy="score against prepared data"
        )
    positions = [
        position
        for position in range(len(truth.keys))
        if all(truth.attributes[name][position] == value for name, value in protocol.where.items())
    ]
    if not positions:
        raise ShardError(f"no image of split {protocol.split} has {protocol.where}", remedy="prepare the whole dataset")
    return sorted(positions, key=lambda position: truth.image_ids[position])


def _subsets(protocol: Protocol, truth: Truth, positions: Sequence[int]) -> dict[str, NDArray[np.bool_]]:
    """Return which images share each value of an attribute that is reported; unknown values form no subset."""
    subsets: dict[str, NDArray[np.bool_]] = {}
    # Labels in files may say less about images than a dataset's card promises; what they do not say divides nothing.
    for attribute in (name for name in protocol.report_by if name in truth.attributes):
        values = [_text(truth.attributes[attribute][position]) for position in positions]
        for value in sorted(set(values) - {None}, key=str):
            subsets[f"{attribute}={value}"] = np.array([other == value for other in values])
    return subsets


def _text(value: AttributeValue) -> str | None:
    return str(value).lower() if isinstance(value, bool) else None if value is None else str(value)
