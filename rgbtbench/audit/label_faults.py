"""Faults of labels, from a sample's record alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.audit.faults import Fault
from rgbtbench.labels import LabelMap
from rgbtbench.loading.frames import frame_size

_TINY: Final = 4.0
#: Boxes may reach this far beyond the image: some datasets count pixels from 1, or name the last pixel.
_TOLERANCE: Final = 1.0


def label_faults(
    record: Mapping[str, Any], maps: Mapping[str, LabelMap], modalities: tuple[str, ...]
) -> Iterator[Fault]:
    """Yield the faults of all label sets of a sample.

    Args:
        record: the json member.
        maps: label set to its map, for sets with classes.
        modalities: all of the dataset, in the manifest's order.
    """
    for name, boxes in record["boxes"].items():
        height, width = frame_size(record, name, modalities)
        corners = np.array(boxes["boxes_xyxy"], np.float64).reshape(-1, 4)
        yield from _box_faults(name, corners, boxes["labels"], width, height)
        yield from _unnamed(name, boxes["labels"], maps)
    for name, mask in record["masks"].items():
        if mask["kind"] == "semantic":
            yield from _unnamed(name, mask["values"], maps)
        sizes = _frame_sizes(record, mask["frame"], modalities)
        if (mask["width"], mask["height"]) not in sizes:
            found = f"{mask['width']}x{mask['height']}, the image has " + " or ".join(f"{w}x{h}" for w, h in sizes)
            yield Fault("mask-size", name, found)


def _box_faults(name: str, boxes: NDArray[np.float64], labels: list[int], width: int, height: int) -> Iterator[Fault]:
    if not len(boxes):
        return
    left, top, right, bottom = boxes.T
    degenerate = (right <= left) | (bottom <= top)
    outside = ~degenerate & ((right <= 0) | (bottom <= 0) | (left >= width) | (top >= height))
    beyond = (left < -_TOLERANCE) | (top < -_TOLERANCE) | (right > width + _TOLERANCE) | (bottom > height + _TOLERANCE)
    tiny = ~degenerate & (np.minimum(right - left, bottom - top) < _TINY)
    for kind, which in (
        ("box-degenerate", degenerate),
        ("box-outside", outside),
        ("box-over-edge", beyond & ~outside & ~degenerate),
        ("box-tiny", tiny),
    ):
        if which.any():
            shown = ", ".join(f"{value:g}" for value in boxes[which][0])
            yield Fault(kind, name, f"({shown}) in {width}x{height}", int(which.sum()))
    rows = np.column_stack([boxes, labels])
    distinct = len(np.unique(rows, axis=0))
    if distinct < len(rows):
        yield Fault("box-repeated", name, f"{len(rows)} boxes, {distinct} distinct", len(rows) - distinct)


def _unnamed(name: str, present: list[int], maps: Mapping[str, LabelMap]) -> Iterator[Fault]:
    unknown = maps[name].unknown_ids(present) if name in maps else []
    if unknown:
        yield Fault("class-unnamed", name, f"ids {', '.join(map(str, unknown))}", len(unknown))


def _frame_sizes(record: Mapping[str, Any], frame: str, modalities: tuple[str, ...]) -> list[tuple[int, int]]:
    present = [name for name in modalities if name in record["images"]]
    followed = {
        "rgb": [name for name in present if name.partition("_")[0] == "rgb"],
        "x": [name for name in present if name.partition("_")[0] != "rgb"],
        "both": present,
    }[frame]
    sizes = [(record["images"][name]["width"], record["images"][name]["height"]) for name in followed or present]
    return list(dict.fromkeys(sizes))
