"""The parts of a result: intervals, subsets, and what a set of statistics says as a whole."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

from pydantic import Field, model_validator

from rgbtbench.cards.schema import Strict

#: More would not be seen, and records stay small.
MAX_CURVE_POINTS: Final = 256


class Interval(Strict):
    """Percentile bootstrap interval of one metric."""

    low: float
    high: float


class Subset(Strict):
    """The same metrics on a part of the images or pixels."""

    images: int
    metrics: dict[str, float | None]
    intervals: dict[str, Interval] = Field(default_factory=dict)


class Curve(Strict):
    """A curve behind a number, such as precision over recall: points of equal count, at most `MAX_CURVE_POINTS`."""

    x_name: str
    y_name: str
    x: tuple[float, ...]
    y: tuple[float, ...]

    @model_validator(mode="after")
    def _points(self) -> Curve:
        if len(self.x) != len(self.y) or len(self.x) > MAX_CURVE_POINTS:
            raise ValueError(f"{len(self.x)} x and {len(self.y)} y, at most {MAX_CURVE_POINTS} of both")
        return self


def finite(value: float) -> float | None:
    """Return a number as records hold it: None where it is undefined."""
    return float(value) if math.isfinite(value) else None


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
        curves: name to curve.
        notes: what a reader should know about these numbers.
    """

    metrics: dict[str, float | None]
    intervals: dict[str, Interval]
    per_class: dict[str, dict[str, float | None]]
    subsets: dict[str, Subset]
    images: int
    clusters: int
    curves: dict[str, Curve] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
