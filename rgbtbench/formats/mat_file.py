"""MATLAB files, level 5: numbers, text, cells and structs, and nothing else.

Follows MathWorks' "MAT-File Format". Files of unknown origin may name sizes that they do not have, nest without end or
hold objects and functions, so every size is checked against the bytes that are there before anything is allocated, and
only what annotation files need is read. Files of level 7.3 are HDF5 and no business of this module.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.errors import InputFileError
from rgbtbench.formats.paths import read_bytes, resolve_inside

#: Numbers are arrays, text is text; cells and structs are flat lists in column-major order, a struct of fields each.
MatValue = NDArray[np.generic] | str | list["MatValue"] | list[dict[str, "MatValue"]]

MAX_MAT_BYTES: Final = 64 * 1024 * 1024
MAX_UNPACKED_BYTES: Final = 256 * 1024 * 1024
#: Each array costs a few hundred bytes whatever it holds; an hour of annotated video needs fewer.
MAX_ARRAYS: Final = 1_000_000
MAX_DEPTH: Final = 12
MAX_AXES: Final = 8
MAX_VALUES: Final = 2**40
#: Numbers of an element's data type, and of an array's class, to NumPy's.
_DATA_TYPES: Final = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_CLASSES: Final = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"}
_CHARACTERS: Final = {1: "utf-8", 2: "utf-8", 16: "utf-8", 4: "utf-16", 17: "utf-16"}
_MATRIX, _COMPRESSED, _CELL, _STRUCT, _CHAR = 14, 15, 1, 2, 4
_EMPTY: Final = np.zeros((0, 0))
_REFUSED: Final = {3: "an object", 5: "a sparse array", 16: "a function", 17: "an opaque object"}


def read_mat(root: Path, relative: str) -> Mapping[str, MatValue]:
    """Return the variables of a file by name.

    Raises:
        InputFileError: missing, outside `root`, too large or growing too large when unpacked, of another level,
            damaged, nested too deeply, or holding anything but numbers, text, cells and structs.
    """
    path = resolve_inside(root, relative)
    data = read_bytes(root, relative, max_bytes=MAX_MAT_BYTES)
    try:
        return _variables(data)
    except _ContentError as error:
        raise InputFileError(
            str(error),
            expected="a MATLAB file of level 5 with numbers, text, cells and structs",
            path=path,
            remedy="take the file from the release",
        ) from error


def read_array(root: Path, relative: str, name: str) -> NDArray[np.generic]:
    """Return one variable that is an array of numbers; raises as `read_mat`, or when there is none of that name."""
    value = read_mat(root, relative).get(name)
    if not isinstance(value, np.ndarray):
        raise InputFileError(
            f"has no array of numbers {name!r}",
            path=resolve_inside(root, relative),
            remedy="take the file from the release",
        )
    return value


class _ContentError(ValueError):
    """What is wrong with the content, in one clause."""


@dataclass(slots=True)
class _Limits:
    """What a file may still ask for."""

    unpacked: int = MAX_UNPACKED_BYTES
    arrays: int = MAX_ARRAYS

    def count_arrays(self, number: int) -> None:
        self.arrays -= number
        if self.arrays < 0:
            raise _ContentError(f"holds more than {MAX_ARRAYS} arrays")


@dataclass(slots=True)
class _Cursor:
    """Bytes that are read once from front to back."""

    data: memoryview
    order: str
    limits: _Limits
    at: int = 0

    @property
    def left(self) -> int:
        return len(self.data) - self.at

    def take(self, count: int) -> memoryview:
        if count > self.left:
            raise _ContentError(f"ends {count - self.left} bytes too early")
        self.at += count
        return self.data[self.at - count : self.at]

    def element(self) -> tuple[int, memoryview]:
        """Return the type and content of the next element and skip its padding."""
        first, second = struct.unpack(f"{self.order}II", self.take(8))
        if first >> 16:  # type and length share four bytes, and the content is the other four
            self.at -= 4
            return first & 0xFFFF, self.take(4)[: first >> 16]
        content = self.take(second)
        if first != _COMPRESSED:
            self.at = min(self.at + -second % 8, len(self.data))
        return first, content

    def numbers(self) -> NDArray[np.generic]:
        kind, content = self.element()
        if kind not in _DATA_TYPES:
            raise _ContentError(f"holds data of type {kind} where numbers belong")
        dtype = np.dtype(self.order + _DATA_TYPES[kind])
        if len(content) % dtype.itemsize:
            raise _ContentError("a list of numbers ends within a number")
        return np.frombuffer(content, dtype)

    def whole_numbers(self) -> list[int]:
        numbers = self.numbers()
        if numbers.dtype.kind == "f":
            raise _ContentError("holds fractions where whole numbers belong")
        return [int(number) for number in numbers]

    def names(self) -> list[str]:
        """Return the field names of a struct, which have one length and end with a zero."""
        lengths = self.whole_numbers()
        length = lengths[0] if len(lengths) == 1 else 0
        _, content = self.element()
        if not 0 < length <= 64 or len(content) % length:
            raise _ContentError("the field names of a struct are damaged")
        whole = bytes(content)
        return [_text(whole[at : at + length].partition(b"\0")[0]) for at in range(0, len(whole), length)]


def _variables(data: bytes) -> dict[str, MatValue]:
    order = {b"IM": "<", b"MI": ">"}.get(data[126:128])
    if order is None or struct.unpack(f"{order}H", data[124:126])[0] != 0x0100:
        raise _ContentError("is no MATLAB file of level 5")
    found: dict[str, MatValue] = {}
    limits = _Limits()
    file = _Cursor(memoryview(data), order, limits, at=128)
    while file.left:
        kind, content = file.element()
        if kind == _COMPRESSED:
            unpacked = _unpacked(content, limits)
            kind, content = _Cursor(memoryview(unpacked), order, limits).element()
        if kind != _MATRIX:
            raise _ContentError(f"holds data of type {kind} where a variable belongs")
        name, value = _matrix(_Cursor(content, order, limits), depth=0)
        found[name] = value
    return found


def _unpacked(content: memoryview, limits: _Limits) -> bytes:
    inflating = zlib.decompressobj()
    try:
        unpacked = inflating.decompress(content, max(limits.unpacked, 1))
    except zlib.error as error:
        raise _ContentError("the packed data is damaged") from error
    if inflating.unconsumed_tail or not inflating.eof:
        raise _ContentError("the packed data is cut off, or grows beyond every annotation file")
    limits.unpacked -= len(unpacked)
    return unpacked


def _matrix(cursor: _Cursor, *, depth: int) -> tuple[str, MatValue]:
    """Return the name, empty inside cells and structs, and the value of an array."""
    if depth > MAX_DEPTH:
        raise _ContentError("is nested too deeply")
    cursor.limits.count_arrays(1)
    if not cursor.left:
        return "", _EMPTY
    flags, shape = cursor.whole_numbers(), cursor.whole_numbers()
    _, name = cursor.element()
    # An array without values may state axes of any length, and NumPy refuses them.
    values = math.prod(size or 1 for size in shape)
    if not flags or not 0 < len(shape) <= MAX_AXES or min(shape) < 0 or values > MAX_VALUES:
        raise _ContentError("an array's head is damaged")
    kind = flags[0] & 0xFF
    if kind in _REFUSED:
        raise _ContentError(f"holds {_REFUSED[kind]}")
    return _text(bytes(name)), _content(cursor, kind, shape, depth)


def _content(cursor: _Cursor, kind: int, shape: list[int], depth: int) -> MatValue:
    count = math.prod(shape)
    if kind == _CELL:
        _require_room(cursor, count)
        return [_inner(cursor, depth) for _ in range(count)]
    if kind == _STRUCT:
        names = cursor.names()
        _require_room(cursor, count * len(names))
        return [{name: _inner(cursor, depth) for name in names} for _ in range(count if names else 0)]
    if kind == _CHAR:
        stored, content = cursor.element()
        encoding = _CHARACTERS.get(stored)
        if encoding is None or len(shape) > 2 or (shape[0] > 1 and count):
            raise _ContentError("holds text that is not one line")
        suffix = {"<": "-le", ">": "-be"}[cursor.order] if encoding == "utf-16" else ""
        return _text(bytes(content), encoding + suffix)
    if kind not in _CLASSES:
        raise _ContentError(f"holds an array of class {kind}")
    values = cursor.numbers()
    if cursor.left or len(values) != count:
        raise _ContentError("an array is complex, or has another number of values than its shape says")
    with np.errstate(invalid="ignore"):
        return values.astype(_CLASSES[kind]).reshape(shape, order="F")


def _inner(cursor: _Cursor, depth: int) -> MatValue:
    kind, content = cursor.element()
    if kind != _MATRIX:
        raise _ContentError(f"holds data of type {kind} where an array belongs")
    return _matrix(_Cursor(content, cursor.order, cursor.limits), depth=depth + 1)[1]


def _require_room(cursor: _Cursor, arrays: int) -> None:
    if arrays * 8 > cursor.left:
        raise _ContentError(f"promises {arrays} arrays in {cursor.left} bytes")


def _text(data: bytes, encoding: str = "utf-8") -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _ContentError("holds text that cannot be decoded") from error
