"""What a TIFF file promises, and whether what is packed in it unpacks. Format: TIFF 6.0."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np

_WIDTH, _HEIGHT, _BITS, _PACKING, _MEANING, _OFFSETS = 256, 257, 258, 259, 262, 273
_SAMPLES, _ROWS, _LENGTHS, _PLANES = 277, 278, 279, 284
_BIT_ORDER: Final = 266
#: Sizes of the number types SHORT and LONG.
_TYPES: Final = {3: "H", 4: "I"}
_LONG: Final = 4
_READ: Final = (_WIDTH, _HEIGHT, _BITS, _PACKING, _OFFSETS, _SAMPLES, _LENGTHS, _PLANES)
#: LZW and both numbers of Deflate: what is damaged shows when it is unpacked.
_TELLING: Final = (5, 8, 32946)


def tiff_size(data: bytes) -> tuple[int, int]:
    """Return the width and height that the first image of a file states.

    Raises:
        ValueError, struct.error, IndexError: no TIFF, or its numbers lead out of the file.
    """
    first = _directory(data)
    if not {_WIDTH, _HEIGHT} <= first.tags.keys():
        raise ValueError("no size")
    for start, length in zip(first.tags.get(_OFFSETS, []), first.tags.get(_LENGTHS, []), strict=True):
        if start + length > len(data):
            raise ValueError("the file ends early")
    return first.tags[_WIDTH][0], first.tags[_HEIGHT][0]


def tiff_unpacks(data: bytes) -> bool:
    """Return whether packed strips of 8-bit samples unpack without an error; other files are taken as they are.

    OpenCV goes on after an error in strips of 8-bit samples and ends with one in strips of 16 bits. So the same strips
    are unpacked once more as rows of half as many samples of 16 bits, which changes nothing about their bytes.

    Args:
        data: a file of which `tiff_size` had nothing to say.
    """
    import cv2

    first = _directory(data)
    tags = first.tags
    row = tags[_WIDTH][0] * tags.get(_SAMPLES, [1])[0]
    packed = tags.get(_PACKING, [1])[0] in _TELLING and tags.get(_PLANES, [1])[0] == 1
    if not packed or set(tags.get(_BITS, [1])) != {8} or row % 2:
        return True
    stated = {_WIDTH: row // 2, _HEIGHT: tags[_HEIGHT][0], _BITS: 16, _MEANING: 1, _SAMPLES: 1}
    entries = {tag: struct.pack(f"{first.order}HHII", tag, _LONG, 1, value) for tag, value in stated.items()}
    kept = (_PACKING, _BIT_ORDER, _OFFSETS, _ROWS, _LENGTHS)
    entries |= {tag: first.entries[tag] for tag in kept if tag in first.entries}
    whole = data + bytes(len(data) % 2)
    relabelled = b"".join(
        [
            whole[:4],
            struct.pack(f"{first.order}I", len(whole)),
            whole[8:],
            struct.pack(f"{first.order}H", len(entries)),
            *(entry for _, entry in sorted(entries.items())),
            bytes(4),
        ]
    )
    try:
        return cv2.imdecode(np.frombuffer(relabelled, np.uint8), cv2.IMREAD_UNCHANGED) is not None
    except cv2.error:
        return False


@dataclass(frozen=True, slots=True)
class _Directory:
    """The first directory of a file: byte order, entries as they stand, and the numbers of those that are numbers."""

    order: str
    entries: dict[int, bytes]
    tags: dict[int, list[int]]


def _directory(data: bytes) -> _Directory:
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
    if order is None:
        raise ValueError("no TIFF header")
    (start,) = struct.unpack_from(f"{order}I", data, 4)
    (count,) = struct.unpack_from(f"{order}H", data, start)
    entries: dict[int, bytes] = {}
    tags: dict[int, list[int]] = {}
    for at in range(start + 2, start + 2 + 12 * count, 12):
        tag, kind, length, value = struct.unpack_from(f"{order}HHII", data, at)
        entries[tag] = bytes(data[at : at + 12])
        if tag in _READ and kind in _TYPES and 0 < length <= len(data):
            inline = struct.calcsize(_TYPES[kind]) * length <= 4
            tags[tag] = list(struct.unpack_from(f"{order}{length}{_TYPES[kind]}", data, at + 8 if inline else value))
    return _Directory(order, entries, tags)
