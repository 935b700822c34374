"""The Sample: one pair as it comes out of the shards, in plain arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.schema import AttributeValue
from rgbtbench.formats.image_file import Pixels
from rgbtbench.loading.alteration import Alteration, Source
from rgbtbench.loading.label_space import LabelLookup
from rgbtbench.loading.store import SplitStore
from rgbtbench.pair import Boxes


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample, decoded. Arrays may be shared between samples: copy before writing into them.

    Attributes:
        key: local to the dataset.
        images: modality to uint8, uint16 or float32 (H, W, C), each at its native resolution, samples as stored.
        masks: label set to uint8 (H, W): class ids of the label space that was asked for, 255 where nothing counts; a
            saliency mask keeps its 0 to 255.
        boxes: label set to boxes, labels in the label space that was asked for.
        text: label set to captions.
        attributes: the sample's attributes.
        record: the whole json member, labels in native ids.
        missing: modalities that the model has to do without; their pixels are 0.
        filled: modalities whose pixels are no image of a scene, `missing` among them.
        zeroed: modality to the share of the network's input, after normalisation, that is to be 0.
        noisy: modality to the density and the deviation of noise in the network's input, after normalisation.
    """

    key: str
    images: Mapping[str, Pixels]
    masks: Mapping[str, NDArray[np.uint8]]
    boxes: Mapping[str, Boxes]
    text: Mapping[str, tuple[str, ...]]
    attributes: Mapping[str, AttributeValue]
    record: Mapping[str, Any] = field(repr=False)
    missing: frozenset[str] = frozenset()
    filled: frozenset[str] = frozenset()
    zeroed: Mapping[str, float] = field(default_factory=dict)
    noisy: Mapping[str, tuple[float, float]] = field(default_factory=dict)


def read_sample(
    source: Source,
    alteration: Alteration,
    modalities: Iterable[str],
    *,
    label_sets: Iterable[str],
    lookups: Mapping[str, LabelLookup],
) -> Sample:
    """Read one sample, and decode its labels.

    Args:
        source: the sample in its shard.
        alteration: what is done to its images.
        modalities: those to decode.
        label_sets: those to decode.
        lookups: label set to its look-up; other sets stay as stored.
    """
    store, record = source.store, source.record
    seen = alteration.seen(source, modalities)
    boxes = {name: _native_boxes(record["boxes"][name]) for name in label_sets if name in record["boxes"]}
    return Sample(
        key=record["key"],
        images=seen.images,
        masks={
            name: _mask(store, source.row, record["masks"][name], lookups.get(name))
            for name in label_sets
            if name in record["masks"]
        },
        boxes={name: lookups[name].boxes(native) for name, native in boxes.items()},
        text={name: tuple(record["text"][name]["captions"]) for name in label_sets if name in record["text"]},
        attributes=record["attributes"],
        record=record,
        missing=seen.missing,
        filled=seen.filled,
        zeroed=seen.zeroed,
        noisy=seen.noisy,
    )


def _mask(store: SplitStore, row: int, facts: Mapping[str, Any], lookup: LabelLookup | None) -> NDArray[np.uint8]:
    native = store.mask(row, facts["file"])
    return native if lookup is None or lookup.keeps(facts["values"]) else lookup.masks(native)


def _native_boxes(stored: Mapping[str, Any]) -> Boxes:
    return Boxes(
        frame=stored["frame"],
        xyxy=np.array(stored["boxes_xyxy"], np.float64).reshape(-1, 4),
        labels=np.array(stored["labels"], np.int64),
        ignore=np.array(stored["ignore"], np.bool_),
        occlusion=np.array(stored["occlusion"], np.int64),
        raw=np.array(stored["raw"], np.float64) if stored["raw"] else np.empty((0, 4)),
        convention=stored["convention"],
        visibility={name: np.array(values, np.float64) for name, values in stored["visibility"].items()},
        corners=np.array(stored["corners"], np.float64).reshape(-1, 4, 2) if stored["corners"] else None,
    )
