"""Writing rendered images in the formats that official trees use."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgbtbench.formats.image_file import Levels, Pixels, encode_png
from rgbtbench.formats.image_header import png_chunks, png_file

JPEG_QUALITY = 95
#: Byte of the PNG header that says what samples are, and its value for indices into a palette.
_COLOUR_TYPE, _INDEXED = 9, 3


def write_image(path: Path, pixels: Pixels) -> None:
    """Write a JPEG, PNG, BMP, TIFF or NumPy file, as the extension says, and the folders above it.

    Args:
        path: ends in `.jpg`, `.jpeg`, `.png`, `.bmp`, `.tif`, `.tiff` or `.npy`.
        pixels: (H, W) or (H, W, C) with RGB or RGBA; uint8, for PNG and TIFF also uint16, for NumPy any numbers.
    """
    encoders: dict[str, Callable[[Any], bytes]] = {
        ".png": encode_png,
        ".npy": _encode_array,
        ".jpg": _encode_jpeg,
        ".jpeg": _encode_jpeg,
        **{ending: partial(_encode_foreign, ending=ending) for ending in (".bmp", ".tif", ".tiff")},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoders[path.suffix](pixels))


def write_palette_png(path: Path, indices: NDArray[np.uint8], palette: Sequence[tuple[int, int, int]]) -> None:
    """Write a PNG of 8-bit indices and their colours, and the folders above it.

    Args:
        path: ends in `.png`.
        indices: uint8 (H, W).
        palette: RGB of the indices from 0; black beyond its end.
    """
    colours = bytes(level for colour in palette for level in colour).ljust(3 * 256, b"\0")
    header, *others = png_chunks(encode_png(indices))
    indexed = bytearray(header[1])
    indexed[_COLOUR_TYPE] = _INDEXED
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png_file([(header[0], bytes(indexed)), (b"PLTE", colours), *others]))


def _encode_array(values: NDArray[Any]) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, np.ascontiguousarray(values), version=(1, 0), allow_pickle=False)
    return file.getvalue()


def _encode_foreign(pixels: Levels, *, ending: str) -> bytes:
    import cv2

    in_order = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(ending, in_order)
    return bytes(encoded)


def _encode_jpeg(pixels: NDArray[np.uint8]) -> bytes:
    import simplejpeg

    with_channels = np.ascontiguousarray(np.atleast_3d(pixels))
    colours = "GRAY" if with_channels.shape[2] == 1 else "RGB"
    return bytes(simplejpeg.encode_jpeg(with_channels, quality=JPEG_QUALITY, colorspace=colours))
