"""The pixels of a sound JPEG, written where the caller wants them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.formats.image_header import MAX_PIXELS

#: Gives uint8 memory of a shape (H, W, C) to write pixels into, in C order.
Room = Callable[[tuple[int, int, int]], NDArray[np.uint8]]

_START: Final = b"\xff\xd8\xff"
#: How a JPEG may store its pixels, to how they are decoded and to the channels that this gives.
_COLOURS: Final = {"Gray": ("GRAY", 1), "YCbCr": ("RGB", 3), "RGB": ("RGB", 3)}


def jpeg_pixels(data: bytes | memoryview, room: Room) -> NDArray[np.uint8] | None:
    """Decode a JPEG whose faults, if it has any, are of no consequence to libjpeg.

    Args:
        data: an image file.
        room: where its pixels go; asked once the size is known, and at most once.

    Returns:
        uint8 (H, W, C), C = 1 for grey, else red, green and blue; None for a file that is no JPEG or has faults, is
        larger than any image of a dataset, or has four inks: of these `decode_image` and `probe` have more to say.
    """
    import simplejpeg

    if bytes(data[:3]) != _START:
        return None
    try:
        height, width, stored, _ = simplejpeg.decode_jpeg_header(data)
        if stored not in _COLOURS or height * width > MAX_PIXELS:
            return None
        wanted, channels = _COLOURS[stored]
        pixels = room((height, width, channels))
        simplejpeg.decode_jpeg(data, wanted, strict=True, buffer=pixels)
    except ValueError:
        return None
    return pixels
