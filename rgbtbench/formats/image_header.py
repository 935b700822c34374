"""What an image file is, from its structure alone: no pixel is decoded, so a hostile size costs nothing.

`read_header` looks no further than the header. `probe` also makes sure that the file is whole: JPEG and PNG are walked
to their end marker, which finds truncated downloads; PNG checksums are verified too. A NumPy file must have exactly the
bytes that its header promises.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NamedTuple

from rgbtbench.errors import InputFileError
from rgbtbench.formats.npy_header import read_npy_header

#: Larger images are refused before anything is allocated; no dataset's frame has a tenth of it.
MAX_PIXELS = 100_000_000

_JPEG_START = b"\xff\xd8\xff"
_PNG_START = b"\x89PNG\r\n\x1a\n"
_NPY_START = b"\x93NUMPY"
_AGAIN = "unpack or download the file again"

# JPEG markers (ITU T.81, table B.1). Only Huffman-coded lossy frames are in use for photographs.
_FRAMES = {0xC0: False, 0xC1: False, 0xC2: True}  # marker to "is progressive"
_OTHER_FRAMES = {0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_END, _SCAN = 0xD9, 0xDA
# Inside a scan 0xFF is followed by 0x00 (stuffing), 0xFF (fill) or a restart marker; anything else ends the scan.
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")

# PNG colour type to samples per pixel and allowed bit depths (PNG specification, table 11.1).
_PALETTE = 3
_PNG_TYPES = {
    0: (1, (1, 2, 4, 8, 16)),
    2: (3, (8, 16)),
    _PALETTE: (3, (1, 2, 4, 8)),
    4: (2, (8, 16)),
    6: (4, (8, 16)),
}


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What the header of a JPEG, PNG or NumPy file states.

    Attributes:
        format: `jpg`, `png` or `npy`.
        width, height: pixels.
        channels: samples per pixel once decoded; a palette counts as its three colours.
        bit_depth: bits per sample, or per index of a palette.
        palette: the PNG's samples are indices into a palette.
        progressive: the JPEG is progressive.
    """

    format: Literal["jpg", "png", "npy"]
    width: int
    height: int
    channels: int
    bit_depth: int
    palette: bool = False
    progressive: bool = False


def probe(data: bytes, *, path: Path | None = None) -> ImageHeader:
    """Read the header of a JPEG, PNG or NumPy file and check that the file is whole.

    Args:
        data: the file's content.
        path: named in errors.

    Raises:
        InputFileError: no such format, truncated, a wrong checksum, an unusual coding, or over `MAX_PIXELS`; of NumPy
            files only float32 rasters (H, W) or (H, W, C) are images here.
    """
    return _plausible(_READERS[_format(data, path)].whole(data, path), path)


def read_header(data: bytes, *, path: Path | None = None) -> ImageHeader:
    """Read the header of a JPEG, PNG or NumPy file; what follows it may be damaged or missing.

    Raises:
        InputFileError: as `probe`, as far as the header shows it.
    """
    return _plausible(_READERS[_format(data, path)].header(data, path), path)


def _format(data: bytes, path: Path | None) -> bytes:
    found = next((start for start in _READERS if data.startswith(start)), None)
    if found is None:
        raise InputFileError("neither JPEG nor PNG nor NumPy file", path=path, remedy=_AGAIN)
    return found


def _plausible(header: ImageHeader, path: Path | None) -> ImageHeader:
    if header.width < 1 or header.height < 1:
        raise InputFileError(f"states a size of {header.width}x{header.height}", path=path, remedy=_AGAIN)
    if header.width * header.height > MAX_PIXELS:
        raise InputFileError(
            f"states a size of {header.width}x{header.height} pixels",
            expected=f"at most {MAX_PIXELS} pixels",
            path=path,
            remedy="remove the file: no dataset holds such images",
        )
    return header


def _jpeg_segments(data: bytes, path: Path | None) -> Iterator[tuple[int, bytes]]:
    """Yield marker and body of every segment before the end marker, which must be there."""
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise InputFileError(f"damaged JPEG: no marker at byte {at}", path=path, remedy=_AGAIN)
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        body = data[at + 4 : at + 2 + length]
        if length < 2 or len(body) < length - 2:
            break
        if marker in _OTHER_FRAMES:
            raise InputFileError(
                f"a JPEG of unusual coding (SOF{marker - 0xC0})", path=path, remedy="convert it to a baseline JPEG"
            )
        yield marker, body
        at += 2 + length
        if marker == _SCAN:
            following = _AFTER_SCAN.search(data, at)
            if following is None:
                break
            at = following.start()
            if data[at + 1] == _END:
                return
    raise InputFileError("truncated JPEG: the end marker is missing", path=path, remedy=_AGAIN)


