"""COCO instances files: all images and boxes of a split in one JSON. Numbers are returned as written.

Three dialects are read as well: `annotation` for `annotations` and boxes with an angle as their fifth number (both
HIT-UAV), and a second image under `file_name_lwir` (UniRGB-IR).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from rgbtbench.errors import InputFileError, LabelError, did_you_mean
from rgbtbench.formats.json_file import REMEDY, read_json
from rgbtbench.formats.paths import resolve_inside
from rgbtbench.stored_files import FileFacts, file_facts

#: Coordinates beyond this, and those that are no number, are damage.
_FAR = 1e9
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class CocoBox:
    """One annotation.

    Attributes:
        name: class name.
        numbers: `x, y, width, height` as written.
        ignore: marked `iscrowd` or `ignore`.
        occlusion: 0 none, 1 partial, 2 heavy, as pedestrian benchmarks write it; -1 where the file does not.
        angle: the fifth number as written; None where there are four.
    """

    name: str
    numbers: tuple[float, float, float, float]
    ignore: bool
    occlusion: int = -1
    angle: float | None = None


@dataclass(frozen=True, slots=True)
class CocoImage:
    """One image with its boxes, in the file's order.

    Attributes:
        id: as written; some tools write text.
        boxes: none is a valid answer.
        thermal: `file_name_lwir`, where one entry stands for a pair.
        height: in pixels, as the file states it; None where it does not.
    """

    id: int | str
    boxes: tuple[CocoBox, ...]
    thermal: str | None = None
    height: int | None = None


def read_coco(root: Path, relative: str, *, file_key: str = "file_name") -> Mapping[str, CocoImage]:
    """Return all images of an instances file by `file_name`, in the file's order.

    Args:
        root: the dataset's folder.
        relative: path below it.
        file_key: what the file calls `file_name`; the ground truth of pedestrian benchmarks says `im_name`, HIT-UAV
            `filename`.

    Raises:
        InputFileError: missing, outside `root`, too large, no JSON, a part that is missing or of another type, an
            id or name used twice, an annotation of an unknown image, or a box that is empty or not finite.
        LabelError: an annotation of a category that the file does not define.
    """
    return instances_of(read_json(root, relative), resolve_inside(root, relative), file_key=file_key)


def instances_of(content: Any, path: Path, *, file_key: str = "file_name") -> Mapping[str, CocoImage]:
    """Return what `read_coco` does of a file's content; `path` is named in errors. Raises as it does."""
    if not isinstance(content, dict):
        raise InputFileError("holds no object", expected="images, annotations, categories", path=path, remedy=REMEDY)
    names: dict[int | str, str] = {}
    for item in _items(content, "categories", path):
        if names.setdefault(_id(item, path, "categories"), name := _text(item, "name", path)) != name:
            raise InputFileError(f"two categories have the id {item['id']!r}", path=path, remedy=REMEDY)
    files: dict[int | str, str] = {}
    thermal: dict[int | str, str | None] = {}
    heights: dict[int | str, int | None] = {}
    for item in _items(content, "images", path):
        number = _id(item, path, "images")
        if number in files:
            raise InputFileError(f"two images have the id {number!r}", path=path, remedy=REMEDY)
        files[number] = _text(item, file_key, path)
        thermal[number] = _text(item, "file_name_lwir", path) if "file_name_lwir" in item else None
        stated = item.get("height")
        heights[number] = stated if isinstance(stated, int) and not isinstance(stated, bool) else None
    if len(set(files.values())) != len(files):
        raise InputFileError(f"two images have the same {file_key}", path=path, remedy=REMEDY)
    boxes: dict[int | str, list[CocoBox]] = {number: [] for number in files}
    seen: set[int | str] = set()
    for item in _items(content, "annotation" if "annotation" in content else "annotations", path):
        number = _id(item, path, "annotations")
        if number in seen:
            raise InputFileError(f"two annotations have the id {number!r}", path=path, remedy=REMEDY)
        seen.add(number)
        image, category = item.get("image_id"), item.get("category_id")
        if not isinstance(image, int | str) or isinstance(image, bool) or image not in boxes:
            raise InputFileError(f"annotation {number!r} belongs to no image ({image!r})", path=path, remedy=REMEDY)
        if not isinstance(category, int | str) or isinstance(category, bool) or category not in names:
            raise LabelError(
                f"annotation {number!r} has category {category!r}",
                expected=f"one that `categories` defines: {sorted(names, key=str)[:_SHOWN]}",
                path=path,
                remedy=REMEDY,
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
        box, angle = _numbers(item, number, path)
        boxes[image].append(CocoBox(names[category], box, ignore, int(occlusion), angle))
    return {
        file: CocoImage(number, tuple(boxes[number]), thermal[number], heights[number])
        for number, file in files.items()
    }


def read_coco_once(root: Path, relative: str, *, file_key: str = "file_name") -> Mapping[str, CocoImage]:
    """Return what `read_coco` does, parsed once per process as long as the file's size and version stay.

    All samples of a split lie in one file, and each is opened by itself.
    """
    facts = file_facts(resolve_inside(root, relative))
    if facts is None:
        return read_coco(root, relative, file_key=file_key)  # raises the error that names the file
    return _read_coco_as_of(root, relative, file_key, facts)


@lru_cache(maxsize=4)
def _read_coco_as_of(root: Path, relative: str, file_key: str, _facts: FileFacts) -> Mapping[str, CocoImage]:
    return read_coco(root, relative, file_key=file_key)


def image_of(images: Mapping[str, CocoImage], name: str, *, path: Path) -> CocoImage:
    """Return the entry of one file name.

    Raises:
        InputFileError: the instances file at `path` does not list it.
    """
    if name not in images:
        raise InputFileError(f"does not list {name!r}", path=path, remedy=did_you_mean(name, images))
    return images[name]


def image_of_any(images: Mapping[str, CocoImage], files: Iterable[str], *, path: Path) -> CocoImage:
    """Return the entry of the first file that is listed under its path, or the last parts of it.

    Where a file lists paths of its author's machine, the folder of the first one stands before the name.

    Raises:
        InputFileError: the instances file at `path` lists none of them.
    """
    folder = next(iter(images), "").rpartition("/")[0]
    names = []
    for file in files:
        parts = file.split("/")
        names += ["/".join(parts[start:]) for start in range(len(parts))] + [f"{folder}/{parts[-1]}"]
    name = next((name for name in names if name in images), names[-2])
    return image_of(images, name, path=path)


def _items(content: Mapping[str, Any], part: str, path: Path) -> list[dict[str, Any]]:
    items = content.get(part)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise InputFileError(f"`{part}` is no list of objects", path=path, remedy=REMEDY)
    return items


def _id(item: Mapping[str, Any], path: Path, part: str) -> int | str:
    number = item.get("id")
    if isinstance(number, bool) or not isinstance(number, int | str):
        raise InputFileError(f"an entry of `{part}` has the id {number!r}", path=path, remedy=REMEDY)
    return number


def _text(item: Mapping[str, Any], key: str, path: Path) -> str:
    value = item.get(key)
    if not isinstance(value, str) or not value:
        raise InputFileError(f"an entry has the {key} {value!r}", expected="text", path=path, remedy=REMEDY)
    return value


def _numbers(
    item: Mapping[str, Any], number: int | str, path: Path
) -> tuple[tuple[float, float, float, float], float | None]:
    box = item.get("bbox")
    if (
        not isinstance(box, list)
        or len(box) not in (4, 5)
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
    left, top, width, height, *angle = map(float, box)
    return (left, top, width, height), next(iter(angle), None)
