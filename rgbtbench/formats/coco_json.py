"""COCO instances files: all images and boxes of a split in one JSON. Numbers are returned as written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

from rgbtbench.errors import InputFileError, LabelError, did_you_mean
from rgbtbench.formats.paths import read_bytes, resolve_inside

MAX_JSON_BYTES = 512 * 1024 * 1024
#: Coordinates beyond this, and those that are no number, are damage.
_FAR = 1e9
_AGAIN = "take the file from the official archive, or convert the labels again"


@dataclass(frozen=True, slots=True)
class CocoBox:
    """One annotation.

    Attributes:
        name: class name.
        numbers: `x, y, width, height` as written.
        ignore: marked `iscrowd` or `ignore`.
        occlusion: 0 none, 1 partial, 2 heavy, as pedestrian benchmarks write it; -1 where the file does not.
    """

    name: str
    numbers: tuple[float, float, float, float]
    ignore: bool
    occlusion: int = -1


@dataclass(frozen=True, slots=True)
class CocoImage:
    """One image with its boxes, in the file's order.

    Attributes:
        id: as written; some tools write text.
        boxes: none is a valid answer.
    """

    id: int | str
    boxes: tuple[CocoBox, ...]


def read_coco(root: Path, relative: str, *, file_key: str = "file_name") -> Mapping[str, CocoImage]:
    """Return all images of an instances file by `file_name`, in the file's order.

    Args:
        root: the dataset's folder.
        relative: path below it.
        file_key: what the file calls `file_name`; the ground truth of pedestrian benchmarks says `im_name`.

    Raises:
        InputFileError: missing, outside `root`, too large, no JSON, a part that is missing or of another type, an
            id or name used twice, an annotation of an unknown image, or a box that is empty or not finite.
        LabelError: an annotation of a category that the file does not define.
    """
    path = resolve_inside(root, relative)
    content = _parse(read_bytes(root, relative, max_bytes=MAX_JSON_BYTES), path)
    names = {_id(item, path, "categories"): _text(item, "name", path) for item in _items(content, "categories", path)}
    files: dict[int | str, str] = {}
    for item in _items(content, "images", path):
        number = _id(item, path, "images")
        if number in files:
            raise InputFileError(f"two images have the id {number!r}", path=path, remedy=_AGAIN)
        files[number] = _text(item, file_key, path)
    if len(set(files.values())) != len(files):
        raise InputFileError(f"two images have the same {file_key}", path=path, remedy=_AGAIN)
    boxes: dict[int | str, list[CocoBox]] = {number: [] for number in files}
    seen: set[int | str] = set()
    for item in _items(content, "annotations", path):
        number = _id(item, path, "annotations")
        if number in seen:
            raise InputFileError(f"two annotations have the id {number!r}", path=path, remedy=_AGAIN)
        seen.add(number)
        image, category = item.get("image_id"), item.get("category_id")
        if not isinstance(image, int | str) or image not in boxes:
            raise InputFileError(f"annotation {number!r} belongs to no image ({image!r})", path=path, remedy=_AGAIN)
        if not isinstance(category, int | str) or category not in names:
            raise LabelError(
                f"annotation {number!r} has category {category!r}",
                expected=f"one that `categories` defines: {sorted(names, key=str)}",
                path=path,
                remedy=_AGAIN,
            )
        ignore = bool(item.get("iscrowd")) or bool(item.get("ignore"))
        occlusion = item.get("occlusion", -1)
        if occlusion not in (-1, 0, 1, 2):
            raise InputFileError(
                f"annotation {number!r} has the occlusion {occlusion!r}",
                expected="0 none, 1 partial or 2 heavy",
                path=path,
                remedy="correct the annotation",
            )
        boxes[image].append(CocoBox(names[category], _numbers(item, number, path), ignore, int(occlusion)))
    return {file: CocoImage(number, tuple(boxes[number])) for number, file in files.items()}


def read_coco_once(root: Path, relative: str, *, file_key: str = "file_name") -> Mapping[str, CocoImage]:
    """Return what `read_coco` does, parsed once per process as long as the file's size and time stay.

    All samples of a split lie in one file, and each is opened by itself.
    """
    path = resolve_inside(root, relative)
    if not path.is_file():
        return read_coco(root, relative, file_key=file_key)  # raises the error that names the file
    facts = path.stat()
    return _read_coco_as_of(root, relative, file_key, facts.st_mtime_ns, facts.st_size)


@lru_cache(maxsize=4)
def _read_coco_as_of(root: Path, relative: str, file_key: str, _modified: int, _size: int) -> Mapping[str, CocoImage]:
    return read_coco(root, relative, file_key=file_key)


def image_of(images: Mapping[str, CocoImage], name: str, *, path: Path) -> CocoImage:
    """Return the entry of one file name.

    Raises:
        InputFileError: the instances file at `path` does not list it.
    """
    if name not in images:
        raise InputFileError(f"does not list {name!r}", path=path, remedy=did_you_mean(name, images))
    return images[name]


def _parse(data: bytes, path: Path) -> dict[str, Any]:
    try:
        content = json.loads(data, parse_constant=_refuse)
    except RecursionError as error:
        raise InputFileError("JSON nested too deeply", path=path, remedy=_AGAIN) from error
    except ValueError as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else None
        raise InputFileError(f"not JSON: {error}", path=path, line=line, remedy=_AGAIN) from error
    if not isinstance(content, dict):
        raise InputFileError("holds no object", expected="images, annotations, categories", path=path, remedy=_AGAIN)
    return content


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


def _items(content: Mapping[str, Any], part: str, path: Path) -> list[dict[str, Any]]:
    items = content.get(part)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise InputFileError(f"`{part}` is no list of objects", path=path, remedy=_AGAIN)
    return items


def _id(item: Mapping[str, Any], path: Path, part: str) -> int | str:
    number = item.get("id")
    if isinstance(number, bool) or not isinstance(number, int | str):
        raise InputFileError(f"an entry of `{part}` has the id {number!r}", path=path, remedy=_AGAIN)
    return number


def _text(item: Mapping[str, Any], key: str, path: Path) -> str:
    value = item.get(key)
    if not isinstance(value, str) or not value:
        raise InputFileError(f"an entry has the {key} {value!r}", expected="text", path=path, remedy=_AGAIN)
    return value


def _numbers(item: Mapping[str, Any], number: int | str, path: Path) -> tuple[float, float, float, float]:
    box = item.get("bbox")
    if (
        not isinstance(box, list)
        or len(box) != 4
        or not all(isinstance(value, int | float) and abs(value) < _FAR for value in box)
        or box[2] <= 0
        or box[3] <= 0
    ):
        raise InputFileError(
            f"annotation {number!r} has the bbox {box!r}",
            expected="x, y, width, height with a positive size",
            path=path,
            remedy="correct or remove the annotation",
        )
    left, top, width, height = map(float, box)
    return left, top, width, height
