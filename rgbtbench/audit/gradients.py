"""What cameras of different spectra have in common: where edges are and how they run, not which side is brighter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rgbtbench.audit.pixels import Grey, resized, shrunk

#: Longer side of the images that are compared.
WORKING_SIZE: Final = 320
#: Slopes well below this (grey levels per pixel) are taken for noise.
_NOISE: Final = 3.0


@dataclass(frozen=True, slots=True)
class Edges:
    """An image at working size.

    Attributes:
        grey: float32 (h, w), 0 to 255.
        field: complex64 (h, w): length from 0 (flat) to nearly 1 (a clear edge), angle twice that of the gradient, so
            that an edge and its negative are the same. The squared product of two normalised gradients (Haber and
            Modersitzki 2006, normalized gradient fields) is, up to a constant, the real part of the product of two
            such fields.
        half_grey, half_field: the same at half the size.
        scale: pixels of the original per pixel here.
    """

    grey: NDArray[np.float32]
    field: NDArray[np.complex64]
    half_grey: NDArray[np.float32]
    half_field: NDArray[np.complex64]
    scale: float


def edges(grey: Grey) -> Edges:
    """Return the edges of an image.

    Args:
        grey: uint8 (H, W).
    """
    return _edges(shrunk(grey, WORKING_SIZE), max(grey.shape) / WORKING_SIZE)


def edges_beside(first: Edges, grey: Grey) -> Edges:
    """Return the edges of another modality, stretched to the first one's frame where the two differ in size.

    Args:
        first: edges of the first modality.
        grey: image of the other one, uint8 (H, W).
    """
    height, width = first.grey.shape
    return _edges(resized(grey, (width, height)), first.scale)


def _edges(small: NDArray[np.float32], scale: float) -> Edges:
    smooth = cv2.GaussianBlur(small, (0, 0), 1.0)
    across: NDArray[np.float32] = np.asarray(cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8))
    down: NDArray[np.float32] = np.asarray(cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8))
    # In place, and plane by plane until the last: new memory, and every second number of an array, cost most here.
    real, imaginary = across * across, down * down
    strength = real + imaginary
    strength += np.float32(_NOISE**2)
    real -= imaginary
    real /= strength
    np.multiply(across, 2, out=imaginary)
    imaginary *= down
    imaginary /= strength
    parts = np.asarray(cv2.merge([real, imaginary]), np.float32)
    size = (max(1, small.shape[1] // 2), max(1, small.shape[0] // 2))
    halved = np.ascontiguousarray(cv2.resize(parts, size, interpolation=cv2.INTER_AREA), np.float32)
    half_grey: NDArray[np.float32] = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_AREA))
    return Edges(small, _as_complex(parts), half_grey, _as_complex(halved), scale)


def _as_complex(parts: NDArray[np.float32]) -> NDArray[np.complex64]:
    return parts.view(np.complex64)[..., 0]
