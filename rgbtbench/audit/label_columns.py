"""What the labels of a split hold, as columns that join: one part per stretch of the split, the whole in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

#: Rows and columns of heat maps.
HEAT: Final = (36, 48)


@dataclass(slots=True)
class BoxColumns:
    """B boxes of one label set.

    Attributes:
        images: int64 (B,), position of the image in the split.
        labels: int64 (B,), native ids.
        widths, heights: float32 (B,), pixels.
        ignored: bool (B,).
        heat: native id to float64 `HEAT`, number of boxes that cover each cell.
    """

    images: list[int] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    widths: list[float] = field(default_factory=list)
    heights: list[float] = field(default_factory=list)
    ignored: list[bool] = field(default_factory=list)
    heat: dict[int, NDArray[np.float64]] = field(default_factory=dict)

    def add(self, image: int, boxes: Mapping[str, Any], width: int, height: int) -> None:
        """Add the boxes of one image, as its record has them."""
        for (left, top, right, bottom), label, ignored in zip(
            boxes["boxes_xyxy"], boxes["labels"], boxes["ignore"], strict=True
        ):
            self.images.append(image)
            self.labels.append(label)
            self.widths.append(right - left)
            self.heights.append(bottom - top)
            self.ignored.append(ignored)
            cells = _covered(left / width, right / width, HEAT[1]), _covered(top / height, bottom / height, HEAT[0])
            self._heat_of(label)[cells[1], cells[0]] += 1

    def join(self, other: BoxColumns) -> None:
        """Add the columns of the next part."""
        self.images += other.images
        self.labels += other.labels
        self.widths += other.widths
        self.heights += other.heights
        self.ignored += other.ignored
        for label, heat in other.heat.items():
            self._heat_of(label)[:] += heat

    def _heat_of(self, label: int) -> NDArray[np.float64]:
        return self.heat.setdefault(label, np.zeros(HEAT))


@dataclass(slots=True)
class MaskColumns:
    """Pixels of one label set.

    Attributes:
        images: positions in the split, N.
        sizes: pixels of each mask, N.
        pixels: value to (position, number of pixels) of the masks that hold it.
        heat: value to float64 `HEAT`, number of images that have it in each cell (sampled at the cell's centre).
    """

    images: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    pixels: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    heat: dict[int, NDArray[np.float64]] = field(default_factory=dict)

    def add(self, image: int, mask: NDArray[np.uint8]) -> None:
        """Add one mask, uint8 (H, W)."""
        self.images.append(image)
        self.sizes.append(mask.size)
        counts = cv2.calcHist([mask], [0], None, [256], [0, 256]).ravel()
        sampled = cv2.resize(mask, HEAT[::-1], interpolation=cv2.INTER_NEAREST)
        for value in np.flatnonzero(counts).tolist():
            self.pixels.setdefault(value, []).append((image, int(counts[value])))
            self._heat_of(value)[:] += sampled == value

    def join(self, other: MaskColumns) -> None:
        """Add the columns of the next part."""
        self.images += other.images
        self.sizes += other.sizes
        for value, found in other.pixels.items():
            self.pixels.setdefault(value, []).extend(found)
        for value, heat in other.heat.items():
            self._heat_of(value)[:] += heat

    def _heat_of(self, value: int) -> NDArray[np.float64]:
        return self.heat.setdefault(value, np.zeros(HEAT))


@dataclass(slots=True)
class LabelColumns:
    """All label sets of a stretch of a split.

    Attributes:
        boxes, masks: label set to its columns; saliency masks are held as 0 and 1.
        captions: text set to the number of texts of each image.
    """

    boxes: dict[str, BoxColumns] = field(default_factory=dict)
    masks: dict[str, MaskColumns] = field(default_factory=dict)
    captions: dict[str, list[int]] = field(default_factory=dict)

    def join(self, other: LabelColumns) -> None:
        """Add the columns of the next part."""
        for name, boxes in other.boxes.items():
            self.boxes.setdefault(name, BoxColumns()).join(boxes)
        for name, masks in other.masks.items():
            self.masks.setdefault(name, MaskColumns()).join(masks)
        for name, counts in other.captions.items():
            self.captions.setdefault(name, []).extend(counts)


def joined(parts: Sequence[LabelColumns]) -> LabelColumns:
    """Return all parts of a split as one, in their order."""
    whole = LabelColumns()
    for part in parts:
        whole.join(part)
    return whole


def _covered(low: float, high: float, cells: int) -> slice:
    """Return the cells that a stretch, given as shares of the side, touches; at least one where it is inside."""
    first = min(max(int(low * cells), 0), cells - 1)
    last = min(max(int(np.ceil(high * cells)), first + 1), cells)
    return slice(first, last)
