"""The measures of a whole split, as columns: a few hundred bytes per sample, however large its images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgbtbench.audit.faults import Fault
from rgbtbench.audit.image_hash import Signature
from rgbtbench.audit.label_columns import LabelColumns, joined
from rgbtbench.audit.measure import Measure
from rgbtbench.audit.misregistration import LEAST_MARGIN, MOST_SPREAD, Offset
from rgbtbench.audit.structure import BINS, Structure
from rgbtbench.loading.prepared import PreparedSplit


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a split, as a worker hands it back."""

    measures: list[Measure]
    labels: LabelColumns


@dataclass(frozen=True, slots=True)
class OffsetColumns:
    """N offsets of a modality from the first; see `misregistration.Offset`. NaN where there is none.

    Attributes:
        x, y, spread, margin: float32 (N,).
        longest: float32 (N,), longer side of the first image.
    """

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    spread: NDArray[np.float32]
    margin: NDArray[np.float32]
    longest: NDArray[np.float32]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Whether there is an offset, (N,)."""
        return np.isfinite(self.x)

    @property
    def reliable(self) -> NDArray[np.bool_]:
        """Whether each offset is reliable, (N,); see `misregistration.Offset.reliable`."""
        return self.known & (self.margin >= LEAST_MARGIN) & (self.spread <= MOST_SPREAD * self.longest)

    @property
    def lengths(self) -> NDArray[np.float32]:
        """Distances in pixels, (N,)."""
        return np.hypot(self.x, self.y)


@dataclass(frozen=True, slots=True)
class StructureColumns:
    """How N samples compare in structure with the first modality; see `structure.Structure`.

    Attributes:
        shares: float32 (N, 4): both, first alone, second alone, neither; NaN where there is none.
        cmss: float32 (N,), mean over the cells.
        histogram: int64 (`BINS`,), cells of all samples by CMSS.
    """

    shares: NDArray[np.float32]
    cmss: NDArray[np.float32]
    histogram: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SplitMeasures:
    """Everything that was measured of a split of N samples.

    Attributes:
        data: the split itself.
        official_ids: N ids as the dataset writes them.
        faults: position in the split and fault, in order.
        digests: modality to uint64 (N, 2), hash of the pixels; 0 where the image is damaged or absent.
        signatures: modality to uint64 (N, 2).
        textured: modality to bool (N,), whether there is a signature.
        offsets, structures: modality to its comparison with the first.
        labels: of all label sets.
    """

    data: PreparedSplit
    official_ids: tuple[str, ...]
    faults: tuple[tuple[int, Fault], ...]
    digests: Mapping[str, NDArray[np.uint64]]
    signatures: Mapping[str, NDArray[np.uint64]]
    textured: Mapping[str, NDArray[np.bool_]]
    offsets: Mapping[str, OffsetColumns]
    structures: Mapping[str, StructureColumns]
    labels: LabelColumns

    @property
    def title(self) -> str:
        """Dataset and split: `mfnet/test`."""
        return f"{self.data.manifest.dataset}/{self.data.name}"

    @property
    def first(self) -> str:
        """The modality that the others are compared with; empty when every image is damaged."""
        return next(iter(self.signatures), "")

    def __len__(self) -> int:
        return len(self.official_ids)


def assemble(data: PreparedSplit, parts: Sequence[Part]) -> SplitMeasures:
    """Join the parts of a split, which come in its order."""
    measures = [one for part in parts for one in part.measures]
    modalities = [name for name in data.modalities if any(name in one.images for one in measures)]
    compared = [name for name in data.modalities if any(name in one.offsets for one in measures)]
    images = {name: [one.images.get(name) for one in measures] for name in modalities}
    return SplitMeasures(
        data=data,
        official_ids=tuple(one.official_id for one in measures),
        faults=tuple((row, fault) for row, one in enumerate(measures) for fault in one.faults),
        digests={
            name: _words([None if image is None else np.frombuffer(image.digest, np.uint64) for image in column])
            for name, column in images.items()
        },
        signatures={
            name: _words([None if image is None else image.signature for image in column])
            for name, column in images.items()
        },
        textured={
            name: np.array([image is not None and image.signature is not None for image in column], np.bool_)
            for name, column in images.items()
        },
        offsets={name: _offsets([one.offsets.get(name) for one in measures]) for name in compared},
        structures={name: _structures([one.structures.get(name) for one in measures]) for name in compared},
        labels=joined([part.labels for part in parts]),
    )


def _words(rows: Iterable[Signature | None]) -> NDArray[np.uint64]:
    nothing = np.zeros(2, np.uint64)
    return np.array([nothing if row is None else row for row in rows], np.uint64).reshape(-1, 2)


def _offsets(found: Sequence[Offset | None]) -> OffsetColumns:
    return OffsetColumns(
        **{
            name: np.array([np.nan if one is None else getattr(one, name) for one in found], np.float32)
            for name in ("x", "y", "spread", "margin", "longest")
        }
    )


def _structures(found: Sequence[Structure | None]) -> StructureColumns:
    shares: list[list[Any]] = [
        [np.nan] * 4 if one is None else [one.both, one.first, one.second, one.neither] for one in found
    ]
    cells = [one.histogram for one in found if one is not None]
    return StructureColumns(
        shares=np.array(shares, np.float32).reshape(-1, 4),
        cmss=np.array([np.nan if one is None else one.cmss for one in found], np.float32),
        histogram=np.sum(cells, axis=0, dtype=np.int64) if cells else np.zeros(BINS, np.int64),
    )
