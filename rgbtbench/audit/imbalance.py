"""How unevenly a split's structure is spread over its modalities, overall and per value of each attribute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from rgbtbench.audit.breakdown import by_attribute
from rgbtbench.audit.measures import SplitMeasures, StructureColumns


@dataclass(frozen=True, slots=True)
class StructureSummary:
    """Means over some samples; see `structure.Structure`.

    Attributes:
        samples: number of them.
        both, first, second, neither: shares of the cells, from 0 to 1; null without samples.
        cmss: mean of the light CMSS.
    """

    samples: int
    both: float | None = None
    first: float | None = None
    second: float | None = None
    neither: float | None = None
    cmss: float | None = None

    @property
    def balance(self) -> float | None:
        """-1 when only the second modality shows structure, 1 when only the first does, 0 when both show as much."""
        if self.both is None or self.first is None or self.second is None:
            return None
        shown = self.both + self.first + self.second
        return (self.first - self.second) / shown if shown else 0.0


@dataclass(frozen=True, slots=True)
class Imbalance:
    """How one modality of a split compares with the first.

    Attributes:
        first, second: the modalities.
        overall: of all samples.
        by_attribute: attribute to value to summary.
        histogram: cells by light CMSS, in equal steps from 0 to 1.
    """

    first: str
    second: str
    overall: StructureSummary
    by_attribute: Mapping[str, Mapping[str, StructureSummary]]
    histogram: tuple[int, ...]


def imbalances(split: SplitMeasures) -> list[Imbalance]:
    """Return how each modality that was compared is balanced against the first."""
    return [
        Imbalance(
            first=split.first,
            second=name,
            overall=_summary(columns, np.ones(len(split), np.bool_)),
            by_attribute=by_attribute(split, partial(_summary, columns)),
            histogram=tuple(columns.histogram.tolist()),
        )
        for name, columns in split.structures.items()
    ]


def _summary(columns: StructureColumns, having: NDArray[np.bool_]) -> StructureSummary:
    known = having & np.isfinite(columns.cmss)
    if not known.any():
        return StructureSummary(0)
    both, first, second, neither = columns.shares[known].mean(axis=0, dtype=np.float64).tolist()
    return StructureSummary(int(known.sum()), both, first, second, neither, float(columns.cmss[known].mean()))
