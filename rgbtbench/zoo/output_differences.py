"""How far the outputs of a graph are from those of another program that runs it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

#: Of an image's rows that are chosen and ranked so many may be others: boxes that are equally sure, or overlap as much
#: as is just allowed, are told apart by rounding.
_OTHERS: Final = 0.01
#: Stands for the largest value of an output that is nothing but zeros.
_SMALLEST: Final = 1e-6


def largest_difference(found: Sequence[Tensor], wanted: Sequence[Tensor], *, ranked: bool) -> float:
    """Return the largest difference of any output, relative to the output's largest value.

    Args:
        found: float32 (B, …) for each output.
        wanted: the same of the graph itself.
        ranked: whether the outputs (B, L, …) have rows that are chosen and ranked by what the network says; see
            `rgbtbench.zoo.graph.Plain`. Each row is then compared with the nearest one of the same image, in both
            directions, and the worst hundredth does not count. Rows of nothing but zeros are none.

    Returns:
        Infinity where shapes differ, a value is not finite, or one of both has no rows.
    """
    alike = [output.shape for output in found] == [output.shape for output in wanted]
    if not alike or not all(bool(output.isfinite().all()) for output in (*found, *wanted)):
        return math.inf
    scales = [max(float(output.abs().max()), _SMALLEST) for output in wanted]
    found, wanted = (
        [output / scale for output, scale in zip(outputs, scales, strict=True)] for outputs in (found, wanted)
    )
    if not ranked:
        return max(float((one - other).abs().max()) for one, other in zip(found, wanted, strict=True))
    images = zip(_rows(found), _rows(wanted), strict=True)
    return max(max(_farthest(one, other), _farthest(other, one)) for one, other in images)


def _rows(outputs: Sequence[Tensor]) -> list[Tensor]:
    """Return float32 (rows, values) of each image, without those of nothing but zeros."""
    joint = torch.cat([output.flatten(2) for output in outputs], dim=2)
    return [rows[rows.any(dim=1)] for rows in joint]


def _farthest(rows: Tensor, others: Tensor) -> float:
    """Return how far a row is from the nearest one of the others, at most, but for the worst hundredth."""
    if len(rows) == 0:
        return 0.0
    if len(others) == 0:
        return math.inf
    nearest = torch.cdist(rows, others, p=math.inf).amin(dim=1).sort().values
    return float(nearest[-1 - math.floor(_OTHERS * len(rows))])
