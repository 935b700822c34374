"""Writing rendered images in the formats that official trees use."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rgbtbench.formats.image_file import Pixels, encode_png

JPEG_QUALITY = 95


def write_image(path: Path, pixels: Pixels) -> None:
    """Write a JPEG or PNG file, as the extension says, and the folders above it.

    Args:
        path: ends in `.jpg` or `.png`.
        pixels: (H, W) or (H, W, C) with RGB or RGBA; uint8, for PNG also uint16.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_png(pixels) if path.suffix == ".png" else _encode_jpeg(pixels))


def _encode_jpeg(pixels: Pixels) -> bytes:
    import simplejpeg

    with_channels = np.ascontiguousarray(np.atleast_3d(pixels))
    colours = "GRAY" if with_channels.shape[2] == 1 else "RGB"
    return bytes(simplejpeg.encode_jpeg(with_channels, quality=JPEG_QUALITY, colorspace=colours))
