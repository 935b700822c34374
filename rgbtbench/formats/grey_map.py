"""Grey levels of maps and masks in whatever form people store them: PNG, JPEG and BMP, grey or in three equal channels.

The size is read before any pixel is decoded.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.errors import InputFileError
from rgbtbench.formats.foreign_image import foreign_levels, foreign_size
from rgbtbench.formats.image_file import Levels, decode_image
from rgbtbench.formats.image_header import probe

#: Endings of the files that hold grey maps, without the dot.
GREY_ENDINGS: Final = ("png", "jpg", "jpeg", "bmp")
#: ITU-R BT.601, as image libraries turn colour into grey.
_LUMINANCE: Final = np.array([0.299, 0.587, 0.114], np.float32)
#: Compression alone moves the channels of a grey JPEG apart, but no further than this.
_ALIKE_IN_JPEG: Final = 32
_BMP_START: Final = b"BM"
_REMEDY: Final = "store one channel of grey levels"


def as_8_bits(levels: Levels) -> NDArray[np.uint8]:
    """Return levels of 8 or 16 bits in 8 bits, rounded; the highest stays the highest."""
    if levels.dtype == np.uint8:
        return np.asarray(levels, np.uint8)
    return ((levels.astype(np.uint32) + 128) // 257).astype(np.uint8)


def grey_size(data: bytes, *, path: Path | None = None) -> tuple[int, int]:
    """Return height and width that a file states.

    Raises:
        InputFileError: neither PNG nor JPEG nor BMP, truncated, or larger than any dataset's frame.
    """
    if data.startswith(_BMP_START):
        width, height = foreign_size(data, "bmp", path=path)
        return height, width
    header = probe(data, path=path)
    return header.height, header.width


def grey_levels(data: bytes, *, path: Path | None = None) -> Levels:
    """Decode a file to its grey levels.

    PNG files of 1, 2 and 4 bits are stretched over 0 to 255, and colours of a palette are looked up. An alpha channel
    must be opaque. A JPEG in colours becomes luminance.

    Args:
        data: the file's content.
        path: named in errors.

    Returns:
        uint8 or, from PNG files of 16 bits, uint16 (H, W).

    Raises:
        InputFileError: as `grey_size`, damaged, in colours, or partly transparent.
    """
    if data.startswith(_BMP_START):
        return _one_channel(foreign_levels(data, "bmp", path=path), path)
    header = probe(data, path=path)
    if header.format == "npy" or (header.format == "jpg" and header.channels not in (1, 3)):
        found = "a NumPy file" if header.format == "npy" else f"a JPEG with {header.channels} components (CMYK)"
        raise InputFileError(found, expected="a PNG, JPEG or BMP of grey levels", path=path, remedy=_REMEDY)
    pixels = decode_image(data, header, path=path)
    if pixels.dtype == np.float32:  # only NumPy files
        raise InputFileError("floating-point levels", expected="8 or 16 bits", path=path, remedy=_REMEDY)
    levels: Levels = pixels  # type: ignore[assignment]  # what is no float32 is one of the two
    if header.format == "jpg" and levels.ndim == 3:
        spread = int((levels.max(axis=2).astype(np.int16) - levels.min(axis=2)).max())
        if spread > _ALIKE_IN_JPEG:
            raise _coloured(path)
        return luminance(levels)
    return _one_channel(levels, path)


def luminance(pixels: Levels) -> NDArray[np.uint8]:
    """Return the grey levels of RGB pixels (H, W, 3) of 8 bits, rounded."""
    return np.asarray(np.rint(pixels.astype(np.float32) @ _LUMINANCE), np.uint8)


def _one_channel(pixels: Levels, path: Path | None) -> Levels:
    if pixels.ndim == 2:
        return pixels
    colours = pixels[..., :3] if pixels.shape[2] >= 3 else pixels[..., :1]
    if pixels.shape[2] in (2, 4) and (pixels[..., -1] != np.iinfo(pixels.dtype).max).any():
        raise InputFileError("is partly transparent", expected="grey levels", path=path, remedy=_REMEDY)
    if (colours != colours[..., :1]).any():
        raise _coloured(path)
    grey: Levels = np.ascontiguousarray(colours[..., 0])  # type: ignore[assignment]  # keeps its type
    return grey


def _coloured(path: Path | None) -> InputFileError:
    return InputFileError("is in colours", expected="grey levels", path=path, remedy=_REMEDY)
