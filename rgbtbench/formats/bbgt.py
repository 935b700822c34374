"""bbGt text files of Dollár's toolbox, version 3: one file per frame. Numbers are returned as written.

The first line is `% bbGt version=3`, every other one is an object: `label x y w h occ vx vy vw vh ign ang`, where the
`v` numbers are the visible part, or zeros. A file with only the first line says that the frame holds no object.
"""

from __future__ import annotations

import math
import re
from pathlib import Path

from rgbtbench.errors import InputFileError
from rgbtbench.formats.paths import read_bytes, resolve_inside
from rgbtbench.formats.pedestrian_box import PedestrianBox, occlusion_level

MAX_TEXT_BYTES = 1024 * 1024
HEADER = "% bbGt version=3"
FIELDS = "label x y w h occ vx vy vw vh ign ang"
_HEADER = re.compile(r"%\s*bbGt\s+version\s*=\s*(\d+)\s*")
_AGAIN = "take the file from the release"


def read_bbgt(root: Path, relative: str) -> tuple[PedestrianBox, ...]:
    """Return the objects of one file in their order; none is a valid answer.

    Raises:
        InputFileError: missing, outside `root`, too large, no text, no bbGt file or of another version, or a line that
            is no object: fields missing, numbers that are not finite, an empty box, an occlusion that is no level, a
            turned box. Names the line.
    """
    return parse_bbgt(read_bytes(root, relative, max_bytes=MAX_TEXT_BYTES), resolve_inside(root, relative))


def parse_bbgt(data: bytes, path: Path) -> tuple[PedestrianBox, ...]:
    """Return what `read_bbgt` does of a file's content; `path` is named in errors. Raises as it does."""
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputFileError("not UTF-8 text", path=path, remedy=_AGAIN) from error
    header = _HEADER.fullmatch(lines[0].strip()) if lines else None
    if header is None or header[1] != "3":
        found = "begins with no bbGt header" if header is None else f"bbGt version {header[1]}"
        raise InputFileError(found, expected=f"`{HEADER}`", path=path, line=1, remedy=_AGAIN)
    return tuple(_object(line, number, path) for number, line in enumerate(lines[1:], 2) if line.strip())


def _object(line: str, number: int, path: Path) -> PedestrianBox:
    name, *words = line.split()
    try:
        values = [float(word) for word in words]
    except ValueError:
        values = []
    if len(values) != len(FIELDS.split()) - 1 or not all(map(math.isfinite, values)):
        raise InputFileError(f"{line[:80]!r} is no object", expected=FIELDS, path=path, line=number, remedy=_AGAIN)
    left, top, width, height, _, vx, vy, vw, vh, ignore, angle = values
    if width <= 0 or height <= 0 or angle != 0:
        raise InputFileError(
            f"{name} has the size {width:g} {height:g} and the angle {angle:g}",
            expected="an upright box with a positive size",
            path=path,
            line=number,
            remedy="correct or remove the object",
        )
    return PedestrianBox(
        name=name,
        numbers=(left, top, width, height),
        form="xywh",
        occlusion=occlusion_level(words[4], name, path=path, line=number),
        ignore=ignore != 0,
        visible=(vx, vy, vw, vh),
    )
