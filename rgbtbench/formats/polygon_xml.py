"""VOC-like annotation files whose objects are quadrilaterals or upright boxes: DroneVehicle."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rgbtbench.errors import InputFileError
from rgbtbench.formats.paths import resolve_inside
from rgbtbench.formats.voc_xml import annotation_objects

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element  # type only; parsing is defusedxml's

Corners = tuple[float, float, float, float, float, float, float, float]

_POLYGON: Final = tuple(f"polygon/{axis}{corner}" for corner in range(1, 5) for axis in "xy")
_BOX: Final = tuple(f"bndbox/{edge}" for edge in ("xmin", "ymin", "xmax", "ymax"))


@dataclass(frozen=True, slots=True)
class PolygonObject:
    """One object of an annotation file.

    Attributes:
        name: class name as written; empty where the file names none.
        corners: `x1 y1 … x4 y4` as written, those of an upright box clockwise from its top left corner; None where the
            object has neither.
    """

    name: str
    corners: Corners | None


def read_polygons(root: Path, relative: str) -> tuple[PolygonObject, ...]:
    """Return the objects of one annotation file in their order; none is a valid answer.

    Raises:
        InputFileError: as `annotation_objects` does, or a number that is none or not finite, or a polygon or box of
            which some numbers are missing.
    """
    path = resolve_inside(root, relative)
    return tuple(_object(item, number, path) for number, item in enumerate(annotation_objects(root, relative), 1))


def _object(item: Element, number: int, path: Path) -> PolygonObject:
    name = (item.findtext("name") or "").strip()
    if item.find("polygon") is not None:
        return PolygonObject(name, _numbers(item, _POLYGON, number, path))  # type: ignore[arg-type]
    if item.find("bndbox") is None:
        return PolygonObject(name, None)
    left, top, right, bottom = _numbers(item, _BOX, number, path)
    return PolygonObject(name, (left, top, right, top, right, bottom, left, bottom))


def _numbers(item: Element, places: tuple[str, ...], number: int, path: Path) -> tuple[float, ...]:
    found = []
    for place in places:
        text = item.findtext(place)
        try:
            value = float(text or "")
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise InputFileError(
                f"object {number}: {place} is {text!r}",
                expected="a finite number",
                path=path,
                remedy="take the file from the official archive",
            )
        found.append(value)
    return tuple(found)
