"""The parts of a result: intervals, subsets, and what a set of statistics says as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from rgbtbench.cards.schema import Strict


class Interval(Strict):
    """Percentile bootstrap interval of one metric."""

    low: float
    high: float


class Subset(Strict):
    """The same metrics on a part of the images or pixels."""

    images: int
    metrics: dict[str, float | None]
    intervals: dict[str, Interval] = Field(default_factory=dict)


@dataclass(frozen=True)
class Summary:
    """What per-image statistics say under a protocol. Units are those of `rgbtbench.scoring.metrics`.

    Attributes:
        metrics: metric key to value, None where it is undefined.
        intervals: metric key to interval; empty where there are too few clusters.
        per_class: class name to metric key to value.
        subsets: `attribute=value` or `label set=stratum` to the metrics there.
        images: number of images.
        clusters: number of clusters that are resampled.
        notes: what a reader should know about these numbers.
    """

    metrics: dict[str, float | None]
    intervals: dict[str, Interval]
    per_class: dict[str, dict[str, float | None]]
    subsets: dict[str, Subset]
    images: int
    clusters: int
    notes: tuple[str, ...] = ()
