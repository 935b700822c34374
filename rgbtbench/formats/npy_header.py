"""Headers of NumPy's `.npy` files, read without unpickling anything. Format: numpy.lib.format, versions 1 to 3."""

from __future__ import annotations

import ast
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rgbtbench.errors import InputFileError

#: Headers of plain arrays take less than a hundred bytes; a longer one is not parsed.
_MAX_HEADER = 4096
_MAX_BYTES = 1024 * 1024 * 1024
_MAX_AXES = 8
#: Truth values, whole numbers and fractions.
_NUMBERS = "biuf"
_AGAIN = "unpack or download the file again"


@dataclass(frozen=True, slots=True)
class NpyHeader:
    """What a `.npy` file states.

    Attributes:
        dtype: as NumPy writes it: `<f4`, `|u1`, `|O`.
        shape: sizes of the axes.
        fortran_order: the first axis varies fastest.
        offset: first byte of the samples.
    """

    dtype: str
    shape: tuple[int, ...]
    fortran_order: bool
    offset: int


def read_npy_header(data: bytes, *, path: Path | None = None) -> NpyHeader:
    """Read the header of a `.npy` file and check that the file is whole.

    Raises:
        InputFileError: no `.npy` file, a header that NumPy would not write, an array without samples or of anything but
            numbers, or another number of bytes than the header promises.
    """
    if data[:6] != b"\x93NUMPY" or len(data) < 10 or data[6] not in (1, 2, 3):
        raise InputFileError("no NumPy file", path=path, remedy=_AGAIN)
    start = 10 if data[6] == 1 else 12
    length = int.from_bytes(data[8:start], "little")
    if length > _MAX_HEADER or start + length > len(data):
        raise InputFileError("a NumPy file whose header is cut off or oversized", path=path, remedy=_AGAIN)
    header = _parsed(data[start : start + length], start + length, path)
    kind = _dtype(header.dtype)
    if kind is None or kind.kind not in _NUMBERS:
        raise InputFileError(
            f"a NumPy array of type {header.dtype!r}",
            expected="plain numbers",
            path=path,
            remedy="arrays of Python objects could run code and are never loaded; save the array as numbers",
        )
    expected = kind.itemsize * math.prod(header.shape)
    if expected > _MAX_BYTES or expected != len(data) - header.offset:
        raise InputFileError(
            f"a NumPy file with {len(data) - header.offset} bytes of samples",
            expected=f"{expected} as its header states",
            path=path,
            remedy=_AGAIN,
        )
    return header


def _parsed(text: bytes, offset: int, path: Path | None) -> NpyHeader:
    try:
        stated = ast.literal_eval(text.decode("latin1").strip())
        dtype, order, shape = stated["descr"], stated["fortran_order"], stated["shape"]
    except (ValueError, SyntaxError, TypeError, KeyError, MemoryError, RecursionError) as error:
        raise InputFileError("a NumPy file whose header cannot be read", path=path, remedy=_AGAIN) from error
    whole = (
        isinstance(shape, tuple) and len(shape) <= _MAX_AXES and all(type(size) is int and size > 0 for size in shape)
    )
    if not whole or not isinstance(order, bool):
        raise InputFileError("a NumPy file whose header makes no sense", path=path, remedy=_AGAIN)
    return NpyHeader(dtype if isinstance(dtype, str) else "structured", shape, order, offset)


def _dtype(name: str) -> np.dtype | None:
    try:
        return np.dtype(name)
    except (TypeError, ValueError, SyntaxError):
        return None
