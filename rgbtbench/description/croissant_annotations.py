"""Boxes and texts of prepared data in a Croissant description: typed fields of the samples' `json` members."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from rgbtbench.description.croissant_nodes import Json, field, file_set, record_set
from rgbtbench.shards.manifest import Manifest

#: All `json` members, by which every sample is described.
RECORD_FILES: Final = "json-files"
#: Columns of a set of boxes: types, shape, meaning.
_COLUMNS: Final = {
    "boxes_xyxy": (("cr:Float64", "cr:BoundingBox"), "-1,4", "x1 y1 x2 y2, 0-based and half-open, in pixels"),
    "labels": (("cr:Int64", "cr:Label"), "-1", "ids of classes-{}"),
    "ignore": (("sc:Boolean",), "-1", "regions that are neither hit nor miss"),
    "occlusion": (("cr:Int64",), "-1", "0 none, 1 partial, 2 heavy, -1 not stated"),
    "raw": (("cr:Float64",), "-1,-1", "the numbers as the source writes them"),
    "corners": (("cr:Float64",), "-1,8", "x1 y1 to x4 y4 of oriented boxes; empty where boxes are upright"),
}


def boxes_and_texts(manifest: Manifest, first: Mapping[str, Mapping[str, Any]]) -> tuple[list[Json], list[Json]]:
    """Return the FileSets and RecordSets of all boxes and texts.

    Args:
        manifest: of the prepared data.
        first: split to the record of its first sample; all samples of a split hold the same label sets.
    """
    file_sets, record_sets = [], []
    for name, facts in manifest.label_sets.items():
        part = {"boxes": "boxes", "text": "text"}.get(facts.kind)
        holding = [split for split, record in first.items() if part is not None and name in record[part]]
        if part is None or not holding:
            continue
        identifier = f"{'boxes' if part == 'boxes' else 'texts'}-{name}"
        files = RECORD_FILES
        if len(holding) < len(first):
            # A path that a record does not have would be an error: splits without these labels are left out.
            files = f"{identifier}-files"
            shards = [shard.file for split in holding for shard in manifest.splits[split].shards]
            file_sets.append(file_set(files, archives=shards, encodings=["application/json"], includes=["*.json"]))
        columns = [
            _column(identifier, files, ["key"], ["sc:Text"], "names the sample"),
            _column(identifier, files, ["split"], ["sc:Text"], "name of the split"),
        ]
        if part == "text":
            path = ["text", name, "captions"]
            columns.append(_column(identifier, files, path, ["sc:Text"], "captions or instructions", "-1"))
        else:
            columns += [
                _column(identifier, files, ["boxes", name, column], types, meaning.format(name), shape)
                for column, (types, shape, meaning) in _COLUMNS.items()
            ]
        keys = [f"{identifier}/split", f"{identifier}/key"]
        record_sets.append(record_set(identifier, columns, key=keys, about=facts.version))
    return file_sets, record_sets


def _column(
    owner: str, files: str, path: Sequence[str], types: Sequence[str], meaning: str, shape: str | None = None
) -> Json:
    source: Json = {"fileSet": {"@id": files}, "extract": {"jsonPath": _json_path(path)}}
    if "cr:BoundingBox" in types:
        source["format"] = "XYXY"
    described = field(f"{owner}/{path[-1]}", types, meaning, source)
    return described if shape is None else {**described, "isArray": True, "arrayShape": shape}


def _json_path(parts: Iterable[str]) -> str:
    return "$" + "".join(f"['{part}']" for part in parts)
