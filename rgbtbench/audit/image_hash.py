"""Perceptual hashes: images that look alike have signatures that differ in few bits.

A signature joins the two customary 64-bit hashes of an image shrunk to a few pixels: the signs of its low
frequencies against their median (DCT hash, Zauner 2010, the constant left out) and the signs of its horizontal
differences (dHash, Krawetz 2013). Each alone confuses some images that the other tells apart; measured on real pairs
in docs/audit.md.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rgbtbench.audit.pixels import Grey, resized

#: Signatures that differ in no more bits (of 127) are near-duplicates.
NEAR_BITS: Final = 15
#: Below this standard deviation (grey levels, of the shrunk image) the signs are noise: black or foggy frames.
_LEAST_TEXTURE: Final = 3.0
_SIDE: Final = 32

#: uint64 (2,): DCT hash and dHash.
Signature = NDArray[np.uint64]


def thumbnail(grey: Grey) -> NDArray[np.float32]:
    """Return an image as hashes see it: float32 (32, 32), 0 to 255.

    Args:
        grey: uint8 (H, W).
    """
    return resized(grey, (_SIDE, _SIDE))


def signature(small: NDArray[np.float32]) -> Signature | None:
    """Return the signature of an image; null when it has too little texture to have one.

    Args:
        small: its thumbnail.
    """
    if float(small.std()) < _LEAST_TEXTURE:
        return None
    low = np.asarray(cv2.dct(small))[:8, :8].ravel()
    above = low > np.median(low[1:])
    above[0] = False
    tiny = np.asarray(cv2.resize(small, (9, 8), interpolation=cv2.INTER_AREA))
    rising = tiny[:, 1:] > tiny[:, :-1]
    return np.packbits(np.concatenate([above, rising.ravel()])).view(np.uint64)


def bits_apart(ones: NDArray[np.uint64], others: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return how many bits differ between signatures, (..., 2) against (..., 2)."""
    return np.asarray(np.bitwise_count(ones ^ others).sum(axis=-1), np.int64)