def _jpeg_frames(data: bytes, path: Path | None) -> Iterator[ImageHeader]:
    for marker, body in _jpeg_segments(data, path):
        if marker in _FRAMES and len(body) >= 6:
            depth, height, width, channels = body[0], *_two_shorts(body[1:5]), body[5]
            yield ImageHeader("jpg", width, height, channels, depth, progressive=_FRAMES[marker])


def _jpeg_header(data: bytes, path: Path | None) -> ImageHeader:
    return _frame(next(_jpeg_frames(data, path), None), path)


def _probe_jpeg(data: bytes, path: Path | None) -> ImageHeader:
    frames = list(_jpeg_frames(data, path))
    return _frame(frames[-1] if frames else None, path)


def _frame(header: ImageHeader | None, path: Path | None) -> ImageHeader:
    if header is None:
        raise InputFileError("damaged JPEG: no frame header", path=path, remedy=_AGAIN)
    return header


def _probe_npy(data: bytes, path: Path | None) -> ImageHeader:
    stated = read_npy_header(data, path=path)
    if stated.dtype != "<f4" or stated.fortran_order or len(stated.shape) not in (2, 3):
        raise InputFileError(
            f"a NumPy array of type {stated.dtype} and shape {stated.shape}",
            expected="a float32 raster (H, W) or (H, W, C) in C order",
            path=path,
            remedy=_AGAIN,
        )
    height, width, *rest = stated.shape
    return ImageHeader("npy", width, height, rest[0] if rest else 1, 32)


def _two_shorts(data: bytes) -> tuple[int, int]:
    return int.from_bytes(data[:2], "big"), int.from_bytes(data[2:4], "big")


def png_chunks(data: bytes, *, path: Path | None = None) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and body of every chunk of a PNG file, in order, until `IEND`.

    Raises:
        InputFileError: the file ends early or a checksum is wrong.
    """
    at = len(_PNG_START)
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        end = at + 12 + length
        if end > len(data):
            break
        name, body = data[at + 4 : at + 8], data[at + 8 : end - 4]
        if zlib.crc32(body, zlib.crc32(name)) != int.from_bytes(data[end - 4 : end], "big"):
            raise InputFileError(f"damaged PNG: wrong checksum at byte {at}", path=path, remedy=_AGAIN)
        yield name, body
        if name == b"IEND":
            return
        at = end
    raise InputFileError("truncated PNG: the end marker is missing", path=path, remedy=_AGAIN)


def png_file(chunks: list[tuple[bytes, bytes]]) -> bytes:
    """Return the PNG file that consists of these chunks, with fresh checksums."""
    parts = [_PNG_START]
    for name, body in chunks:
        parts += [len(body).to_bytes(4, "big"), name, body, zlib.crc32(body, zlib.crc32(name)).to_bytes(4, "big")]
    return b"".join(parts)


def _png_header(data: bytes, path: Path | None) -> ImageHeader:
    name, body = next(png_chunks(data, path=path))
    if name != b"IHDR" or len(body) != 13:
        raise InputFileError("damaged PNG: no header", path=path, remedy=_AGAIN)
    width, height = int.from_bytes(body[:4], "big"), int.from_bytes(body[4:8], "big")
    depth, kind = body[8], body[9]
    channels, depths = _PNG_TYPES.get(kind, (0, ()))
    if depth not in depths:
        raise InputFileError(
            f"damaged PNG: colour type {kind} with {depth} bits does not exist", path=path, remedy=_AGAIN
        )
    return ImageHeader("png", width, height, channels, depth, palette=kind == _PALETTE)


def _probe_png(data: bytes, path: Path | None) -> ImageHeader:
    header = _png_header(data, path)
    seen = {name for name, _ in png_chunks(data, path=path)}
    if b"IDAT" not in seen or (header.palette and b"PLTE" not in seen):
        raise InputFileError("damaged PNG: no image data", path=path, remedy=_AGAIN)
    return header


class _Reader(NamedTuple):
    """How a format is read: to its header, and to its end."""

    header: Callable[[bytes, Path | None], ImageHeader]
    whole: Callable[[bytes, Path | None], ImageHeader]


#: First bytes of a file to how it is read.
_READERS: Final = {
    _JPEG_START: _Reader(_jpeg_header, _probe_jpeg),
    _PNG_START: _Reader(_png_header, _probe_png),
    _NPY_START: _Reader(_probe_npy, _probe_npy),
}
