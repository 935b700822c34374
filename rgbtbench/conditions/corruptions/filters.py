"""Filters that several corruptions share; all work on float32 (H, W) or (H, W, C)."""

from __future__ import annotations

import numpy as np

from rgbtbench.conditions.levels import Unit, as_unit
from rgbtbench.formats.image_file import LUMINANCE

#: A Gaussian is cut off so many standard deviations from its centre.
_CUT = 4.0


def gaussian(image: Unit, sigma: float) -> Unit:
    """Convolve with a Gaussian; beyond the border its pixels are repeated."""
    import cv2

    side = 2 * int(_CUT * sigma + 0.5) + 1
    blurred = cv2.GaussianBlur(image, (side, side), sigma, borderType=cv2.BORDER_REPLICATE)
    return as_unit(blurred).reshape(image.shape)


def filtered(image: Unit, kernel: Unit) -> Unit:
    """Correlate with a kernel; beyond the border its pixels are repeated."""
    import cv2

    result = cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REPLICATE)
    return as_unit(result).reshape(image.shape)


def magnified(image: Unit, factor: float) -> Unit:
    """Magnify about the centre, bilinearly, and cut to the same size."""
    import cv2

    height, width = image.shape[:2]
    shift = ((width - 1) / 2 * (1 - factor), (height - 1) / 2 * (1 - factor))
    matrix = np.array([[factor, 0, shift[0]], [0, factor, shift[1]]])
    result = cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return as_unit(result).reshape(image.shape)


def luminance(image: Unit) -> Unit:
    """Return the brightness (H, W, 1): of three channels that of red, green, blue (ITU-R BT.601), else their mean."""
    if image.shape[2] != 3:
        return as_unit(image.mean(axis=2, keepdims=True))
    return as_unit(image @ np.array(LUMINANCE, np.float32)[:, None])


def tinted(layer: Unit, colour: tuple[float, float, float], image: Unit) -> Unit:
    """Return a layer (H, W, 1) in a colour, red, green, blue, with as many channels as `image`; grey if not three."""
    return as_unit(layer * np.array(colour if image.shape[2] == 3 else np.dot(colour, LUMINANCE), np.float32))
