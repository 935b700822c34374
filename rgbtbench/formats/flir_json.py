"""FLIR ADAS of 2018: one JSON per image, and class names in a file `catids.json` for all of them.

An annotation file holds a list under `annotation` in COCO's terms; the numbers are returned as written.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rgbtbench.errors import InputFileError
from rgbtbench.formats.coco_json import CocoBox, instances_of
from rgbtbench.formats.json_file import REMEDY, read_json
from rgbtbench.formats.paths import resolve_inside


def read_flir_categories(root: Path, relative: str) -> dict[int, str]:
    """Return class id to name, as a list of objects with `id` and `name` states them.

    Raises:
        InputFileError: missing, outside `root`, no JSON, or another content.
    """
    content, names = read_json(root, relative), dict[int, str]()
    for item in content if isinstance(content, list) else []:
        number = _whole(item.get("id")) if isinstance(item, dict) else None
        if number is not None and isinstance(item.get("name"), str):
            names[number] = item["name"].strip()
    if not isinstance(content, list) or not names or len(names) != len(content):
        raise InputFileError(
            "is no list of classes",
            expected='objects like {"id": 1, "name": "person"}, every id once',
            path=resolve_inside(root, relative),
            remedy=REMEDY,
        )
    return names


def read_flir_annotation(root: Path, relative: str, names: Mapping[int, str]) -> tuple[CocoBox, ...]:
    """Return the boxes of one image in the file's order; none is a valid answer.

    Args:
        root: the dataset's folder.
        relative: path of the annotation file below it.
        names: from `read_flir_categories`; ids may be written as text in either file.

    Raises:
        InputFileError: missing, outside `root`, no JSON, another content, or a box that is empty or not finite.
        LabelError: an annotation of a class that `names` does not have.
    """
    path = resolve_inside(root, relative)
    content = read_json(root, relative)
    listed = content.get("annotation") if isinstance(content, dict) else None
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise InputFileError("`annotation` is no list of objects", path=path, remedy=REMEDY)
    instances = {
        "images": [{"id": 0, "file_name": relative}],
        "categories": [{"id": number, "name": name} for number, name in names.items()],
        "annotations": [
            {**item, "id": number, "image_id": 0, "category_id": _whole(item.get("category_id"))}
            for number, item in enumerate(listed, 1)
        ],
    }
    return instances_of(instances, path)[relative].boxes


def _whole(value: object) -> int | None:
    if isinstance(value, str) and value.strip().isdecimal():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
