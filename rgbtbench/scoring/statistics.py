"""Per-image statistics: all that is kept of labels and predictions, and enough for every number of a result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.errors import RecordError
from rgbtbench.scoring.family import Arrays, Classes, Counts

STATISTICS_VERSION: Final = 1


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
    counts: Counts[Any]

    @property
    def classes(self) -> Classes:
        """Ids and names of the classes."""
        return Classes(tuple(self.class_ids.tolist()), self.class_names)

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
        arrays |= self.counts.to_arrays()
        return {name: _smallest(array) for name, array in arrays.items()}


def from_arrays(arrays: Arrays, counts: type[Counts[Any]]) -> Statistics:
    """Rebuild what `Statistics.to_arrays` returned.

    Args:
        arrays: the named arrays.
        counts: type of the family that made them, `families.family_of(rules).counts`.

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
            counts=counts.from_arrays(arrays),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise RecordError(f"the statistics are damaged: {error}", remedy="restore the file") from error


def _smallest(array: NDArray[np.generic]) -> NDArray[np.generic]:
    if not np.issubdtype(array.dtype, np.integer):
        return array
    largest = int(array.max(initial=0))
    return array.astype(np.min_scalar_type(largest))
