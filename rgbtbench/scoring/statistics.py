"""Per-image statistics: all that is kept of labels and predictions, and enough for every number of a result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.errors import RecordError
from rgbtbench.scoring.detection import Matches

STATISTICS_VERSION: Final = 1
Arrays = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True)
class Confusions:
    """Statistics of segmentation.

    Attributes:
        confusion: int64 (N, C, C + 1), as `segmentation.confusion_matrix` counts each image.
        strata: stratum to int64 (N, C, 2): correct and labelled pixels of each class inside it.
    """

    confusion: NDArray[np.int64]
    strata: Mapping[str, NDArray[np.int64]]


@dataclass(frozen=True)
class Statistics:
    """Statistics of all N images that a protocol scores.

    Attributes:
        keys: N keys.
        clusters: int64 (N,), images of one cluster share a number.
        class_ids: int64 (C,), ascending.
        class_names: C names.
        subsets: `attribute=value` to bool (N,).
        counts: what labels and predictions amount to, in the order of `keys` and `class_ids`.
    """

    keys: tuple[str, ...]
    clusters: NDArray[np.int64]
    class_ids: NDArray[np.int64]
    class_names: tuple[str, ...]
    subsets: Mapping[str, NDArray[np.bool_]]
    counts: Confusions | Matches

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return everything as named arrays, whole numbers in the smallest type that holds them."""
        arrays: dict[str, NDArray[np.generic]] = {
            "version": np.array(STATISTICS_VERSION),
            "keys": np.array(self.keys, np.str_),
            "clusters": self.clusters,
            "class_ids": self.class_ids,
            "class_names": np.array(self.class_names, np.str_),
            "subset_names": np.array(list(self.subsets), np.str_),
            "subset_images": np.array(list(self.subsets.values()), np.bool_).reshape(-1, len(self.keys)),
        }
        if isinstance(self.counts, Confusions):
            strata = self.counts.strata
            arrays["confusion"] = self.counts.confusion
            arrays["stratum_names"] = np.array(list(strata), np.str_)
            arrays["stratum_pixels"] = np.array(list(strata.values()), np.int64).reshape(
                len(strata), *self.counts.confusion.shape[:2], 2
            )
        else:
            for field in fields(Matches):
                arrays[f"match_{field.name}"] = getattr(self.counts, field.name)
        return {name: _smallest(array) for name, array in arrays.items()}


def from_arrays(arrays: Arrays) -> Statistics:
    """Rebuild what `Statistics.to_arrays` returned.

    Raises:
        RecordError: an array is missing, of another shape, or of another version.
    """
    try:
        if int(arrays["version"].item()) != STATISTICS_VERSION:
            raise RecordError("the statistics are of another version", remedy="use the rgbtbench that wrote them")
        return Statistics(
            keys=tuple(arrays["keys"].tolist()),
            clusters=arrays["clusters"].astype(np.int64),
            class_ids=arrays["class_ids"].astype(np.int64),
            class_names=tuple(arrays["class_names"].tolist()),
            subsets=dict(zip(arrays["subset_names"].tolist(), arrays["subset_images"].astype(np.bool_), strict=True)),
            counts=_counts(arrays),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise RecordError(f"the statistics are damaged: {error}", remedy="restore the file") from error


def _counts(arrays: Arrays) -> Confusions | Matches:
    if "confusion" in arrays:
        strata = zip(arrays["stratum_names"].tolist(), arrays["stratum_pixels"].astype(np.int64), strict=True)
        return Confusions(arrays["confusion"].astype(np.int64), dict(strata))
    return Matches(
        positives=arrays["match_positives"].astype(np.int32),
        classes=arrays["match_classes"].astype(np.int32),
        images=arrays["match_images"].astype(np.int32),
        ranks=arrays["match_ranks"].astype(np.int16),
        hits=arrays["match_hits"].astype(np.uint16),
        dropped=arrays["match_dropped"].astype(np.uint16),
    )


def _smallest(array: NDArray[np.generic]) -> NDArray[np.generic]:
    if not np.issubdtype(array.dtype, np.integer):
        return array
    largest = int(array.max(initial=0))
    return array.astype(np.min_scalar_type(largest))
