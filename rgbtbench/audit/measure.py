"""Everything that an audit measures of one sample, in one pass over its pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.audit.faults import Fault
from rgbtbench.audit.gradients import edges, edges_beside
from rgbtbench.audit.image_faults import image_faults
from rgbtbench.audit.image_hash import Signature, signature, thumbnail
from rgbtbench.audit.label_columns import BoxColumns, LabelColumns, MaskColumns
from rgbtbench.audit.label_faults import label_faults
from rgbtbench.audit.misregistration import Offset, offset
from rgbtbench.audit.pair_faults import offset_faults, size_faults, twin_faults
from rgbtbench.audit.pixels import Grey, digest, grey8, one_plane
from rgbtbench.audit.structure import Structure, structure
from rgbtbench.errors import ShardError
from rgbtbench.labels import LabelMap
from rgbtbench.loading.frames import frame_size
from rgbtbench.loading.store import SplitStore

#: Grey value from which a saliency mask says "salient".
_SALIENT: Final = 128


@dataclass(frozen=True, slots=True)
class Expected:
    """What is known of a dataset before its samples are opened.

    Attributes:
        modalities: in the manifest's order; the first is what the others are compared with.
        maps: label set to its map, for sets with classes.
        sizes: modality to width and height, where the card states them.
    """

    modalities: tuple[str, ...]
    maps: Mapping[str, LabelMap]
    sizes: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class ImageMeasure:
    """One image: the hash of its pixels, and its perceptual signature, null where it has too little texture."""

    digest: bytes
    signature: Signature | None


@dataclass(frozen=True, slots=True)
class Measure:
    """One sample.

    Attributes:
        official_id: the id as the dataset writes it.
        faults: what is wrong with it.
        images: modality to what was measured; damaged images are absent.
        offsets, structures: modality to how it compares with the first modality.
    """

    official_id: str
    faults: tuple[Fault, ...]
    images: Mapping[str, ImageMeasure]
    offsets: Mapping[str, Offset]
    structures: Mapping[str, Structure]


def measure(store: SplitStore, row: int, expected: Expected, labels: LabelColumns) -> Measure:
    """Measure one sample, and add its labels to the columns.

    Args:
        store: the split.
        row: position in the split.
        expected: of the dataset.
        labels: gets the sample's boxes, masks and texts.

    Raises:
        ShardError: the record is damaged; a damaged image is a fault of the sample instead.
    """
    record = store.record(row)
    modalities = [name for name in expected.modalities if name in record["images"]]
    faults = [
        *size_faults(record, modalities, expected.sizes),
        *label_faults(record, expected.maps, expected.modalities),
    ]
    images: dict[str, ImageMeasure] = {}
    greys: dict[str, Grey] = {}
    thumbnails: dict[str, NDArray[np.float32]] = {}
    for modality in modalities:
        try:
            stored = store.image(row, record["images"][modality]["file"])
        except ShardError as error:
            faults.append(Fault("damaged", modality, error.found))
            continue
        pixels = one_plane(stored)
        faults += image_faults(modality, pixels, equal_channels=pixels is not stored)
        greys[modality] = grey8(pixels)
        thumbnails[modality] = thumbnail(greys[modality])
        images[modality] = ImageMeasure(digest(pixels), signature(thumbnails[modality]))
    faults += twin_faults(record, {name: image.digest for name, image in images.items()}, thumbnails)
    offsets, structures = _compared(greys, expected.modalities)
    reference = next((name for name in expected.modalities if name in greys), "")
    for modality, found in offsets.items():
        faults += offset_faults(reference, modality, found)
    faults += _add_labels(store, row, record, expected, labels)
    return Measure(record["official_id"], tuple(faults), images, offsets, structures)


def _compared(greys: Mapping[str, Grey], modalities: tuple[str, ...]) -> tuple[dict[str, Offset], dict[str, Structure]]:
    """Compare the first view of each other kind of modality with the first modality that is there."""
    kinds: dict[str, str] = {}
    for name in modalities:
        if name in greys:
            kinds.setdefault(name.partition("_")[0], name)
    offsets: dict[str, Offset] = {}
    structures: dict[str, Structure] = {}
    names = list(kinds.values())
    if len(names) < 2:
        return offsets, structures
    first = edges(greys[names[0]])
    for name in names[1:]:
        second = edges_beside(first, greys[name])
        offsets[name] = offset(first, second)
        structures[name] = structure(first, second)
    return offsets, structures


def _add_labels(
    store: SplitStore, row: int, record: Mapping[str, Any], expected: Expected, labels: LabelColumns
) -> list[Fault]:
    faults = []
    for name, boxes in record["boxes"].items():
        height, width = frame_size(record, name, expected.modalities)
        labels.boxes.setdefault(name, BoxColumns()).add(row, boxes, width, height)
    for name, facts in record["masks"].items():
        try:
            mask: NDArray[np.uint8] = store.mask(row, facts["file"])
        except ShardError as error:
            faults.append(Fault("damaged", name, error.found))
            continue
        if facts["kind"] == "saliency":
            mask = (mask >= _SALIENT).astype(np.uint8)
        labels.masks.setdefault(name, MaskColumns()).add(row, mask)
    for name, text in record["text"].items():
        labels.captions.setdefault(name, []).append(len(text["captions"]))
    return faults
