"""Photographs in formats that shards do not hold: BMP, TIFF and PNM become PNG without loss.

What such a file promises is read from its structure first, so that a small file cannot ask for gigabytes.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Any, Final, cast

import numpy as np

from rgbtbench.errors import InputFileError
from rgbtbench.formats.image_file import Levels, png_image, read_image_file
from rgbtbench.formats.image_header import MAX_PIXELS
from rgbtbench.formats.paths import read_bytes, resolve_inside
from rgbtbench.formats.tiff_file import tiff_size, tiff_unpacks
from rgbtbench.pair import Image

#: Endings of the files that `read_any_image` converts, without the dot.
FOREIGN: Final = ("bmp", "tif", "tiff", "ppm", "pgm")
_AGAIN = "unpack or download the file again"
_PNM = re.compile(rb"P[56]\s+(?:#[^\n]*\n\s*)*(\d{1,6})\s+(\d{1,6})\s+(\d{1,5})\s")


def read_any_image(root: Path, relative: str) -> Image:
    """Return one official photograph: JPEG, PNG and float32 NumPy files byte for byte, others as PNG.

    Raises:
        InputFileError: missing, outside `root`, damaged, larger than any dataset's frame, or of another format.
    """
    ending = relative.rpartition(".")[2].lower()
    if ending not in FOREIGN:
        return read_image_file(root, relative)
    path = resolve_inside(root, relative)
    pixels = foreign_levels(read_bytes(root, relative), ending, path=path)
    return png_image(pixels, source=relative, conversion=f"{ending.upper()} as PNG")


def foreign_size(data: bytes, ending: str, *, path: Path | None = None) -> tuple[int, int]:
    """Return width and height that a file states.

    Args:
        data: the file's content.
        ending: one of `FOREIGN`.
        path: named in errors.

    Raises:
        InputFileError: damaged, or larger than any dataset's frame.
    """
    width, height = _stated_size(data, ending, path)
    if not 0 < width * height <= MAX_PIXELS:
        raise InputFileError(
            f"states a size of {width}x{height} pixels",
            expected=f"1 to {MAX_PIXELS} pixels",
            path=path,
            remedy="remove the file: no dataset holds such images",
        )
    return width, height


def foreign_levels(data: bytes, ending: str, *, path: Path | None = None) -> Levels:
    """Decode a file to uint8 or uint16, (H, W) or (H, W, C) with RGB or RGBA; arguments and errors of `foreign_size`.

    Raises:
        InputFileError: also when the pixels are damaged or of another type.
    """
    width, height = foreign_size(data, ending, path=path)
    pixels = _decoded(data, ending)
    if pixels is None or pixels.shape[:2] != (height, width) or pixels.dtype not in (np.uint8, np.uint16):
        raise InputFileError("the pixels cannot be decoded to 8 or 16 bits", path=path, remedy=_AGAIN)
    return pixels


def _decoded(data: bytes, ending: str) -> Levels | None:
    import cv2

    log = cv2.utils.logging
    level = log.getLogLevel()
    log.setLogLevel(log.LOG_LEVEL_SILENT)  # what is wrong is said once, by the error that names the file
    try:
        if ending.startswith("tif") and not tiff_unpacks(data):
            return None
        pixels: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        if pixels is None or pixels.ndim == 2:
            return cast("Levels | None", pixels)
        in_order: Any = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB if pixels.shape[2] == 3 else cv2.COLOR_BGRA2RGBA)
    except cv2.error:  # damaged, or of numbers or channels that it knows no colours of
        return None
    finally:
        log.setLogLevel(level)
    return cast("Levels", in_order)


def _stated_size(data: bytes, ending: str, path: Path | None) -> tuple[int, int]:
    reader = {"bmp": _bmp_size, "tif": tiff_size, "tiff": tiff_size, "ppm": _pnm_size, "pgm": _pnm_size}[ending]
    try:
        return reader(data)
    except (ValueError, struct.error, IndexError) as error:
        raise InputFileError(f"damaged {ending.upper()}: {error}", path=path, remedy=_AGAIN) from error


def _bmp_size(data: bytes) -> tuple[int, int]:
    if data[:2] != b"BM":
        raise ValueError("no BMP header")
    (start,) = struct.unpack_from("<I", data, 10)
    width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
    height = abs(height)  # negative: rows from top to bottom
    if compression == 0 and len(data) < start + (width * bits + 31) // 32 * 4 * height:
        raise ValueError("the file ends early")
    return width, height


def _pnm_size(data: bytes) -> tuple[int, int]:
    found = _PNM.match(data)
    if found is None:
        raise ValueError("no binary PGM or PPM header")
    width, height, top = (int(number) for number in found.groups())
    samples = (3 if data[1:2] == b"6" else 1) * (2 if top > 255 else 1)
    if len(data) - found.end() < width * height * samples:
        raise ValueError("the file ends early")
    return width, height
