"""PASCAL VOC annotation files: one XML per image. Numbers are returned as written.

What the numbers mean (from 0 or 1, last pixel in or out) differs between datasets that use this format, so it is
decided by the dataset's module, not here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rgbtbench.errors import InputFileError
from rgbtbench.formats.paths import read_bytes

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element  # type only; parsing is defusedxml's

MAX_XML_BYTES = 5 * 1024 * 1024
_AGAIN = "take the file from the official archive"


@dataclass(frozen=True, slots=True)
class VocObject:
    """One object of an annotation file.

    Attributes:
        name: class name as written.
        numbers: `xmin, ymin, xmax, ymax` as written.
        difficult: the flag of that name; false when it is not there.
    """

    name: str
    numbers: tuple[float, float, float, float]
    difficult: bool


def read_voc(root: Path, relative: str) -> tuple[VocObject, ...]:
    """Return the objects of one annotation file in their order; none is a valid answer.

    Raises:
        InputFileError: missing, outside `root`, too large, no XML, XML with a document type or entities, or an
            object without name, with numbers that are missing or not finite, or with an empty box.
    """
    path = root / relative
    return tuple(_object(item, number, path) for number, item in enumerate(annotation_objects(root, relative), 1))


def annotation_objects(root: Path, relative: str) -> list[Element]:
    """Return the `object` elements of one annotation file in their order, for formats that differ inside them.

    Raises:
        InputFileError: missing, outside `root`, too large, no XML, or XML with a document type or entities.
    """
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    data, path = read_bytes(root, relative, max_bytes=MAX_XML_BYTES), root / relative
    try:
        annotation = fromstring(data, forbid_dtd=True)
    except DefusedXmlException as error:
        raise InputFileError(
            f"XML with a document type or entities ({type(error).__name__})",
            expected="plain elements",
            path=path,
            remedy=f"{_AGAIN}: no annotation needs them, and they can read other files or fill the memory",
        ) from error
    except (ParseError, ValueError) as error:
        line = error.position[0] if isinstance(error, ParseError) else None
        raise InputFileError(f"not XML: {error}", path=path, line=line, remedy=_AGAIN) from error
    found: list[Element] = annotation.findall("object")
    return found


def object_name(item: Element, number: int, path: Path) -> str:
    """Return the class name of the `number`-th object of the file at `path`; raises `InputFileError` without one."""
    name = (item.findtext("name") or "").strip()
    if not name:
        raise InputFileError(f"object {number} has no name", path=path, remedy=_AGAIN)
    return name


def box_number(item: Element, edge: str, number: int, path: Path) -> float:
    """Return one number of an object's `bndbox`; raises `InputFileError` when it is missing or not finite."""
    box = item.find("bndbox")
    text = None if box is None else box.findtext(edge)
    if text is None:  # a path is slow to follow, and finds it in a second `bndbox` too
        text = item.findtext(f"bndbox/{edge}")
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputFileError(
            f"object {number}: {edge} is {text!r}", expected="a finite number", path=path, remedy=_AGAIN
        )
    return value


def _object(item: Element, number: int, path: Path) -> VocObject:
    name = object_name(item, number, path)
    left, top, right, bottom = (box_number(item, edge, number, path) for edge in ("xmin", "ymin", "xmax", "ymax"))
    if right <= left or bottom <= top:
        raise InputFileError(
            f"object {number} ({name}) has an empty box {left:g} {top:g} {right:g} {bottom:g}",
            expected="xmin below xmax and ymin below ymax",
            path=path,
            remedy="correct or remove the object",
        )
    return VocObject(name, (left, top, right, bottom), (item.findtext("difficult") or "0").strip() == "1")
