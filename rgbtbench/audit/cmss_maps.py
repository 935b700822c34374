"""Where in the frame there is little to see: maps of CMSS (light) over a split, and of single pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rgbtbench.audit.gradients import edges, edges_beside
from rgbtbench.audit.measures import SplitMeasures
from rgbtbench.audit.pixels import grey8
from rgbtbench.audit.structure import cmss_cells
from rgbtbench.errors import ShardError

#: Pairs that a mean is taken over, spread evenly over the split: more change nothing that can be seen.
_AVERAGED: Final = 200
#: Pairs that are shown, from the lowest mean CMSS to the highest.
_SHOWN: Final = 6

Map = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PairMap:
    """One pair.

    Attributes:
        row: position in the split.
        mean: of its cells, from 0 to 1.
        cells: (rows, columns), from 0 to 1.
    """

    row: int
    mean: float
    cells: Map


@dataclass(frozen=True, slots=True)
class CmssMaps:
    """How the CMSS of one modality of a split with the first is spread.

    Attributes:
        first, second: the modalities.
        averaged: number of pairs behind `mean`.
        mean: cells, (rows, columns).
        pairs: examples, the lowest CMSS first.
    """

    first: str
    second: str
    averaged: int
    mean: Map
    pairs: tuple[PairMap, ...]


def cmss_maps(split: SplitMeasures) -> list[CmssMaps]:
    """Return the maps of every modality that was compared; pairs with a damaged image are left out."""
    found = []
    for name, columns in split.structures.items():
        rows = np.flatnonzero(np.isfinite(columns.cmss))
        if not len(rows):
            continue
        maps = [_pair_map(split, int(row), name) for row in _spread(rows, _AVERAGED)]
        ordered = rows[np.argsort(columns.cmss[rows], kind="stable")]
        found.append(
            CmssMaps(
                first=split.first,
                second=name,
                averaged=len(maps),
                mean=np.mean([_alike(one.cells, maps[0].cells.shape) for one in maps], axis=0),
                pairs=tuple(_pair_map(split, int(row), name) for row in _spread(ordered, _SHOWN)),
            )
        )
    return found


def _spread(rows: NDArray[np.intp], most: int) -> NDArray[np.intp]:
    places = np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(np.intp)
    return rows[places]


def _pair_map(split: SplitMeasures, row: int, second: str) -> PairMap:
    images = split.data.record(row)["images"]
    if split.first not in images or second not in images:
        raise ShardError(f"sample {split.data.keys[row]} lost a modality while it was looked at")
    one, other = (grey8(split.data.store.image(row, images[name]["file"])) for name in (split.first, second))
    reference = edges(one)
    cells = cmss_cells(reference, edges_beside(reference, other))
    return PairMap(row, float(cells.mean()), cells)


def _alike(cells: Map, shape: tuple[int, ...]) -> Map:
    return cells if cells.shape == shape else np.asarray(cv2.resize(cells, shape[::-1]), np.float64)
