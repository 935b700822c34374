"""From a pair to what is stored: the `json` record and the members, after a check against the card."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from rgbtbench.canonical import canonical_json
from rgbtbench.cards.dataset import DatasetCard
from rgbtbench.cards.schema import AttributeValue, Frame, LabelKind
from rgbtbench.errors import InputFileError, LabelError
from rgbtbench.formats.image_file import decode_image, probe
from rgbtbench.labels import LabelMap
from rgbtbench.pair import Boxes, Image, Mask, Pair, Text
from rgbtbench.shards.record import BoxesRecord, ImageRecord, MaskRecord, SampleRecord, TextRecord

_CARD = "correct the dataset's module or its card"


@dataclass(frozen=True, slots=True)
class StoredSample:
    """One sample as it goes into a shard.

    Attributes:
        record: content of the `json` member.
        plain: the same as plain data.
        members: extension to bytes, `json` among them.
    """

    record: SampleRecord
    plain: Mapping[str, Any]
    members: Mapping[str, bytes]

    @property
    def signature(self) -> Signature:
        """What all samples of a split have in common."""
        visible = [
            f"{name}.visibility.{modality}"
            for name, boxes in self.record.boxes.items()
            for modality in boxes.visibility
        ]
        return Signature(tuple(sorted(self.members)), tuple(sorted([*self.record.boxes, *self.record.text, *visible])))


@dataclass(frozen=True, slots=True)
class Signature:
    """The members, and the parts of the record, that every sample of a split has.

    Attributes:
        members: extensions, bytewise sorted.
        record_parts: names of the box and text sets, and of what is known of each box, sorted.
    """

    members: tuple[str, ...]
    record_parts: tuple[str, ...]

    def difference(self, other: Signature) -> str:
        """Return in words what `other` lacks and what it has beyond this; empty when nothing."""
        mine, its = {*self.members, *self.record_parts}, {*other.members, *other.record_parts}
        lacking = [f"lacks {', '.join(sorted(mine - its))}"] if mine - its else []
        beyond = [f"also has {', '.join(sorted(its - mine))}"] if its - mine else []
        return " and ".join(lacking + beyond)


def label_maps(card: DatasetCard) -> dict[str, LabelMap]:
    """Return the maps of all label sets that have classes."""
    return {name: LabelMap.of(facts) for name, facts in card.label_sets.items() if facts.classes}


def stored_sample(pair: Pair, card: DatasetCard, maps: Mapping[str, LabelMap]) -> StoredSample:
    """Return the record and the members of a pair.

    Args:
        pair: the sample in memory.
        card: the card of its dataset.
        maps: see `label_maps`.

    Raises:
        LabelError: a label set, class id or attribute that the card does not have.
        InputFileError: a value that cannot be stored, such as an infinite coordinate.
    """
    members: dict[str, bytes] = {}
    masks: dict[str, Mask] = {}
    boxes: dict[str, Boxes] = {}
    text: dict[str, Text] = {}
    for modality, image in pair.images.items():
        if modality not in card.modalities:
            raise LabelError(f"modality {modality!r} is not in the card", remedy=_CARD)
        members[f"{modality}.{image.extension}"] = image.data
    for name, labels in pair.labels.items():
        match labels:
            case Mask():
                _check_set(card, name, labels.kind, labels.frame)
                if labels.kind == "semantic":
                    _check_ids(maps[name], name, labels.values)
                masks[name] = labels
                members[f"{name}.png"] = labels.data
            case Boxes():
                _check_set(card, name, "boxes", labels.frame)
                _check_ids(maps[name], name, labels.labels.tolist())
                boxes[name] = labels
            case Text():
                _check_set(card, name, "text", None)
                text[name] = labels
    entry = pair.entry
    try:
        record = SampleRecord(
            dataset=pair.dataset,
            key=entry.key,
            official_id=entry.official_id,
            image_id=entry.order + 1 if entry.image_id is None else entry.image_id,
            split=entry.split,
            order=entry.order,
            cluster=entry.cluster,
            attributes=_attributes(pair.attributes, card),
            images={name: _image_record(name, image) for name, image in pair.images.items()},
            masks={name: _mask_record(name, mask) for name, mask in masks.items()},
            boxes={name: _boxes_record(value) for name, value in boxes.items()},
            text={name: TextRecord(captions=value.captions) for name, value in text.items()},
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "record"
        raise InputFileError(f"{where} cannot be stored: {first['msg']}", remedy="correct the annotation") from error
    plain = record.model_dump(mode="json")
    members["json"] = canonical_json(plain)
    return StoredSample(record, plain, members)


def _check_set(card: DatasetCard, name: str, kind: LabelKind, frame: Frame | None) -> None:
    facts = card.label_sets.get(name)
    if facts is None or name in card.modalities:
        fault = "is not in the card" if facts is None else "has the name of a modality"
        raise LabelError(f"label set {name!r} {fault}", remedy=_CARD)
    if facts.kind != kind or frame not in (None, facts.frame):
        found = kind if frame is None else f"{kind} in frame {frame}"
        raise LabelError(
            f"label set {name} holds {found}", expected=f"{facts.kind} in frame {facts.frame}", remedy=_CARD
        )


def _check_ids(known: LabelMap, name: str, present: Iterable[int]) -> None:
    unknown = known.unknown_ids(present)
    if unknown:
        raise LabelError(
            f"label set {name} holds ids {unknown}",
            expected=f"the card's {sorted({*known.native, *known.ignore_ids})}",
            remedy="add them to the card if they are real, else repair the label file",
        )


def _attributes(found: Mapping[str, AttributeValue], card: DatasetCard) -> dict[str, AttributeValue]:
    for name, value in found.items():
        facts = card.attributes.get(name)
        if facts is None:
            raise LabelError(f"attribute {name!r} is not in the card", remedy=_CARD)
        if facts.values is not None and value is not None and value not in facts.values:
            raise LabelError(f"attribute {name} is {value!r}", expected=" or ".join(facts.values), remedy=_CARD)
    return {name: found.get(name) for name in card.attributes}


def _image_record(modality: str, image: Image) -> ImageRecord:
    return ImageRecord(
        file=f"{modality}.{image.extension}",
        width=image.width,
        height=image.height,
        channels=image.channels,
        bit_depth=image.bit_depth,
        source=image.source,
        conversion=image.conversion,
        sha256=hashlib.sha256(image.data).hexdigest(),
        pixels_sha256=None if image.conversion is None else _pixels_sha256(image.data),
    )


def _mask_record(name: str, mask: Mask) -> MaskRecord:
    return MaskRecord(
        file=f"{name}.png",
        kind=mask.kind,
        frame=mask.frame,
        width=mask.width,
        height=mask.height,
        values=mask.values,
        source=mask.source,
        conversion=mask.conversion,
        sha256=hashlib.sha256(mask.data).hexdigest(),
        pixels_sha256=None if mask.conversion is None else _pixels_sha256(mask.data),
    )


def _pixels_sha256(data: bytes) -> str:
    """Return the hash of an encoded image's type, shape and samples."""
    pixels = decode_image(data, probe(data))
    return hashlib.sha256(f"{pixels.dtype} {pixels.shape} ".encode() + pixels.tobytes()).hexdigest()


def _boxes_record(boxes: Boxes) -> BoxesRecord:
    return BoxesRecord(
        frame=boxes.frame,
        convention=boxes.convention,
        boxes_xyxy=_rows(boxes.xyxy),
        labels=boxes.labels.tolist(),
        ignore=boxes.ignore.tolist(),
        occlusion=boxes.occlusion.tolist(),
        raw=tuple(map(tuple, boxes.raw.tolist())),
        visibility={modality: values.tolist() for modality, values in boxes.visibility.items()},
        corners=() if boxes.corners is None else tuple(map(tuple, boxes.corners.reshape(-1, 8).tolist())),
    )


def _rows(boxes: NDArray[np.float64]) -> tuple[tuple[float, float, float, float], ...]:
    return tuple(map(tuple, boxes.tolist()))
