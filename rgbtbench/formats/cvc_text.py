"""Annotation text of the CVC pedestrian datasets: one file per image. Numbers are returned as written.

A line is an object: centre `x y`, `width height`, whether it must be found (0: may be), four unused numbers, the
number of its track, and one more unused. A file of no bytes says that the image holds no object.
"""

from __future__ import annotations

import math
from pathlib import Path

from rgbtbench.errors import InputFileError
from rgbtbench.formats.paths import read_bytes, resolve_inside
from rgbtbench.formats.pedestrian_box import PedestrianBox

MAX_TEXT_BYTES = 1024 * 1024
FIELDS = "x y width height mandatory 0 0 0 0 track 0"


def read_cvc_text(root: Path, relative: str, *, name: str) -> tuple[PedestrianBox, ...]:
    """Return the objects of one file in their order; none is a valid answer.

    Args:
        root: the dataset's folder.
        relative: path below it.
        name: class of every object; the format states none.

    Raises:
        InputFileError: missing, outside `root`, too large, no text, or a line that is no object; names the line.
    """
    path = resolve_inside(root, relative)
    if path.is_file() and path.stat().st_size == 0:
        return ()
    try:
        lines = read_bytes(root, relative, max_bytes=MAX_TEXT_BYTES).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputFileError("not UTF-8 text", path=path, remedy="take the file from the release") from error
    return tuple(_object(line, number, path, name) for number, line in enumerate(lines, 1) if line.strip())


def _object(line: str, number: int, path: Path, name: str) -> PedestrianBox:
    try:
        values = [float(word) for word in line.split()]
    except ValueError:
        values = []
    if len(values) != len(FIELDS.split()) or not all(map(math.isfinite, values)) or values[4] not in (0, 1):
        raise InputFileError(
            f"{line[:80]!r} is no object", expected=FIELDS, path=path, line=number, remedy="take the file again"
        )
    x, y, width, height, mandatory = values[:5]
    if width <= 0 or height <= 0:
        raise InputFileError(
            f"an object has the size {width:g} {height:g}",
            expected="a positive size",
            path=path,
            line=number,
            remedy="correct or remove the object",
        )
    return PedestrianBox(
        name=name,
        numbers=(x, y, width, height),
        form="cxcywh",
        occlusion=-1,
        ignore=mandatory == 0,
    )
