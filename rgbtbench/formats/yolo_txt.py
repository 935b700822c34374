"""YOLO text labels: one line per object, `class cx cy width height` in parts of the image's size, classes from 0."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rgbtbench.errors import InputFileError, LabelError
from rgbtbench.formats.paths import read_bytes, resolve_inside

MAX_TXT_BYTES = 5 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class YoloObject:
    """One line.

    Attributes:
        name: class name.
        numbers: `cx, cy, width, height` as written, 1 being the width or height of the image.
    """

    name: str
    numbers: tuple[float, float, float, float]


def read_yolo(root: Path, relative: str, *, names: Mapping[int, str]) -> tuple[YoloObject, ...]:
    """Return the objects of one label file in their order; an empty file is an image without objects.

    Args:
        root: the dataset's folder.
        relative: path of the file below it.
        names: class id to name. The file does not say them, so that the dataset's module must know.

    Raises:
        InputFileError: missing, outside `root`, too large, not text, or a line without five finite numbers and a
            positive size; names the line.
        LabelError: a class id that has no name.
    """
    path = resolve_inside(root, relative)
    # An empty file is a statement here; everywhere else it is damage.
    empty = path.is_file() and path.stat().st_size == 0
    data = b"" if empty else read_bytes(root, relative, max_bytes=MAX_TXT_BYTES)
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputFileError("not UTF-8 text", path=path, remedy="take the file from the archive again") from error
    return tuple(_object(line, number, path, names) for number, line in enumerate(lines, 1) if line.strip())


def xyxy_of_yolo(written: Sequence[YoloObject], *, width: int, height: int) -> NDArray[np.float64]:
    """Return `x1 y1 x2 y2` in pixels, float64 (N, 4), of objects in an image of a size."""
    numbers = np.array([item.numbers for item in written], np.float64).reshape(-1, 4)
    numbers *= (width, height, width, height)
    half = numbers[:, 2:] / 2
    return np.concatenate([numbers[:, :2] - half, numbers[:, :2] + half], axis=1)


def _object(line: str, number: int, path: Path, names: Mapping[int, str]) -> YoloObject:
    fields = line.split()
    try:
        label, (cx, cy, width, height) = int(fields[0]), map(float, fields[1:])
    except ValueError:
        label, (cx, cy, width, height) = -1, (math.nan,) * 4
    if not (math.isfinite(cx + cy) and 0 < width < math.inf and 0 < height < math.inf):
        raise InputFileError(
            f"{line.strip()[:80]!r} is no object",
            expected="a class id, then cx, cy, width and height in parts of the image, with a positive size",
            path=path,
            line=number,
            remedy="correct or remove the line",
        )
    if label not in names:
        raise LabelError(
            f"class id {label}",
            expected=", ".join(f"{known} {name}" for known, name in sorted(names.items())),
            path=path,
            line=number,
            remedy="take the labels that belong to this layout",
        )
    return YoloObject(names[label], (cx, cy, width, height))
