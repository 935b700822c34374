"""What scoring asks of labels, whether they come from prepared shards or from annotation files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.schema import AttributeValue
from rgbtbench.loading.decode import decode_mask
from rgbtbench.loading.prepared import PreparedSplit
from rgbtbench.pair import Boxes


@dataclass(frozen=True, slots=True)
class Objects:
    """The objects of an image.

    Attributes:
        labels: int64 (N,), class ids, 255 for regions that hide every class.
        xywh: float64 (N, 4), left, top, width, height in pixels.
        areas: float64 (N,), square pixels; those of the box where labels say no more.
        ignore: bool (N,), regions that are neither hit nor miss.
        corners: float64 (N, 4, 2), of oriented boxes; None where boxes are upright.
    """

    labels: NDArray[np.int64]
    xywh: NDArray[np.float64]
    areas: NDArray[np.float64]
    ignore: NDArray[np.bool_]
    corners: NDArray[np.float64] | None = None


def objects_of(boxes: Boxes) -> Objects:
    """Return what average precision looks at of boxes."""
    sizes = boxes.xyxy[:, 2:] - boxes.xyxy[:, :2]
    xywh = np.column_stack([boxes.xyxy[:, :2], sizes])
    return Objects(boxes.labels, xywh, sizes[:, 0] * sizes[:, 1], boxes.ignore, boxes.corners)


class Truth(Protocol):
    """The labels of one label set, image by image, and what is known of each image."""

    @property
    def keys(self) -> tuple[str, ...]:
        """N keys, in official order."""

    @property
    def image_ids(self) -> tuple[int, ...]:
        """The number that official result files use for each image."""

    @property
    def clusters(self) -> tuple[str | None, ...]:
        """Which images belong together (sequence, scene); None where one stands alone."""

    @property
    def attributes(self) -> Mapping[str, tuple[AttributeValue, ...]]:
        """Attribute to N values, None where unknown."""

    @property
    def classes(self) -> Mapping[int, str]:
        """Class id to name, in the label space that is scored; empty where labels have no classes."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know about these labels."""

    def frame_size(self, position: int) -> tuple[int, int]:
        """Return height and width of the frame that the labels of an image follow."""

    def mask(self, position: int) -> NDArray[np.uint8]:
        """Return uint8 (H, W): class ids, 255 where nothing counts; a saliency mask keeps its 0 to 255."""

    def boxes(self, position: int) -> Boxes:
        """Return the boxes of an image."""

    def text(self, position: int) -> str:
        """Return what is written about an image: an answer, or what it states as JSON."""

    def objects(self, position: int) -> Objects:
        """Return the boxes of an image as average precision looks at them."""

    def stratum_names(self, label_set: str) -> dict[int, str]:
        """Return id to name of a label set that divides pixels."""

    def strata(self, position: int, label_set: str) -> NDArray[np.uint8]:
        """Return uint8 (H, W) of that label set's ids."""


class PreparedTruth:
    """The labels of a prepared split.

    Args:
        split: whose `label_space` the ids are of.
        label_set: the one that is scored.
    """

    def __init__(self, split: PreparedSplit, label_set: str) -> None:
        self._split = split.only(modalities=(), label_sets=(label_set,))
        self._label_set = label_set

    @property
    def keys(self) -> tuple[str, ...]:
        """See `Truth`."""
        return self._split.keys

    @property
    def image_ids(self) -> tuple[int, ...]:
        """See `Truth`."""
        return self._split.image_ids

    @property
    def clusters(self) -> tuple[str | None, ...]:
        """See `Truth`."""
        return self._split.clusters

    @property
    def attributes(self) -> Mapping[str, tuple[AttributeValue, ...]]:
        """See `Truth`."""
        return self._split.attributes

    @cached_property
    def classes(self) -> Mapping[int, str]:
        """See `Truth`."""
        return self._split.classes(self._label_set) if self._label_set in self._split.lookups else {}

    @property
    def notes(self) -> tuple[str, ...]:
        """See `Truth`."""
        return ()

    def frame_size(self, position: int) -> tuple[int, int]:
        """See `Truth`."""
        return self._split.frame_size(position, self._label_set)

    def mask(self, position: int) -> NDArray[np.uint8]:
        """See `Truth`."""
        return self._split[position].masks[self._label_set]

    def boxes(self, position: int) -> Boxes:
        """See `Truth`."""
        return self._split[position].boxes[self._label_set]

    def text(self, position: int) -> str:
        """See `Truth`."""
        (written,) = self._split[position].text[self._label_set]
        return written

    def objects(self, position: int) -> Objects:
        """See `Truth`."""
        return objects_of(self.boxes(position))

    def stratum_names(self, label_set: str) -> dict[int, str]:
        """See `Truth`."""
        return dict(self._split.label_map(label_set).native)

    def strata(self, position: int, label_set: str) -> NDArray[np.uint8]:
        """See `Truth`."""
        name = f"{label_set}.png"
        return decode_mask(self._split.member(position, name), where=f"{self.keys[position]}.{name}")
