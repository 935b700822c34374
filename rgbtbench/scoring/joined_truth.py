"""Labels of several splits that a protocol scores as one set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.schema import AttributeValue
from rgbtbench.errors import UserError
from rgbtbench.pair import Boxes
from rgbtbench.scoring.truth import Objects, Truth

T = TypeVar("T")


class JoinedTruth:
    """A `rgbtbench.scoring.truth.Truth` of others, one after another.

    Args:
        parts: labels of one label set, at least one; only attributes that all of them have are known.

    Raises:
        UserError: a key is in two of them.
    """

    def __init__(self, parts: Sequence[Truth]) -> None:
        self._parts = parts
        self._places = [(part, position) for part in parts for position in range(len(part.keys))]
        self.keys = _chained([part.keys for part in parts])
        # The numbers of official result files begin anew in each split.
        self.image_ids = tuple(range(1, len(self.keys) + 1))
        self.clusters = _chained([part.clusters for part in parts])
        shared = set.intersection(*(set(part.attributes) for part in parts))
        self.attributes: dict[str, tuple[AttributeValue, ...]] = {
            name: _chained([part.attributes[name] for part in parts]) for name in sorted(shared)
        }
        self.classes: Mapping[int, str] = {number: name for part in parts for number, name in part.classes.items()}
        self.notes = _chained([part.notes for part in parts])
        if len(set(self.keys)) < len(self.keys):
            raise UserError(
                "two of the splits share a key", remedy="score them one by one; together their keys must be unique"
            )

    def frame_size(self, position: int) -> tuple[int, int]:
        """See `Truth`."""
        part, at = self._places[position]
        return part.frame_size(at)

    def mask(self, position: int) -> NDArray[np.uint8]:
        """See `Truth`."""
        part, at = self._places[position]
        return part.mask(at)

    def boxes(self, position: int) -> Boxes:
        """See `Truth`."""
        part, at = self._places[position]
        return part.boxes(at)

    def objects(self, position: int) -> Objects:
        """See `Truth`."""
        part, at = self._places[position]
        return part.objects(at)

    def text(self, position: int) -> str:
        """See `Truth`."""
        part, at = self._places[position]
        return part.text(at)

    def stratum_names(self, label_set: str) -> dict[int, str]:
        """See `Truth`."""
        return self._parts[0].stratum_names(label_set)

    def strata(self, position: int, label_set: str) -> NDArray[np.uint8]:
        """See `Truth`."""
        part, at = self._places[position]
        return part.strata(at, label_set)


def _chained(columns: Sequence[tuple[T, ...]]) -> tuple[T, ...]:
    return tuple(chain.from_iterable(columns))
