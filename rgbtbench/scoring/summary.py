"""From per-image statistics to every number of a result; no image, label or prediction is needed."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.protocol import Protocol
from rgbtbench.errors import RecordError
from rgbtbench.scoring.families import family_of
from rgbtbench.scoring.family import Measure
from rgbtbench.scoring.intervals import MIN_CLUSTERS, bootstrap_intervals, cluster_index
from rgbtbench.scoring.results import Subset, Summary, finite
from rgbtbench.scoring.statistics import Statistics

#: Below this many clusters an interval is rough, and nothing is called significant.
FEW_CLUSTERS: Final = 10


def summarise(protocol: Protocol, statistics: Statistics) -> Summary:
    """Compute metrics, intervals, classes, subsets and curves.

    Args:
        protocol: whose rules made the statistics.
        statistics: of all images that the protocol scores.

    Raises:
        RecordError: the statistics are those of another metric.
    """
    rules, counts, classes = protocol.rules, statistics.counts, statistics.classes
    if not isinstance(counts, family_of(rules).counts):
        raise RecordError(f"the statistics do not belong to {protocol.id}", remedy="restore the file")
    parts = {name: (images, counts.measure(rules, classes, images)) for name, images in statistics.subsets.items()}
    parts |= counts.strata(rules, classes)
    everything = np.ones(len(statistics.keys), np.bool_)
    whole = _subset(counts.measure(rules, classes, everything), everything, statistics, protocol)
    clusters = int(cluster_index(statistics.clusters, protocol.intervals).max(initial=-1)) + 1
    return Summary(
        metrics=whole.metrics,
        intervals=whole.intervals,
        per_class=counts.per_class(rules, classes),
        subsets={name: _subset(measure, images, statistics, protocol) for name, (images, measure) in parts.items()},
        images=whole.images,
        clusters=clusters,
        curves=counts.curves(rules, classes),
        notes=(*counts.notes(rules, classes), *_notes(clusters)),
    )


def _subset(measure: Measure, images: NDArray[np.bool_], statistics: Statistics, protocol: Protocol) -> Subset:
    count = int(images.sum())
    metrics = {name: finite(values[0]) for name, values in measure(np.ones((1, count)), False).items()}
    intervals = bootstrap_intervals(
        lambda weights: measure(weights, True), statistics.clusters[images], protocol.intervals
    )
    return Subset(images=count, metrics=metrics, intervals=intervals)


def _notes(clusters: int) -> tuple[str, ...]:
    if clusters < MIN_CLUSTERS:
        return (f"no intervals: {clusters} clusters are too few to resample",)
    if clusters < FEW_CLUSTERS:
        return (f"intervals are rough: they resample {clusters} clusters",)
    return ()
