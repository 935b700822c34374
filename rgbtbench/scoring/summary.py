"""From per-image statistics to every number of a result; no image, label or prediction is needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.protocol import CocoRules, Protocol, SegmentationRules
from rgbtbench.errors import RecordError
from rgbtbench.scoring.average_precision import class_average_precision, class_average_recall, detection_metrics
from rgbtbench.scoring.detection import Matches
from rgbtbench.scoring.intervals import MIN_CLUSTERS, bootstrap_intervals, cluster_index
from rgbtbench.scoring.results import Interval, Subset, Summary
from rgbtbench.scoring.segmentation import apply_background, class_metrics, segmentation_metrics, stratum_metrics
from rgbtbench.scoring.statistics import Confusions, Statistics

#: Below this many clusters an interval is rough, and nothing is called significant.
FEW_CLUSTERS: Final = 10

#: Weights per image (R, N), and those of the whole set (N,) for resamples, to metric key to values (R,).
Measure = Callable[[NDArray[np.float64], NDArray[np.float64] | None], dict[str, NDArray[np.float64]]]
Values = dict[str, float | None]


def summarise(protocol: Protocol, statistics: Statistics) -> Summary:
    """Compute metrics, intervals, classes and subsets.

    Args:
        protocol: whose rules made the statistics.
        statistics: of all images that the protocol scores.

    Raises:
        RecordError: the statistics are those of another metric.
    """
    rules, counts = protocol.rules, statistics.counts
    strata: dict[str, tuple[Measure, NDArray[np.bool_]]]
    everything = np.ones(len(statistics.keys), np.bool_)
    if isinstance(rules, SegmentationRules) and isinstance(counts, Confusions):
        ids = statistics.class_ids.tolist()
        measure = _segmentation_measure(counts.confusion, ids, rules)
        per_class = _segmentation_classes(counts, ids, rules)
        strata = {
            name: (_stratum_measure(pixels, ids, rules), np.asarray(pixels[..., 1].any(axis=1), np.bool_))
            for name, pixels in counts.strata.items()
        }
    elif isinstance(rules, CocoRules) and isinstance(counts, Matches):
        measure = _detection_measure(counts, rules)
        per_class = _detection_classes(counts, rules)
        strata = {}
    else:
        raise RecordError(f"the statistics do not belong to {protocol.id}", remedy="restore the file")
    parts = {name: (measure, images) for name, images in statistics.subsets.items()} | strata
    clusters = int(cluster_index(statistics.clusters, protocol.intervals).max(initial=-1)) + 1
    return Summary(
        metrics=_point(measure, everything),
        intervals=_intervals(measure, everything, statistics, protocol),
        per_class=dict(zip(statistics.class_names, per_class, strict=True)),
        subsets={
            name: Subset(
                images=int(images.sum()),
                metrics=_point(part, images),
                intervals=_intervals(part, images, statistics, protocol),
            )
            for name, (part, images) in parts.items()
        },
        images=len(statistics.keys),
        clusters=clusters,
        notes=_notes(clusters),
    )


def _point(measure: Measure, images: NDArray[np.bool_]) -> Values:
    found = measure(images[None].astype(np.float64), None)
    return {name: _number(values[0]) for name, values in found.items()}


def _intervals(
    measure: Measure, images: NDArray[np.bool_], statistics: Statistics, protocol: Protocol
) -> dict[str, Interval]:
    members = np.flatnonzero(images)
    whole = images.astype(np.float64)

    def weighted(drawn: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        weights = np.zeros((len(drawn), len(images)))
        weights[:, members] = drawn
        return measure(weights, whole)

    return bootstrap_intervals(weighted, statistics.clusters[members], protocol.intervals)


def _segmentation_measure(confusion: NDArray[np.int64], ids: list[int], rules: SegmentationRules) -> Measure:
    # Counts stay below 2**53, so sums of floats are exact and use the fast matrix product.
    flat = confusion.reshape(len(confusion), -1).astype(np.float64)
    shape = confusion.shape[1:]

    def measure(weights: NDArray[np.float64], whole: NDArray[np.float64] | None) -> dict[str, NDArray[np.float64]]:
        reference = None if whole is None else (whole @ flat).reshape(shape)
        return segmentation_metrics((weights @ flat).reshape(-1, *shape), ids=ids, rules=rules, reference=reference)

    return measure


def _stratum_measure(pixels: NDArray[np.int64], ids: list[int], rules: SegmentationRules) -> Measure:
    hits, labelled = pixels[..., 0].astype(np.float64), pixels[..., 1].astype(np.float64)

    def measure(weights: NDArray[np.float64], whole: NDArray[np.float64] | None) -> dict[str, NDArray[np.float64]]:
        reference = None if whole is None else (whole @ hits, whole @ labelled)
        return stratum_metrics(weights @ hits, weights @ labelled, ids=ids, rules=rules, reference=reference)

    return measure


def _detection_measure(matches: Matches, rules: CocoRules) -> Measure:
    def measure(weights: NDArray[np.float64], whole: NDArray[np.float64] | None) -> dict[str, NDArray[np.float64]]:
        return detection_metrics(matches, weights, max_detections=rules.max_detections, reference=whole)

    return measure


def _segmentation_classes(counts: Confusions, ids: list[int], rules: SegmentationRules) -> list[Values]:
    total = apply_background(counts.confusion.sum(axis=0), ids=ids, rules=rules)
    found = class_metrics(total, rules)
    return [{name: _number(values[at]) for name, values in found.items()} for at in range(len(ids))]


def _detection_classes(matches: Matches, rules: CocoRules) -> list[Values]:
    once = np.ones((1, matches.positives.shape[2]))
    precision = class_average_precision(matches, once)[0, :, 0]
    recall = class_average_recall(matches, once, detections=rules.max_detections[-1])[0, :, 0]
    return [
        {"ap": _number(curve.mean()), "ap50": _number(curve[0]), "ap75": _number(curve[5]), "ar": _number(found)}
        for curve, found in zip(precision, recall, strict=True)
    ]


def _number(value: np.float64) -> float | None:
    return float(value) if np.isfinite(value) else None


def _notes(clusters: int) -> tuple[str, ...]:
    if clusters < MIN_CLUSTERS:
        return (f"no intervals: {clusters} clusters are too few to resample",)
    if clusters < FEW_CLUSTERS:
        return (f"intervals are rough: they resample {clusters} clusters",)
    return ()
