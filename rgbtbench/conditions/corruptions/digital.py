"""What processing does to images, as in ImageNet-C (Hendrycks and Dietterich, ICLR 2019).

Arguments and results are those of `rgbtbench.conditions.corruptions.noise`.
"""

from __future__ import annotations

import numpy as np

from rgbtbench.conditions.levels import Unit, as_unit
from rgbtbench.errors import InputFileError

#: Largest random displacement, and sigma of its blur, in parts of the image's height (and width).
_ELASTIC_REACH = 0.005
_ELASTIC_SIGMA = 0.01


def contrast(image: Unit, generator: np.random.Generator, *, factor: float) -> Unit:
    """Scale the distance of every channel from its mean."""
    mean = image.mean(axis=(0, 1), keepdims=True)
    return as_unit((image - mean) * factor + mean)


def saturate(image: Unit, generator: np.random.Generator, *, factor: float, offset: float) -> Unit:
    """Change how strong colours are (saturation in HSV) to `factor` times as much plus `offset`; grey stays grey."""
    value, lowest = image.max(axis=2, keepdims=True), image.min(axis=2, keepdims=True)
    spread = value - lowest
    saturation = np.where(value > 0, spread / np.maximum(value, np.float32(1e-6)), 0)
    wanted = np.clip(saturation * factor + offset, 0, 1) * value
    return np.where(spread > 0, value - (value - image) * (wanted / np.maximum(spread, np.float32(1e-6))), image)


def elastic_transform(image: Unit, generator: np.random.Generator, *, strength: float) -> Unit:
    """Move every pixel by a smooth random displacement; beyond the border the image is mirrored."""
    import cv2
    from scipy.ndimage import gaussian_filter

    height, width = image.shape[:2]
    reach = height * _ELASTIC_REACH

    def displacement() -> Unit:
        drawn = generator.uniform(-reach, reach, (height, width))
        sigma = (height * _ELASTIC_SIGMA, width * _ELASTIC_SIGMA)
        return as_unit(strength * gaussian_filter(drawn, sigma, mode="reflect", truncate=3))

    right, down = displacement(), displacement()
    columns, rows = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]
    moved = cv2.remap(image, columns + right, rows + down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return as_unit(moved).reshape(image.shape)


def pixelate(image: Unit, generator: np.random.Generator, *, factor: float) -> Unit:
    """Shrink both sides to `factor` by averaging, and enlarge again without smoothing."""
    import cv2

    height, width = image.shape[:2]
    small = (max(1, int(width * factor)), max(1, int(height * factor)))
    coarse = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
    enlarged = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_NEAREST)
    return as_unit(enlarged).reshape(image.shape)


def jpeg_compression(image: Unit, generator: np.random.Generator, *, quality: int) -> Unit:
    """Compress as 8-bit JPEG with halved colour resolution, and decode again.

    Raises:
        InputFileError: the image has neither one nor three channels.
    """
    import cv2

    if image.shape[2] not in (1, 3):
        raise InputFileError(f"JPEG takes one or three channels, not {image.shape[2]}")
    levels = np.rint(image.clip(0, 1) * 255).astype(np.uint8)
    options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    options += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420]
    _, encoded = cv2.imencode(".jpg", np.ascontiguousarray(levels[..., ::-1]), options)
    decoded = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED)).reshape(image.shape)[..., ::-1]
    return as_unit(decoded) / np.float32(255)
