"""Decoded images in the forms that the checks need: one plane where channels say the same, 8-bit grey, small grey."""

from __future__ import annotations

import hashlib
from typing import Any, Final, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from rgbtbench.formats.image_file import Pixels

Grey = NDArray[np.uint8]

#: Percentiles that become black and white when deep or measured values are brought to 8 bits.
LOW, HIGH = 1.0, 99.0
#: Percentiles are taken of every so many rows and columns.
_STRIDE: Final = 4


def one_plane(pixels: Pixels) -> Pixels:
    """Return (H, W, 1) of an image whose three channels are equal everywhere, any other image as it is.

    Thermal images are stored with one channel by some and with three equal ones by others; they are the same image.
    """
    if pixels.shape[2] != 3:
        return pixels
    first = pixels[..., 0]
    # A few rows decide nearly every colour image before all of it is compared.
    some = pixels[:: max(1, len(pixels) // 8)]
    if not (some == some[..., :1]).all() or not ((pixels[..., 1] == first).all() and (pixels[..., 2] == first).all()):
        return pixels
    plane: Any = np.ascontiguousarray(first)[..., np.newaxis]
    return cast("Pixels", plane)


def digest(pixels: Pixels) -> bytes:
    """Return 16 bytes that are equal for equal pixels, whatever file format they were stored in.

    Args:
        pixels: (H, W, C), from `one_plane`.
    """
    head = f"{pixels.dtype} {pixels.shape} ".encode()
    return hashlib.sha256(head + np.ascontiguousarray(pixels).data).digest()[:16]


def grey8(pixels: Pixels) -> Grey:
    """Return an image as 8-bit grey (H, W): luminance of colour, the mean of other channels, deep values stretched.

    Args:
        pixels: uint8, uint16 or float32 (H, W, C).
    """
    if pixels.dtype != np.uint8:
        return _stretched(pixels.mean(axis=2, dtype=np.float32))
    grey: Any
    match pixels.shape[2]:
        case 1:
            grey = pixels[..., 0]
        case 3 | 4:
            grey = cv2.cvtColor(np.ascontiguousarray(pixels[..., :3]), cv2.COLOR_RGB2GRAY)
        case _:
            grey = pixels.mean(axis=2)
    return np.ascontiguousarray(grey, np.uint8)


def shrunk(grey: Grey, longest: int) -> NDArray[np.float32]:
    """Return a grey image resized (by area where it shrinks) so that its longer side has `longest` pixels."""
    height, width = grey.shape
    scale = longest / max(height, width)
    return resized(grey, (max(1, round(width * scale)), max(1, round(height * scale))))


def resized(grey: Grey, size: tuple[int, int]) -> NDArray[np.float32]:
    """Return a grey image at `size` (width, height) as float32."""
    method = cv2.INTER_AREA if size[0] < grey.shape[1] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(grey, size, interpolation=method), np.float32)


def _stretched(plane: NDArray[np.float32]) -> Grey:
    sample = plane[::_STRIDE, ::_STRIDE]
    finite = sample[np.isfinite(sample)]
    low, high = np.percentile(finite, (LOW, HIGH)) if finite.size else (0.0, 1.0)
    share = (np.nan_to_num(plane, nan=low, posinf=high, neginf=low) - low) / max(high - low, 1e-6)
    return np.asarray(share.clip(0, 1) * 255, np.uint8)
