"""What labels from files have in common: a `Truth` of which a reader provides the parts that its files hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.catalog import GENERIC, dataset_card
from rgbtbench.cards.protocol import Protocol
from rgbtbench.cards.schema import AttributeValue
from rgbtbench.errors import UserError
from rgbtbench.pair import Boxes
from rgbtbench.scoring.truth import Objects, objects_of


def classes_of(protocol: Protocol) -> dict[int, str]:
    """Return the classes of a protocol's labels: those of the dataset's card, or those that were named for it."""
    if protocol.dataset != GENERIC:
        return {entry.id: entry.name for entry in dataset_card(protocol.dataset).label_sets[protocol.label_set].classes}
    return dict(enumerate(protocol.classes or ()))


class FileTruth:
    """A `rgbtbench.scoring.truth.Truth` from files.

    Args:
        keys: N keys, in official order.
        image_ids: N numbers of official result files; None counts from 1.
        clusters: N groups of images; None lets each image stand alone.
        attributes: attribute to N values.
        classes: class id to name.
        split_keys: split to its keys, where several are scored as one set; None where there is one.
        notes: what a reader should know about these labels.
    """

    def __init__(
        self,
        keys: Sequence[str],
        *,
        image_ids: Sequence[int] | None = None,
        clusters: Sequence[str | None] | None = None,
        attributes: Mapping[str, Sequence[AttributeValue]] = MappingProxyType({}),
        classes: Mapping[int, str] = MappingProxyType({}),
        split_keys: Mapping[str, Sequence[str]] | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        self.keys = tuple(keys)
        self.image_ids = tuple(range(1, len(self.keys) + 1) if image_ids is None else image_ids)
        self.clusters = (None,) * len(self.keys) if clusters is None else tuple(clusters)
        self.attributes = {name: tuple(values) for name, values in attributes.items()}
        self.classes = dict(classes)
        self.split_keys = split_keys
        self.notes = tuple(notes)

    def frame_size(self, position: int) -> tuple[int, int]:
        """See `Truth`; raises `UserError` where the files do not say it."""
        self._lacks("sizes of images")

    def mask(self, position: int) -> NDArray[np.uint8]:
        """See `Truth`; raises `UserError` where the files hold none."""
        self._lacks("masks")

    def boxes(self, position: int) -> Boxes:
        """See `Truth`; raises `UserError` where the files hold none."""
        self._lacks("boxes")

    def text(self, position: int) -> str:
        """See `Truth`; raises `UserError` where the files hold none."""
        self._lacks("texts")

    def objects(self, position: int) -> Objects:
        """See `Truth`; raises `UserError` where the files hold no boxes."""
        return objects_of(self.boxes(position))

    def stratum_names(self, label_set: str) -> dict[int, str]:
        """See `Truth`; raises `UserError`: files hold one label set."""
        self._lacks(f"label set {label_set}")

    def strata(self, position: int, label_set: str) -> NDArray[np.uint8]:
        """See `Truth`; raises `UserError`: files hold one label set."""
        self._lacks(f"label set {label_set}")

    def _lacks(self, what: str) -> NoReturn:
        raise UserError(f"these labels hold no {what}", remedy="score against prepared data, with --data")
