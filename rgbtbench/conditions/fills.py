"""What stands in for an image that is missing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from rgbtbench.conditions.levels import as_unit
from rgbtbench.errors import ConditionError
from rgbtbench.formats.image_file import LUMINANCE, Pixels


def mean_values(images: Iterable[Pixels]) -> NDArray[np.float64]:
    """Return the mean pixel of some images, float64 (C,); each image counts alike."""
    means = [image.reshape(-1, image.shape[2]).mean(axis=0, dtype=np.float64) for image in images]
    result: NDArray[np.float64] = np.mean(means, axis=0)
    return result


def flat(like: Pixels, values: NDArray[np.float64]) -> Pixels:
    """Return an image of one value (C,) everywhere, rounded to the type of `like`."""
    exact = values if like.dtype == np.float32 else np.rint(values)
    return _typed(np.broadcast_to(exact, like.shape), like)


def noise(like: Pixels, generator: np.random.Generator) -> Pixels:
    """Return an image of uniform noise: every value of the type is equally likely, in every pixel and channel.

    Raises:
        ConditionError: `like` holds measured values (float32), which have no range.
    """
    if like.dtype == np.float32:
        raise ConditionError(
            "noise: its pixels are measured values (float32), which have no range",
            remedy="fill with zero_norm or mean",
        )
    return _typed(generator.integers(0, _brightest(like) + 1, like.shape, np.uint16), like)


def adapted(other: Pixels, like: Pixels) -> Pixels:
    """Return another modality's image in the size, channels and type of the one that it stands in for.

    Colour becomes its brightness, grey is repeated; 8 and 16 bits are scaled to each other's range; sizes are resampled
    bilinearly, with antialiasing where they shrink.

    Raises:
        ConditionError: one of them holds measured values (float32), or the numbers of channels do not fit.
    """
    import cv2

    channels = like.shape[2]
    if np.float32 in (other.dtype, like.dtype) or not ({1, channels} & {other.shape[2]} or channels == 1):
        raise ConditionError(
            f"{other.dtype} of {other.shape[2]} channels cannot stand in for {like.dtype} of {channels}",
            remedy="fill with zero_norm or mean",
        )
    values = as_unit(other * (_brightest(like) / _brightest(other)))
    if channels == 1 and values.shape[2] == len(LUMINANCE):
        values = as_unit(values @ np.array(LUMINANCE, np.float32)[:, None])
    elif channels == 1 and values.shape[2] > 1:
        values = values.mean(axis=2, keepdims=True)
    if values.shape[:2] != like.shape[:2]:
        shrinks = values.shape[0] > like.shape[0]
        method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        values = as_unit(cv2.resize(values, like.shape[1::-1], interpolation=method)).reshape(*like.shape[:2], -1)
    return _typed(np.rint(np.broadcast_to(values, like.shape)), like)


def _brightest(pixels: Pixels) -> int:
    return 255 if pixels.dtype == np.uint8 else 65535


def _typed(values: NDArray[Any], like: Pixels) -> Pixels:
    typed: Any = values.astype(like.dtype)
    return cast("Pixels", typed)
