"""Detections as pedestrian benchmarks publish them: one text row per box, `image number,x,y,width,height,score`."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.errors import PredictionError

FIELDS: Final = "image number,x,y,width,height,score"
#: Five million rows are shorter.
MAX_TEXT_BYTES: Final = 256 << 20
REMEDY: Final = f"write a row `{FIELDS}` for each box; images count from 1 in official order"


def rows_of_text(data: bytes, file: Path) -> NDArray[np.float64]:
    """Return the rows of a results text, float64 (N, 6), before anything but their form is checked.

    Fields are separated by commas, or all by blanks. A file without rows has no detections.

    Raises:
        PredictionError: too large, no text, or a line that is no row or whose image number is not whole; names the
            first such line, counted from 1.
    """
    if len(data) > MAX_TEXT_BYTES:
        raise PredictionError(
            f"has {len(data)} bytes", expected=f"at most {MAX_TEXT_BYTES}", path=file, remedy="leave out hopeless boxes"
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PredictionError("is not UTF-8 text", path=file, remedy=REMEDY) from error
    if not text.strip():
        return np.zeros((0, 6))
    delimiter = "," if "," in text else None
    try:
        rows = np.loadtxt(io.StringIO(text), delimiter=delimiter, comments=None, ndmin=2)
    except ValueError:
        rows = np.zeros((0, 0))
    if rows.shape[1] != 6 or not (np.mod(rows[:, 0], 1) == 0).all():
        raise _first_fault(text, delimiter, file)
    return rows


def line_of_row(data: bytes, row: int) -> int:
    """Return the line, counted from 1, of a row that `rows_of_text` returned; blank lines are no rows."""
    lines = (at for at, line in enumerate(data.decode("utf-8-sig").splitlines(), 1) if line.strip())
    return next(line for at, line in enumerate(lines) if at == row)


def _first_fault(text: str, delimiter: str | None, file: Path) -> PredictionError:
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split(delimiter)
        if line.strip() and (len(words) != 6 or not _is_whole(words[0]) or not all(map(_is_number, words))):
            return PredictionError(f"{line[:80]!r} is no row", expected=FIELDS, path=file, line=number, remedy=REMEDY)
    return PredictionError("holds a line that is no row", expected=FIELDS, path=file, remedy=REMEDY)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _is_whole(word: str) -> bool:
    return _is_number(word) and math.isfinite(float(word)) and float(word).is_integer()
