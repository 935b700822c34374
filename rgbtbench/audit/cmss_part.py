"""Maps of CMSS as the page shows them."""

from __future__ import annotations

from dataclasses import dataclass

from rgbtbench.audit.audit import SplitAudit
from rgbtbench.audit.cmss_maps import CmssMaps
from rgbtbench.audit.heat_maps import heat_map
from rgbtbench.audit.thumbnails import Shown, sample_pictures


@dataclass(frozen=True, slots=True)
class MappedPair:
    """A pair beside its map."""

    key: str
    detail: str
    pictures: list[Shown]


@dataclass(frozen=True, slots=True)
class MapPart:
    """The maps of one modality of a split.

    Attributes:
        title: split and modalities.
        mean: data address of the mean map.
        detail: what it is of.
        pairs: examples.
    """

    title: str
    mean: str
    detail: str
    pairs: list[MappedPair]


def map_part(one: SplitAudit, maps: CmssMaps) -> MapPart:
    """Return the maps of a split as pictures; the brightest colour is CMSS 1."""
    measures = one.measures
    pairs = []
    for pair in maps.pairs:
        shown = [
            picture for picture in sample_pictures(measures, pair.row) if picture.modality in (maps.first, maps.second)
        ]
        cells = Shown("CMSS (light)", heat_map(pair.cells, highest=1.0))
        pairs.append(MappedPair(measures.data.keys[pair.row], f"mean {pair.mean:.3f}", [*shown, cells]))
    return MapPart(
        title=f"{measures.title}, {maps.first} and {maps.second}",
        mean=heat_map(maps.mean, highest=1.0),
        detail=f"mean of {maps.averaged} pairs, from {maps.mean.min():.3f} to {maps.mean.max():.3f}",
        pairs=pairs,
    )
