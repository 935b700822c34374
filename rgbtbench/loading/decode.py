"""From the bytes of a shard's member to an array; the decoders are those that `prepare` uses."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.errors import InputFileError, ShardError
from rgbtbench.formats.image_file import Pixels, decode_image
from rgbtbench.formats.image_header import ImageHeader, probe, read_header
from rgbtbench.formats.index_mask import index_values
from rgbtbench.formats.jpeg_pixels import Room, jpeg_pixels

#: Where the header of nearly every file ends; of others more is read.
_START: Final = 4096
_REMEDY = "run `rgbtbench verify` on the folder, then prepare it again"


def fresh_room(shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Return memory of this shape that nobody else has: the room of a decoder that writes for itself."""
    return np.empty(shape, np.uint8)


def decode_pixels(data: bytes | memoryview, *, where: str, room: Room = fresh_room) -> Pixels:
    """Decode a photograph.

    A JPEG with faults that libjpeg only warns about is refused by `simplejpeg` and decoded by OpenCV: `prepare` lets it
    through, because photographs are not decoded there unless asked.

    Args:
        data: a JPEG, PNG or NumPy file.
        where: the sample and member, for errors.
        room: memory that the pixels of a JPEG are written into; other files bring their own.

    Returns:
        uint8, uint16 or float32 (H, W, C), samples as stored, C = 1 for grey, else in the order R, G, B.

    Raises:
        ShardError: damaged, or no such image.
    """
    photograph = jpeg_pixels(data, room)
    if photograph is not None:
        return photograph
    try:
        try:
            pixels = decode_image(data, _header(data))
        except InputFileError:
            pixels = _decode_faulty_jpeg(bytes(data), probe(bytes(data)))
    except InputFileError as error:
        raise _damaged(where, error) from error
    return pixels if pixels.ndim == 3 else pixels[..., np.newaxis]


def decode_mask(data: bytes | memoryview, *, where: str) -> NDArray[np.uint8]:
    """Decode a mask to its ids or levels; a palette yields its indices, never its colours.

    Args:
        data: a PNG file, in shards an 8-bit grey one.
        where: the sample and member, for errors.

    Returns:
        uint8 (H, W), values as stored.

    Raises:
        ShardError: damaged, or of another kind.
    """
    content = bytes(data)
    try:
        values, _ = index_values(content, probe(content), kind="semantic")
        return values
    except InputFileError as error:
        raise _damaged(where, error) from error


def _header(data: bytes | memoryview) -> ImageHeader:
    try:
        return read_header(bytes(data[:_START]))
    except InputFileError:
        return read_header(bytes(data))


def _decode_faulty_jpeg(data: bytes, header: ImageHeader) -> Pixels:
    import cv2

    colour = cv2.IMREAD_GRAYSCALE if header.channels == 1 else cv2.IMREAD_COLOR_RGB
    pixels = None
    if header.format == "jpg" and header.channels in (1, 3):
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), colour | cv2.IMREAD_IGNORE_ORIENTATION)
    if pixels is None or pixels.shape[:2] != (header.height, header.width):
        raise InputFileError("the pixels cannot be decoded")
    return pixels.astype(np.uint8, copy=False)


def _damaged(where: str, error: InputFileError) -> ShardError:
    return ShardError(f"{where}: {error.found}", expected=error.expected, remedy=_REMEDY)
