"""From per-image statistics to every number of a result; no image, label or prediction is needed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.protocol import CocoRules, Protocol, SegmentationRules
from rgbtbench.errors import RecordError
from rgbtbench.scoring.average_precision import class_average_precision, class_average_recall, detection_metrics
from rgbtbench.scoring.detection import Matches
from rgbtbench.scoring.intervals import MIN_CLUSTERS, bootstrap_intervals, cluster_index
from rgbtbench.scoring.results import Subset, Summary
from rgbtbench.scoring.segmentation import apply_background, class_metrics, segmentation_metrics, stratum_metrics
from rgbtbench.scoring.statistics import Confusions, Statistics

#: Below this many clusters an interval is rough, and nothing is called significant.
FEW_CLUSTERS: Final = 10

#: Weights of the images of one part (R, n), and whether they are resamples, to metric key to values (R,).
Measure = Callable[[NDArray[np.float64], bool], dict[str, NDArray[np.float64]]]
Values = dict[str, float | None]


def summarise(protocol: Protocol, statistics: Statistics) -> Summary:
    """Compute metrics, intervals, classes and subsets.

    Args:
        protocol: whose rules made the statistics.
        statistics: of all images that the protocol scores.

    Raises:
        RecordError: the statistics are those of another metric.
    """
    rules, counts, ids = protocol.rules, statistics.counts, statistics.class_ids.tolist()
    subsets: dict[str, Subset] = {}
    if isinstance(rules, SegmentationRules) and isinstance(counts, Confusions):
        measure_of: Callable[[NDArray[np.bool_]], Measure] = partial(_segmentation_measure, counts, ids, rules)
        per_class = _segmentation_classes(counts, ids, rules)
    elif isinstance(rules, CocoRules) and isinstance(counts, Matches):
        measure_of = partial(_detection_measure, counts, rules)
        per_class = _detection_classes(counts, rules)
    else:
        raise RecordError(f"the statistics do not belong to {protocol.id}", remedy="restore the file")
    for name, images in statistics.subsets.items():
        subsets[name] = _subset(measure_of(images), images, statistics, protocol)
    if isinstance(rules, SegmentationRules) and isinstance(counts, Confusions):
        for name, pixels in counts.strata.items():
            images = np.asarray(pixels[..., 1].any(axis=1), np.bool_)
            subsets[name] = _subset(_stratum_measure(pixels[images], ids, rules), images, statistics, protocol)
    everything = np.ones(len(statistics.keys), np.bool_)
    whole = _subset(measure_of(everything), everything, statistics, protocol)
    clusters = int(cluster_index(statistics.clusters, protocol.intervals).max(initial=-1)) + 1
    return Summary(
        metrics=whole.metrics,
        intervals=whole.intervals,
        per_class=dict(zip(statistics.class_names, per_class, strict=True)),
        subsets=subsets,
        images=whole.images,
        clusters=clusters,
        notes=_notes(clusters),
    )


def _subset(measure: Measure, images: NDArray[np.bool_], statistics: Statistics, protocol: Protocol) -> Subset:
    count = int(images.sum())
    metrics = {name: _number(values[0]) for name, values in measure(np.ones((1, count)), False).items()}
    intervals = bootstrap_intervals(
        lambda weights: measure(weights, True), statistics.clusters[images], protocol.intervals
    )
    return Subset(images=count, metrics=metrics, intervals=intervals)


def _segmentation_measure(
    counts: Confusions, ids: list[int], rules: SegmentationRules, images: NDArray[np.bool_]
) -> Measure:
    # Counts stay below 2**53, so sums of floats are exact and use the fast matrix product.
    confusion = counts.confusion[images].astype(np.float64)
    flat, total = confusion.reshape(len(confusion), -1), confusion.sum(axis=0)

    def measure(weights: NDArray[np.float64], resampled: bool) -> dict[str, NDArray[np.float64]]:
        summed = (weights @ flat).reshape(-1, *total.shape)
        return segmentation_metrics(summed, ids=ids, rules=rules, reference=total if resampled else None)

    return measure


def _stratum_measure(pixels: NDArray[np.int64], ids: list[int], rules: SegmentationRules) -> Measure:
    hits, labelled = pixels[..., 0].astype(np.float64), pixels[..., 1].astype(np.float64)
    total = hits.sum(axis=0), labelled.sum(axis=0)

    def measure(weights: NDArray[np.float64], resampled: bool) -> dict[str, NDArray[np.float64]]:
        reference = total if resampled else None
        return stratum_metrics(weights @ hits, weights @ labelled, ids=ids, rules=rules, reference=reference)

    return measure


def _detection_measure(matches: Matches, rules: CocoRules, images: NDArray[np.bool_]) -> Measure:
    chosen = matches.of_images(images)

    def measure(weights: NDArray[np.float64], resampled: bool) -> dict[str, NDArray[np.float64]]:
        return detection_metrics(chosen, weights, max_detections=rules.max_detections, resampled=resampled)

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
