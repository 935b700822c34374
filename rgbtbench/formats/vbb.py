"""Video annotations (`.vbb`) of Dollár's toolbox: one MATLAB file per video, boxes per frame. Numbers as written.

The variable `A` is a struct: `objLists` holds one list of objects per frame from 0, `objLbl` the labels by object id
from 1. An object has `id`, `pos` (x y width height), `occl`, `lock` and `posv` (the visible part, or zeros).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from rgbtbench.errors import InputFileError
from rgbtbench.formats.mat_file import MatValue, read_mat
from rgbtbench.formats.paths import resolve_inside
from rgbtbench.formats.pedestrian_box import PedestrianBox, occlusion_level
from rgbtbench.stored_files import FileFacts, file_facts

_FORM: Final = "a struct A with nFrame, objLists and objLbl, as the toolbox writes it"

_Part = MatValue | dict[str, MatValue]
Frames = tuple[tuple[PedestrianBox, ...], ...]


def read_vbb(root: Path, relative: str) -> Frames:
    """Return the objects of every frame, from 0.

    Raises:
        InputFileError: as `read_mat`, or a file of another form: fields that are missing, a frame without a list, an
            object without a label, numbers that are not finite, an empty box, an occlusion that is no level.
    """
    path = resolve_inside(root, relative)
    annotation = _one_struct(read_mat(root, relative).get("A"), path)
    lists, labels = annotation.get("objLists"), annotation.get("objLbl")
    if not isinstance(lists, list) or not isinstance(labels, list):
        raise _wrong("A has no objLists or no objLbl", path)
    if _number(annotation.get("nFrame"), "nFrame", path) != len(lists):
        raise _wrong(f"nFrame differs from the {len(lists)} lists of objects", path)
    return tuple(_frame(objects, labels, frame, path) for frame, objects in enumerate(lists))


def read_vbb_once(root: Path, relative: str) -> Frames:
    """Return what `read_vbb` does, parsed once per process as long as the file's size and version stay.

    All frames of a video lie in one file, and each is opened by itself.
    """
    facts = file_facts(resolve_inside(root, relative))
    if facts is None:
        return read_vbb(root, relative)  # raises the error that names the file
    return _read_vbb_as_of(root, relative, facts)


@lru_cache(maxsize=4)
def _read_vbb_as_of(root: Path, relative: str, _facts: FileFacts) -> Frames:
    return read_vbb(root, relative)


def _frame(objects: _Part, labels: Sequence[_Part], frame: int, path: Path) -> tuple[PedestrianBox, ...]:
    if isinstance(objects, np.ndarray) and objects.size == 0:
        return ()
    if not isinstance(objects, list):
        raise _wrong(f"frame {frame} has no list of objects", path)
    return tuple(_object(item, labels, f"frame {frame}", path) for item in objects)


def _object(item: _Part, labels: Sequence[_Part], where: str, path: Path) -> PedestrianBox:
    if not isinstance(item, dict):
        raise _wrong(f"{where} has an object without fields", path)
    number = _number(item.get("id"), f"{where}: id", path)
    name = labels[int(number) - 1] if number == int(number) and 1 <= number <= len(labels) else None
    if not isinstance(name, str) or not name:
        raise _wrong(f"{where} has an object with the id {number:g}, which has no label", path)
    left, top, width, height = _box(item.get("pos"), f"{where}: pos", path)
    if width <= 0 or height <= 0:
        raise _wrong(f"{where} has an empty box {left:g} {top:g} {width:g} {height:g}", path)
    occlusion = _number(item.get("occl"), f"{where}: occl", path)
    return PedestrianBox(
        name=name,
        numbers=(left, top, width, height),
        form="xywh",
        occlusion=occlusion_level(f"{occlusion:g}", f"{where}: {name}", path=path),
        visible=_box(item.get("posv"), f"{where}: posv", path),
    )


def _one_struct(value: MatValue | None, path: Path) -> dict[str, MatValue]:
    if not isinstance(value, list) or len(value) != 1 or not isinstance(value[0], dict):
        raise _wrong("has no struct A", path)
    return value[0]


def _number(value: MatValue | None, what: str, path: Path) -> float:
    (number,) = _numbers(value, 1, what, path)
    return number


def _box(value: MatValue | None, what: str, path: Path) -> tuple[float, float, float, float]:
    left, top, width, height = _numbers(value, 4, what, path)
    return left, top, width, height


def _numbers(value: MatValue | None, count: int, what: str, path: Path) -> list[float]:
    if not isinstance(value, np.ndarray) or value.size != count or not np.isfinite(value.astype(np.float64)).all():
        raise _wrong(f"{what} is not {count} finite {'numbers' if count > 1 else 'number'}", path)
    return [float(number) for number in value.astype(np.float64).ravel()]


def _wrong(found: str, path: Path) -> InputFileError:
    return InputFileError(found, expected=_FORM, path=path, remedy="take the file from the release")
