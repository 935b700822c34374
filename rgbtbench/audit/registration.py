"""The offsets of a whole split in a few numbers, overall and per value of each attribute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.audit.breakdown import by_attribute
from rgbtbench.audit.measures import OffsetColumns, SplitMeasures

#: Lengths are counted by these shares of the longer side; the last count is of those beyond.
STEPS: Final = (0.0, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05)


@dataclass(frozen=True, slots=True)
class OffsetSummary:
    """Offsets of some samples, in pixels of the first modality; only reliable ones count, except in `samples`.

    Attributes:
        samples: with an offset, reliable or not.
        reliable: number of them that are.
        x, y: medians: what is common to all is an error of the calibration.
        median, high: median and 90th percentile of the lengths.
        spread: median of the standard errors.
    """

    samples: int
    reliable: int
    x: float | None = None
    y: float | None = None
    median: float | None = None
    high: float | None = None
    spread: float | None = None


@dataclass(frozen=True, slots=True)
class Registration:
    """How one modality of a split lies on the first.

    Attributes:
        first, second: the modalities.
        overall: of all samples.
        by_attribute: attribute to value to summary.
        lengths: reliable offsets by length in `STEPS`, one number per step; the last is of those beyond.
        farthest: positions in the split of the reliable offsets, longest first.
    """

    first: str
    second: str
    overall: OffsetSummary
    by_attribute: Mapping[str, Mapping[str, OffsetSummary]]
    lengths: tuple[int, ...]
    farthest: tuple[int, ...]


_FARTHEST: Final = 12


def registrations(split: SplitMeasures) -> list[Registration]:
    """Return how each modality that was compared lies on the first."""
    return [_registration(split, name, columns) for name, columns in split.offsets.items()]


def _registration(split: SplitMeasures, name: str, columns: OffsetColumns) -> Registration:
    everyone = np.ones(len(split), np.bool_)
    reliable = columns.reliable
    share = columns.lengths[reliable] / columns.longest[reliable]
    by_length = np.flatnonzero(reliable)[np.argsort(-share, kind="stable")]
    steps = np.bincount(np.digitize(share, STEPS[1:]), minlength=len(STEPS))
    return Registration(
        first=split.first,
        second=name,
        overall=_summary(columns, everyone),
        by_attribute=by_attribute(split, partial(_summary, columns)),
        lengths=tuple(steps.tolist()),
        farthest=tuple(by_length[:_FARTHEST].tolist()),
    )


def _summary(columns: OffsetColumns, having: NDArray[np.bool_]) -> OffsetSummary:
    known, reliable = having & columns.known, having & columns.reliable
    samples, count = int(known.sum()), int(reliable.sum())
    if not count:
        return OffsetSummary(samples, 0)
    lengths = columns.lengths[reliable]
    return OffsetSummary(
        samples=samples,
        reliable=count,
        x=float(np.median(columns.x[reliable])),
        y=float(np.median(columns.y[reliable])),
        median=float(np.median(lengths)),
        high=float(np.percentile(lengths, 90)),
        spread=float(np.median(columns.spread[reliable])),
    )
