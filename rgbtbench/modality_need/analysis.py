"""From three sets of predictions of one protocol to which modality was needed, overall and part by part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.protocol import Protocol
from rgbtbench.cards.rules import SegmentationRules
from rgbtbench.errors import UserError
from rgbtbench.loading.prepared import PreparedSplit
from rgbtbench.modality_need.objects import tally_objects
from rgbtbench.modality_need.outcomes import shares_of
from rgbtbench.modality_need.pixels import tally_pixels
from rgbtbench.modality_need.tally import Tally
from rgbtbench.modality_need.views import Modalities, modalities_of
from rgbtbench.progress import Progress, Silent
from rgbtbench.scoring.intervals import bootstrap_intervals, cluster_numbers
from rgbtbench.scoring.results import Interval, finite
from rgbtbench.scoring.score import scored_positions
from rgbtbench.scoring.truth import PreparedTruth

#: Metrics whose predictions are boxes.
_OF_BOXES: Final = ("coco_ap", "voc_ap", "yolo_ap")


@dataclass(frozen=True, slots=True)
class Part:
    """Some objects or pixels.

    Attributes:
        count: how many there are.
        shares: as `outcomes.SHARES`, in percent; None where there are none.
    """

    count: int
    shares: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Need:
    """Which modality was needed.

    Attributes:
        protocol: id.
        unit: `objects` or `pixels`.
        modalities: which stand for RGB and thermal.
        images: number of images.
        false_alarms: per image and class that each model may raise; None for pixels.
        thresholds: model to class to the score above which its detections count, None for all; empty for pixels.
        overall: of everything.
        intervals: of the overall shares, by the bootstrap of the protocol; empty with too few clusters.
        titles: what is divided by, to its title.
        parts: the same to value to part.
    """

    protocol: str
    unit: str
    modalities: Modalities
    images: int
    false_alarms: float | None
    thresholds: Mapping[str, Mapping[str, float | None]]
    overall: Part
    intervals: Mapping[str, Interval]
    titles: Mapping[str, str]
    parts: Mapping[str, Mapping[str, Part]]

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "protocol": self.protocol,
            "unit": self.unit,
            "modalities": {"rgb": self.modalities.rgb, "thermal": self.modalities.thermal},
            "images": self.images,
            "false_alarms_per_image": self.false_alarms,
            "thresholds": {model: dict(scores) for model, scores in self.thresholds.items()},
            "count": self.overall.count,
            "shares": dict(self.overall.shares),
            "intervals": {name: interval.model_dump() for name, interval in self.intervals.items()},
            "parts": {
                name: {value: {"count": part.count, "shares": dict(part.shares)} for value, part in values.items()}
                for name, values in self.parts.items()
            },
        }


def modality_need(
    protocol: Protocol,
    split: PreparedSplit,
    predictions: Mapping[str, Path],
    *,
    false_alarms: float = 0.1,
    progress: Progress | None = None,
) -> Need:
    """Compare three sets of predictions object by object, or pixel by pixel.

    Args:
        protocol: of boxes or of semantic masks; its labels, images and rules count.
        split: the prepared split that it scores, with images.
        predictions: `rgb`, `thermal` and `fusion` to predictions, as the protocol's metric reads them.
        false_alarms: per image and class; each detector counts at the score where it raises so many.
        progress: is told of images.

    Raises:
        UserError: the protocol scores neither boxes nor semantic masks, or the data lacks a modality.
        PredictionError: an image is missing, or a prediction is malformed.
    """
    if len(protocol.splits) > 1:
        raise UserError(f"{protocol.id} joins several splits", remedy="choose a protocol of one of them")
    modalities, reporting = modalities_of(split), progress or Silent()
    truth = PreparedTruth(split, protocol.label_set)
    positions = scored_positions(protocol, truth)
    thresholds: dict[str, dict[str, float | None]] = {}
    if isinstance(protocol.rules, SegmentationRules):
        tally = tally_pixels(
            split, protocol.label_set, protocol.rules, positions, predictions, modalities, progress=reporting
        )
    elif protocol.rules.metric in _OF_BOXES:
        tally, thresholds = tally_objects(
            split,
            protocol.label_set,
            positions,
            predictions,
            modalities,
            false_alarms=false_alarms,
            progress=reporting,
        )
    else:
        raise UserError(
            f"{protocol.id} scores neither boxes by average precision nor semantic masks",
            remedy="choose such a protocol of the same data",
        )
    _add_attributes(tally, split, protocol, positions)
    images = np.stack(tally.images).astype(np.float64)
    clusters = cluster_numbers([truth.keys[at] for at in positions], [truth.clusters[at] for at in positions])
    intervals = bootstrap_intervals(lambda weights: shares_of(weights @ images), clusters, protocol.intervals)
    return Need(
        protocol=protocol.id,
        unit="pixels" if isinstance(protocol.rules, SegmentationRules) else "objects",
        modalities=modalities,
        images=len(positions),
        false_alarms=None if isinstance(protocol.rules, SegmentationRules) else false_alarms,
        thresholds=thresholds,
        overall=_part(images.sum(axis=0)),
        intervals=intervals,
        titles=tally.titles,
        parts={
            name: {value: _part(counts) for value, counts in values.items() if counts.any()}
            for name, values in tally.parts.items()
        },
    )


def _add_attributes(tally: Tally, split: PreparedSplit, protocol: Protocol, positions: Sequence[int]) -> None:
    """Divide by the attributes that the protocol reports."""
    for name in protocol.report_by:
        values = split.attributes[name]
        for position, counts in zip(positions, tally.images, strict=True):
            if values[position] is not None:
                tally.add_value(name, str(values[position]), counts)


def _part(counts: NDArray[np.floating] | NDArray[np.int64]) -> Part:
    shares = shares_of(np.asarray(counts, np.float64)[None])
    return Part(int(counts.sum()), {name: finite(values[0]) for name, values in shares.items()})
