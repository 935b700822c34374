"""Views of a flat scene from elsewhere: random homographies, and images seen through them.

Points are (x, y) in pixels, the centre of the first pixel being (0, 0).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from rgbtbench.conditions.seeds import generator_of
from rgbtbench.formats.image_file import Pixels

Matrix = NDArray[np.float64]
Points = NDArray[np.float64]
#: Channels that OpenCV warps at once.
_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class HomographyLimits:
    """How far homographies go.

    Attributes:
        frame: height and width of the images.
        perspective: most that each corner moves along each side, as a part of it.
        scale: largest magnification about the centre; the smallest is its inverse.
        rotation: largest angle about the centre either way, in degrees.
        translation: largest motion along each side, as a part of it.
        seed: of all draws.
    """

    frame: tuple[int, int]
    perspective: float = 0.0
    scale: float = 1.0
    rotation: float = 0.0
    translation: float = 0.0
    seed: int = 0


def drawn_homography(key: str, limits: HomographyLimits) -> Matrix:
    """Return the homography of a sample, float64 (3, 3): where its content goes.

    Corners move first, each by itself; then the whole is turned and magnified about the frame's centre, and moved. All
    amounts are uniform within the limits, that of magnification in its logarithm. They depend on key and seed alone.

    Args:
        key: of the sample.
        limits: how far it may go.
    """
    *corners, right, down, turn, growth = 2 * generator_of(key, f"homography:{limits.seed}").random(12) - 1
    height, width = limits.frame
    sides, centre = np.array([width, height], np.float64), np.array([width - 1, height - 1]) / 2
    angle, factor = np.radians(limits.rotation * turn), limits.scale**growth
    linear = factor * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    affine = np.eye(3)
    affine[:2, :2] = linear
    affine[:2, 2] = centre - linear @ centre + limits.translation * np.array([right, down]) * sides
    if limits.perspective == 0:
        return affine
    still = frame_corners(limits.frame)
    return affine @ _through(still, still + limits.perspective * np.reshape(corners, (4, 2)) * sides)


def frame_corners(frame: tuple[int, int]) -> Points:
    """Return the centres of the four corner pixels of a frame (height, width), float64 (4, 2), clockwise."""
    right, bottom = frame[1] - 1, frame[0] - 1
    return np.array([[0, 0], [right, 0], [right, bottom], [0, bottom]], np.float64)


def projected(points: Points, homography: Matrix) -> Points:
    """Return where points (N, 2) go; infinite where they go to infinity."""
    mapped = np.column_stack((points, np.ones(len(points)))) @ homography.T
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Points = mapped[:, :2] / mapped[:, 2:]
    return result


def seen_through(pixels: Pixels, homography: Matrix) -> Pixels:
    """Return an image whose content a homography has moved, of the same size; 0 where there was no content.

    Positions between pixels are read bilinearly, in the fractions of 1/32 of a pixel that OpenCV knows.

    Args:
        pixels: uint8, uint16 or float32 (H, W, C).
        homography: float64 (3, 3).
    """
    if np.array_equal(homography, np.eye(3)):
        return pixels
    height, width, channels = pixels.shape
    parts = [
        cv2.warpPerspective(
            np.ascontiguousarray(pixels[..., start : start + _AT_ONCE]), homography, (width, height)
        ).reshape(height, width, -1)
        for start in range(0, channels, _AT_ONCE)
    ]
    return np.concatenate(parts, axis=2).astype(pixels.dtype, copy=False)  # type: ignore[return-value]


def _through(still: Points, moved: Points) -> Matrix:
    """Return the homography that takes four points to four others; its last entry is 1."""
    rows = [
        row
        for (x, y), (u, v) in zip(still, moved, strict=True)
        for row in ([x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y])
    ]
    return np.append(np.linalg.solve(np.array(rows), moved.ravel()), 1.0).reshape(3, 3)
