"""What a split's labels amount to: per class, scale, attribute and place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.audit.breakdown import by_attribute
from rgbtbench.audit.label_columns import BoxColumns, MaskColumns
from rgbtbench.audit.measures import SplitMeasures
from rgbtbench.cards.schema import LabelKind

#: Areas in square pixels that part small, medium and large boxes (COCO), and pixels by which heights are told apart.
SMALL, LARGE = 32.0**2, 96.0**2
SCALES: Final = ("small", "medium", "large")
HEIGHTS: Final = (0, 16, 32, 48, 64, 96, 128, 192, 256, 384, 512)
#: Images with more boxes than this are counted together.
_MOST_PER_IMAGE: Final = 30


@dataclass(frozen=True, slots=True)
class ClassStatistics:
    """One class of a label set.

    Attributes:
        name: of the class; the id where it has no name.
        images: number of images that show it.
        boxes: number of boxes; null for masks.
        ignored: boxes of it that are marked ignore.
        pixels: share of all pixels, from 0 to 1; null for boxes.
        scales: boxes by `SCALES`.
        heights: boxes by height, one number more than `HEIGHTS` has steps: the last is beyond.
        median_height: pixels; null without boxes.
        heat: float64 (rows, columns), how often it covers each cell.
    """

    name: str
    images: int
    boxes: int | None
    ignored: int
    pixels: float | None
    scales: tuple[int, ...]
    heights: tuple[int, ...]
    median_height: float | None
    heat: NDArray[np.float64] = field(repr=False)


@dataclass(frozen=True, slots=True)
class LabelStatistics:
    """One label set of a split.

    Attributes:
        label_set, kind: which.
        images: number of images in the split.
        empty: images without a box, without anything but the lowest class, or without anything salient.
        classes: in the order of their ids.
        per_image: how many images have 0, 1, 2, … boxes; the last entry is "or more"; empty for masks.
        by_attribute: attribute to value to class to number of boxes, or of images that show the class.
        images_by_attribute: attribute to value to number of images.
    """

    label_set: str
    kind: LabelKind
    images: int
    empty: int
    classes: tuple[ClassStatistics, ...]
    per_image: tuple[int, ...]
    by_attribute: Mapping[str, Mapping[str, Mapping[str, int]]]
    images_by_attribute: Mapping[str, Mapping[str, int]]


def label_statistics(split: SplitMeasures) -> list[LabelStatistics]:
    """Return the statistics of every label set of a split that has boxes or masks."""
    found = []
    for name, facts in split.data.manifest.label_sets.items():
        if name in split.labels.boxes:
            found.append(_of_boxes(split, name, split.labels.boxes[name]))
        elif name in split.labels.masks:
            found.append(_of_masks(split, name, split.labels.masks[name], facts.kind))
    return found


def _of_boxes(split: SplitMeasures, name: str, columns: BoxColumns) -> LabelStatistics:
    images, labels = np.array(columns.images, np.int64), np.array(columns.labels, np.int64)
    widths, heights = np.array(columns.widths, np.float64), np.array(columns.heights, np.float64)
    ignored = np.array(columns.ignored, np.bool_)
    names = _names(split, name, set(columns.labels))
    classes = []
    for number, title in names.items():
        own = labels == number
        areas = widths[own] * heights[own]
        classes.append(
            ClassStatistics(
                name=title,
                images=len(np.unique(images[own])),
                boxes=int(own.sum()),
                ignored=int((own & ignored).sum()),
                pixels=None,
                scales=tuple(np.bincount(np.digitize(areas, (SMALL, LARGE)), minlength=3).tolist()),
                heights=tuple(np.bincount(np.digitize(heights[own], HEIGHTS[1:]), minlength=len(HEIGHTS)).tolist()),
                median_height=float(np.median(heights[own])) if own.any() else None,
                heat=columns.heat.get(number, np.zeros((1, 1))),
            )
        )
    per_image = np.bincount(images, minlength=len(split))
    counted = np.bincount(per_image.clip(max=_MOST_PER_IMAGE), minlength=1)
    return LabelStatistics(
        label_set=name,
        kind="boxes",
        images=len(split),
        empty=int((per_image == 0).sum()),
        classes=tuple(classes),
        per_image=tuple(counted.tolist()),
        by_attribute=by_attribute(
            split, partial(_counts, {title: images[labels == number] for number, title in names.items()})
        ),
        images_by_attribute=by_attribute(split, _images),
    )


def _of_masks(split: SplitMeasures, name: str, columns: MaskColumns, kind: LabelKind) -> LabelStatistics:
    pixels = sum(columns.sizes)
    if kind == "saliency":
        names = {0: "not salient", 1: "salient"}
    else:
        names = _names(split, name, set(columns.pixels) - set(split.data.label_map(name).ignore_ids))
    lowest = min(names, default=0)
    showing = {number: [image for image, _ in columns.pixels.get(number, [])] for number in names}
    something = {image for number, images in showing.items() if number != lowest for image in images}
    classes = tuple(
        ClassStatistics(
            name=title,
            images=len(showing[number]),
            boxes=None,
            ignored=0,
            pixels=sum(count for _, count in columns.pixels.get(number, [])) / max(pixels, 1),
            scales=(),
            heights=(),
            median_height=None,
            heat=columns.heat.get(number, np.zeros((1, 1))),
        )
        for number, title in names.items()
    )
    return LabelStatistics(
        label_set=name,
        kind=kind,
        images=len(split),
        empty=len(columns.images) - len(something),
        classes=classes,
        per_image=(),
        by_attribute=by_attribute(
            split, partial(_counts, {title: np.array(showing[number], np.int64) for number, title in names.items()})
        ),
        images_by_attribute=by_attribute(split, _images),
    )


def _names(split: SplitMeasures, label_set: str, present: set[int]) -> dict[int, str]:
    native = split.data.label_map(label_set).native
    return {number: native.get(number, f"id {number}") for number in sorted({*native, *present})}


def _counts(images: Mapping[str, NDArray[np.int64]], having: NDArray[np.bool_]) -> dict[str, int]:
    return {title: int(having[rows].sum()) for title, rows in images.items() if len(rows)}


def _images(having: NDArray[np.bool_]) -> int:
    return int(having.sum())
