"""Features that no network is needed for: what a patch looks like, how its gradients run, and where it lies.

The last is a control: whoever tells places apart without looking finds the right patch wherever nothing has moved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rgbtbench.features.pairs import ImagePair
from rgbtbench.formats.image_file import LUMINANCE, Pixels

#: Side of a patch in pixels, that of the zoo's encoders.
PATCH: Final = 16
_CELLS: Final = 4
_ORIENTATIONS: Final = 8
#: (D, rows, columns), one descriptor per patch; they cover the whole image.
Grid = NDArray[np.float32]


def patch_pixels(image: Pixels) -> Grid:
    """Return the grey levels of each patch minus their mean, so that cosines are normalised cross-correlations."""
    patches = _patches(_grey(image))
    return _as_grid(patches - patches.mean(axis=(2, 3), keepdims=True))


def patch_gradients(image: Pixels) -> Grid:
    """Return how gradients run in 4 × 4 cells of each patch: their lengths, by 8 directions of half a circle.

    As in SIFT and HOG, but a gradient and its opposite count alike: what is warm may be dark. Each descriptor is
    brought to unit length, cut at 0.2, and brought to unit length again.
    """
    grey = _grey(image)
    down, right = np.gradient(grey)
    lengths = np.hypot(right, down)
    place = np.arctan2(down, right) % np.pi / np.pi * _ORIENTATIONS
    below = np.floor(place).astype(np.int64)
    share = place - below
    side = PATCH // _CELLS
    histograms = np.zeros((_ORIENTATIONS, *grey.shape))
    rows, columns = np.indices(grey.shape)
    # Every pixel has a place of its own, so that no sum is lost.
    histograms[below % _ORIENTATIONS, rows, columns] = lengths * (1 - share)
    histograms[(below + 1) % _ORIENTATIONS, rows, columns] = lengths * share
    cells = np.stack([_patches(of) for of in histograms], axis=2)
    sums = cells.reshape(*cells.shape[:3], _CELLS, side, _CELLS, side).sum(axis=(4, 6))
    once = _unit(sums.reshape(*sums.shape[:2], -1))
    return _as_grid(_unit(once.clip(max=0.2)))


def patch_places(image: Pixels) -> Grid:
    """Return where each patch lies: cosine and sine of a quarter circle along either side, whatever the image shows."""
    rows, columns = (side // PATCH for side in _grown(_grey(image)).shape)
    angles = np.meshgrid(*((np.arange(count) + 0.5) / count * np.pi / 2 for count in (rows, columns)), indexing="ij")
    return np.stack([wave(angle) for angle in angles for wave in (np.cos, np.sin)]).astype(np.float32)


BASELINES: Final[Mapping[str, Callable[[Pixels], Grid]]] = MappingProxyType(
    {"gradients": patch_gradients, "pixels": patch_pixels, "places": patch_places}
)


def baseline_features(name: str, pair: ImagePair) -> dict[str, Grid]:
    """Return the features of each image of a pair by one of the `BASELINES`."""
    return {modality: BASELINES[name](image) for modality, image in pair.images.items()}


def _grey(image: Pixels) -> NDArray[np.float64]:
    values = image.astype(np.float64)
    grey = values @ np.array(LUMINANCE) if values.shape[2] == len(LUMINANCE) else values.mean(axis=2)
    return np.asarray(grey, np.float64)


def _grown(grey: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return an image resized to whole patches, if it is not made of them."""
    height, width = (max(1, round(side / PATCH)) * PATCH for side in grey.shape)
    if grey.shape == (height, width):
        return grey
    return np.asarray(cv2.resize(grey, (width, height), interpolation=cv2.INTER_LINEAR), np.float64)


def _patches(grey: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (rows, columns, PATCH, PATCH)."""
    whole = _grown(grey)
    rows, columns = (side // PATCH for side in whole.shape)
    return np.asarray(whole.reshape(rows, PATCH, columns, PATCH).swapaxes(1, 2), np.float64)


def _unit(descriptors: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths = np.linalg.norm(descriptors, axis=-1, keepdims=True)
    result: NDArray[np.float64] = np.divide(descriptors, lengths, out=np.zeros_like(descriptors), where=lengths > 0)
    return result


def _as_grid(descriptors: NDArray[np.float64]) -> Grid:
    """Return descriptors (rows, columns, …) as (D, rows, columns)."""
    flat = descriptors.reshape(*descriptors.shape[:2], -1)
    return np.ascontiguousarray(flat.transpose(2, 0, 1), np.float32)
