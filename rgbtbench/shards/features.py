"""`features.json`: the types of a sample for Hugging Face `datasets`. Specification: docs/formats/shards.md.

`datasets` infers types from the first five samples, and an empty list has none. The file states them; it follows
`Features.to_dict`, with lists written as `[item]`, which every version of `Features.from_dict` reads.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from pydantic import BaseModel

from rgbtbench.shards.record import BoxesRecord, ImageRecord, MaskRecord, SampleRecord, TextRecord

FEATURES: Final = "features.json"

Feature = dict[str, Any] | list[Any]

_SCALARS: Final = {bool: "bool", int: "int64", float: "float64", str: "string"}
_PARTS: Final[dict[str, type[BaseModel]]] = {
    "images": ImageRecord,
    "masks": MaskRecord,
    "boxes": BoxesRecord,
    "text": TextRecord,
}


def features(records: Iterable[Mapping[str, Any]], attributes: Mapping[str, str]) -> dict[str, Feature]:
    """Return the features of a whole sample: its images, masks and the `json` member.

    Args:
        records: one record of each split.
        attributes: attribute to column type; see `attribute_type`.
    """
    files: dict[str, Feature] = {}
    json_member: dict[str, Feature] = {"attributes": {name: _value(kind) for name, kind in attributes.items()}}
    parts: dict[str, dict[str, Feature]] = {part: {} for part in _PARTS}
    for record in records:
        files |= {facts["file"]: _of_file(facts) for part in ("images", "masks") for facts in record[part].values()}
        for part, model in _PARTS.items():
            for name, content in record[part].items():
                parts[part][name] = _of_model(model, content)
    for name, field in SampleRecord.model_fields.items():
        if name not in json_member:
            json_member[name] = parts[name] if name in parts else _of_type(field.annotation)
    return {"json": json_member, **files, "__key__": _value("string"), "__url__": _value("string")}


def _of_file(facts: Mapping[str, Any]) -> Feature:
    if not facts["file"].endswith(".npy"):
        return {"_type": "Image"}
    # `datasets` decodes these by itself, and has no type for arrays of varying height and width but lists.
    rows: Feature = [[_value("float32")]]
    return rows if facts.get("channels", 1) == 1 else [rows]


def _of_model(model: type[BaseModel], content: Mapping[str, Any]) -> Feature:
    described: dict[str, Feature] = {}
    for name, field in model.model_fields.items():
        if typing.get_origin(field.annotation) is dict:
            inner = typing.get_args(field.annotation)[1]
            described[name] = {key: _of_type(inner) for key in content[name]}
        else:
            described[name] = _of_type(field.annotation)
    return described


def _of_type(annotation: Any) -> Feature:
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return _value(_SCALARS[type(inner[0])])
    if origin is tuple:
        return [_of_type(inner[0])]
    if origin in (types.UnionType, typing.Union):
        return _of_type(next(kind for kind in inner if kind is not types.NoneType))
    if origin is typing.Annotated:
        return _of_type(inner[0])
    return _value(_SCALARS[annotation])


def _value(dtype: str) -> Feature:
    return {"dtype": dtype, "_type": "Value"}
