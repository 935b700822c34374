"""COCO instances files as scoring tools read them: by ids, with areas and crowd flags, and without need of any name.

`rgbtbench.formats.coco_json` reads the same files as labels of a dataset, by file name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.errors import InputFileError, LabelError
from rgbtbench.formats.json_file import REMEDY, read_json
from rgbtbench.formats.paths import resolve_inside

#: Coordinates beyond this, and those that are no number, are damage.
_FAR: Final = 1e9
_SHOWN: Final = 12


@dataclass(frozen=True)
class Instances:
    """Everything in an instances file that average precision looks at, as columns.

    Attributes:
        image_ids: N ids, ascending.
        file_names: N names, None where the file has none.
        sizes: N heights and widths, None where the file has none.
        classes: id to name; the id's digits where the file has no name.
        images: int64 (M,), row of each annotation's image.
        labels: int64 (M,), class ids.
        xywh: float64 (M, 4), as written.
        areas: float64 (M,), `area`, or width times height where it is missing.
        crowd: bool (M,), `iscrowd`.
        without_area: annotations that have no `area`.
        ignored: annotations that have `ignore` and not `iscrowd`.
    """

    image_ids: tuple[int, ...]
    file_names: tuple[str | None, ...]
    sizes: tuple[tuple[int, int] | None, ...]
    classes: Mapping[int, str]
    images: NDArray[np.int64]
    labels: NDArray[np.int64]
    xywh: NDArray[np.float64]
    areas: NDArray[np.float64]
    crowd: NDArray[np.bool_]
    without_area: int
    ignored: int


def read_instances(root: Path, relative: str) -> Instances:
    """Return what an instances file holds.

    Args:
        root: folder that the file must lie in.
        relative: path below it.

    Raises:
        InputFileError: missing, too large, no JSON, a part that is missing or of another type, an id that is no whole
            number or is used twice, an annotation of an unknown image, or a box or area that is no finite number or
            below 0.
        LabelError: an annotation of a category that the file does not define.
    """
    content, path = read_json(root, relative), resolve_inside(root, relative)
    if not isinstance(content, dict):
        raise InputFileError("holds no object", expected="images, annotations, categories", path=path, remedy=REMEDY)
    images, categories = _by_id(content, "images", path), _by_id(content, "categories", path)
    image_ids = sorted(images)
    annotations = _items(content, "annotations", path)
    _require_known(annotations, images, categories, path)
    rows = {number: row for row, number in enumerate(image_ids)}
    xywh = _numbers(annotations, path)
    areas = [item.get("area") for item in annotations]
    for item, area in zip(annotations, areas, strict=True):
        if area is not None and not (_is_number(area) and 0 <= area < _FAR * _FAR):
            raise InputFileError(
                f"annotation {item.get('id')!r} has the area {area!r}",
                expected="square pixels",
                path=path,
                remedy=REMEDY,
            )
    crowd = [bool(item.get("iscrowd")) for item in annotations]
    return Instances(
        image_ids=tuple(image_ids),
        file_names=tuple(_name(images[number], "file_name") for number in image_ids),
        sizes=tuple(_size(images[number]) for number in image_ids),
        classes={number: _name(item, "name") or str(number) for number, item in sorted(categories.items())},
        images=np.array([rows[item["image_id"]] for item in annotations], np.int64),
        labels=np.array([item["category_id"] for item in annotations], np.int64),
        xywh=xywh,
        areas=np.array(
            [box[2] * box[3] if area is None else area for area, box in zip(areas, xywh, strict=True)], np.float64
        ),
        crowd=np.array(crowd, np.bool_),
        without_area=areas.count(None),
        ignored=sum(bool(item.get("ignore")) and not hidden for item, hidden in zip(annotations, crowd, strict=True)),
    )


def _by_id(content: Mapping[str, Any], part: str, path: Path) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    for item in _items(content, part, path):
        number = item.get("id")
        if not isinstance(number, int) or isinstance(number, bool):
            raise InputFileError(
                f"an entry of `{part}` has the id {number!r}",
                expected="a whole number, as results name it",
                path=path,
                remedy="give images and categories whole numbers as ids, in labels and results",
            )
        if number in found:
            raise InputFileError(f"two entries of `{part}` have the id {number}", path=path, remedy=REMEDY)
        found[number] = item
    if not found:
        raise InputFileError(f"`{part}` is empty", expected="at least one entry", path=path, remedy=REMEDY)
    return found


def _items(content: Mapping[str, Any], part: str, path: Path) -> list[dict[str, Any]]:
    items = content.get(part)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise InputFileError(f"`{part}` is no list of objects", path=path, remedy=REMEDY)
    return items


def _require_known(
    annotations: Sequence[Mapping[str, Any]],
    images: Mapping[int, object],
    categories: Mapping[int, object],
    path: Path,
) -> None:
    seen: set[object] = set()
    for item in annotations:
        number, image, category = item.get("id"), item.get("image_id"), item.get("category_id")
        if not isinstance(number, int | str | None) or (number is not None and number in seen):
            raise InputFileError(f"two annotations have the id {number!r}", path=path, remedy=REMEDY)
        seen.add(number)
        if type(image) is not int or image not in images:
            raise InputFileError(f"annotation {number!r} belongs to no image ({image!r})", path=path, remedy=REMEDY)
        if type(category) is not int or category not in categories:
            raise LabelError(
                f"annotation {number!r} has category {category!r}",
                expected=f"one that `categories` defines: {sorted(categories)[:_SHOWN]}",
                path=path,
                remedy=REMEDY,
            )


def _numbers(annotations: Sequence[Mapping[str, Any]], path: Path) -> NDArray[np.float64]:
    for item in annotations:
        box = item.get("bbox")
        if (
            not isinstance(box, list)
            or len(box) != 4
            or not all(_is_number(value) and abs(value) < _FAR for value in box)
            or box[2] < 0
            or box[3] < 0
        ):
            raise InputFileError(
                f"annotation {item.get('id')!r} has the bbox {box!r}",
                expected="x, y, width, height",
                path=path,
                remedy="correct or remove the annotation",
            )
    return np.array([item["bbox"] for item in annotations], np.float64).reshape(-1, 4)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _name(item: Mapping[str, Any], key: str) -> str | None:
    value = item.get(key)
    return value if isinstance(value, str) and value else None


def _size(item: Mapping[str, Any]) -> tuple[int, int] | None:
    height, width = item.get("height"), item.get("width")
    return (height, width) if type(height) is int and type(width) is int else None
