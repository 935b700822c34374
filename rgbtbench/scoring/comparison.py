"""Two results on the same images: their paired difference, how sure it is, and what many comparisons allow to say.

Both results are resampled with the same draws of clusters (paired bootstrap, Efron & Tibshirani 1993, ch. 16), so that
what makes an image hard for both cancels. P-values are two-sided and corrected by Holm's step-down rule (1979), which
holds whatever depends on what. They speak of two sets of weights, never of methods: another seed is another checkpoint.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.protocol import Protocol
from rgbtbench.errors import UserError
from rgbtbench.scoring.family import Measure
from rgbtbench.scoring.intervals import cluster_index, percentile_interval, resampled_values
from rgbtbench.scoring.results import Interval, finite
from rgbtbench.scoring.statistics import Statistics
from rgbtbench.scoring.summary import FEW_CLUSTERS

#: Name of the part that holds all images.
ALL = "all"


@dataclass(frozen=True)
class Difference:
    """One metric of two results on one part of the images, in the metric's unit.

    Attributes:
        part: `all`, `attribute=value`, or `label set=stratum`.
        metric: key of the metric.
        first: value of the first result, None where it is undefined.
        second: value of the second.
        difference: first minus second.
        interval: of the difference; None with too few clusters.
        p_value: of the hypothesis that there is no difference; None below ten clusters.
        corrected_p_value: the same after Holm's correction for everything that was compared with it.
        clusters: that were resampled.
    """

    part: str
    metric: str
    first: float | None
    second: float | None
    difference: float | None
    interval: Interval | None
    p_value: float | None
    clusters: int
    corrected_p_value: float | None = None


def compare(
    protocol: Protocol,
    first: Statistics,
    others: Mapping[str, Statistics],
    *,
    metrics: Sequence[str] | None = None,
) -> dict[str, list[Difference]]:
    """Compare one result with others.

    Args:
        protocol: whose rules made all of them.
        first: statistics of the first result.
        others: name to statistics of the others.
        metrics: keys to compare; None for the headline (and, inside strata that lack it, their first metric).

    Returns:
        Name of the other to differences, `all` first. All p-values are corrected together.

    Raises:
        UserError: the results are not of the same images and clusters, or have no such metric.
    """
    found = {name: _differences(protocol, first, other, metrics, name) for name, other in others.items()}
    held = {row.metric for rows in found.values() for row in rows}
    for key in metrics or ():
        if key not in held:
            raise UserError(
                f"{protocol.id} has no metric {key!r} to compare",
                expected="keys of what `score --json` calls metrics",
                remedy=f"name others, or none for {protocol.rules.headline}",
            )
    tested = [difference.p_value for rows in found.values() for difference in rows if difference.p_value is not None]
    corrected = iter(holm(tested))
    return {
        name: [row if row.p_value is None else replace(row, corrected_p_value=next(corrected)) for row in rows]
        for name, rows in found.items()
    }


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number (Holm, Scand. J. Statist. 6, 1979), in the given order."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    corrected, largest = [0.0] * len(p_values), 0.0
    for rank, at in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[at]))
        corrected[at] = largest
    return corrected


def bootstrap_p_value(differences: NDArray[np.float64]) -> float:
    """Return the two-sided p-value of no difference, from resampled differences (R,).

    It is twice the share of resamples on the other side of zero, zero included; one is added to both counts, so that no
    number of resamples gives certainty (Davison & Hinkley 1997, eq. 4.11).
    """
    beyond = min((differences <= 0).sum(), (differences >= 0).sum())
    return min(1.0, 2.0 * (1.0 + float(beyond)) / (1.0 + len(differences)))


def _differences(
    protocol: Protocol, first: Statistics, second: Statistics, metrics: Sequence[str] | None, name: str
) -> list[Difference]:
    if first.keys != second.keys or not np.array_equal(first.clusters, second.clusters):
        raise UserError(
            f"{name} is a result on other images than the first",
            expected="two results of one protocol on the same data",
            remedy="score both on the same prepared data",
        )
    theirs = _parts(protocol, second)
    return [
        row
        for part, (images, measure) in _parts(protocol, first).items()
        if part in theirs
        for row in _of_part(protocol, part, (measure, theirs[part][1]), first.clusters[images], metrics)
    ]


def _parts(protocol: Protocol, statistics: Statistics) -> dict[str, tuple[NDArray[np.bool_], Measure]]:
    rules, counts, classes = protocol.rules, statistics.counts, statistics.classes
    images = {ALL: np.ones(len(statistics.keys), np.bool_), **statistics.subsets}
    parts = {name: (chosen, counts.measure(rules, classes, chosen)) for name, chosen in images.items()}
    return parts | counts.strata(rules, classes)


def _of_part(
    protocol: Protocol,
    part: str,
    measures: tuple[Measure, Measure],
    clusters: NDArray[np.int64],
    metrics: Sequence[str] | None,
) -> list[Difference]:
    once = np.ones((1, len(clusters)))
    first, second = ({key: finite(value[0]) for key, value in measure(once, False).items()} for measure in measures)
    headline = protocol.rules.headline
    chosen = metrics or [headline if headline in first else next(iter(first))]

    def paired(weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        ours, theirs = (measure(weights, True) for measure in measures)
        return {key: ours[key] - theirs[key] for key in chosen if key in ours}

    resampled = resampled_values(paired, clusters, protocol.intervals)
    units = int(cluster_index(clusters, protocol.intervals).max(initial=-1)) + 1
    rows = []
    for key in (key for key in chosen if key in first):
        ours, theirs, spread = first[key], second[key], resampled.get(key)
        rows.append(
            Difference(
                part=part,
                metric=key,
                first=ours,
                second=theirs,
                difference=None if ours is None or theirs is None else ours - theirs,
                interval=None if spread is None else percentile_interval(spread, protocol.intervals.level),
                p_value=None if spread is None or units < FEW_CLUSTERS else bootstrap_p_value(spread),
                clusters=units,
            )
        )
    return rows
