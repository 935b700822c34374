"""Annotation XML of the KAIST pedestrian benchmark: VOC elements, an occlusion level, and boxes in one of two forms.

The release writes `x y w h` into `bndbox`; the converter in its repository writes `xmin ymin xmax ymax`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from rgbtbench.errors import InputFileError
from rgbtbench.formats.paths import resolve_inside
from rgbtbench.formats.pedestrian_box import PedestrianBox, occlusion_level
from rgbtbench.formats.voc_xml import annotation_objects, box_number, object_name

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element  # type only; parsing is defusedxml's

_SIZED: Final = ("x", "y", "w", "h")
_CORNERED: Final = ("xmin", "ymin", "xmax", "ymax")


def read_kaist_xml(root: Path, relative: str) -> tuple[PedestrianBox, ...]:
    """Return the objects of one annotation file in their order, numbers as written; none is a valid answer.

    Raises:
        InputFileError: as `annotation_objects`, or an object without name or occlusion, with numbers that are missing
            or not finite, or with an empty box.
    """
    path = resolve_inside(root, relative)
    return tuple(_object(item, number, path) for number, item in enumerate(annotation_objects(root, relative), 1))


def _object(item: Element, number: int, path: Path) -> PedestrianBox:
    name = object_name(item, number, path)
    sized = item.find("bndbox/w") is not None
    a, b, c, d = (box_number(item, tag, number, path) for tag in (_SIZED if sized else _CORNERED))
    width, height = (c, d) if sized else (c - a, d - b)
    if width <= 0 or height <= 0:
        raise InputFileError(
            f"object {number} ({name}) has an empty box {a:g} {b:g} {c:g} {d:g}",
            expected="a positive width and height",
            path=path,
            remedy="correct or remove the object",
        )
    occlusion = (item.findtext("occlusion") or "").strip()
    return PedestrianBox(
        name=name,
        numbers=(a, b, c, d),
        form="xywh" if sized else "xyxy",
        occlusion=occlusion_level(occlusion, f"object {number} ({name})", path=path),
    )
