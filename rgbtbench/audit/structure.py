"""Which modality shows structure where: how unevenly a pair's information is spread over its cameras.

A light relative of the cross-modality structural sparsity (CMSS) of M-SpecGene (Zhou et al., ICCV 2025). There, a
patch's CMSS is sqrt((c + 1) / 2), with c the cosine of the two modalities' patch tokens, over the product of the
tokens' variances, normalised by the largest of a batch: high on flat patches that look alike, low where there is
structure or the modalities differ. Here the tokens of a network are replaced by what is measured without one: c is
the cosine of the polarity-free edge fields of a cell, the variances are of its grey levels, and the product is bounded
by a fixed scale instead of the batch's largest. The numbers are therefore not those of the paper; they compare
datasets, conditions and pairs with each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rgbtbench.audit.gradients import Edges
from rgbtbench.structural_sparsity import structural_sparsity

#: Side of a cell in pixels at half the working size.
CELL: Final = 8
#: A cell shows structure when its grey levels deviate by more than this; half of it is the scale of CMSS.
STRUCTURED: Final = 6.0
#: CMSS is counted in this many equal steps from 0 to 1.
BINS: Final = 20


@dataclass(frozen=True, slots=True)
class Structure:
    """What the cells of a pair show.

    Attributes:
        both, first, second, neither: shares of the cells with structure in both modalities, in one alone, in none.
        cmss: mean over the cells, from 0 to 1.
        histogram: int64 (`BINS`,), cells by CMSS.
    """

    both: float
    first: float
    second: float
    neither: float
    cmss: float
    histogram: NDArray[np.int64]

    @property
    def balance(self) -> float:
        """-1 when only the second modality shows structure, 1 when only the first does, 0 when both show as much."""
        shown = self.both + self.first + self.second
        return 0.0 if shown == 0 else (self.first - self.second) / shown


def structure(first: Edges, second: Edges) -> Structure:
    """Compare the structure of two images of the same scene cell by cell.

    Args:
        first: edges of the first modality.
        second: edges of the other one, of equal shape.
    """
    shape = _grid(first)
    one, two = _variance(first.half_grey, shape), _variance(second.half_grey, shape)
    cmss = _cmss(first, second, one, two)
    has_one, has_two = one > STRUCTURED**2, two > STRUCTURED**2
    return Structure(
        both=float((has_one & has_two).mean()),
        first=float((has_one & ~has_two).mean()),
        second=float((~has_one & has_two).mean()),
        neither=float((~has_one & ~has_two).mean()),
        cmss=float(cmss.mean()),
        histogram=np.histogram(cmss, BINS, (0.0, 1.0))[0].astype(np.int64),
    )


def cmss_cells(first: Edges, second: Edges) -> NDArray[np.float64]:
    """Return the light CMSS of each cell, (rows, columns), from 0 to 1; arguments are those of `structure`."""
    shape = _grid(first)
    return _cmss(first, second, _variance(first.half_grey, shape), _variance(second.half_grey, shape))


def _grid(of: Edges) -> tuple[int, int]:
    """Return columns and rows of cells."""
    return max(1, of.half_grey.shape[1] // CELL), max(1, of.half_grey.shape[0] // CELL)


def _cmss(first: Edges, second: Edges, one: NDArray[np.float64], two: NDArray[np.float64]) -> NDArray[np.float64]:
    shape = _grid(first)
    shared = _cells((first.half_field * second.half_field.conj()).real, shape)
    lengths = _cells(_power(first.half_field), shape) * _cells(_power(second.half_field), shape)
    cosine = np.where(lengths > 0, shared / np.sqrt(np.where(lengths > 0, lengths, 1)), 1.0)
    flat = (STRUCTURED / 2) ** 2
    return structural_sparsity(cosine.clip(-1, 1), 1 + one / flat, 1 + two / flat)


def _variance(grey: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float64]:
    mean = _cells(grey, shape)
    return np.maximum(_cells(grey * grey, shape) - mean * mean, 0)


def _power(field: NDArray[np.complex64]) -> NDArray[np.float32]:
    return field.real * field.real + field.imag * field.imag


def _cells(values: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float64]:
    """Return the mean of each cell, (rows, columns)."""
    return np.asarray(cv2.resize(values, shape, interpolation=cv2.INTER_AREA), np.float64)
