"""The homography that matches suggest, and how far it is from the true one."""

from __future__ import annotations

import cv2
import numpy as np

from rgbtbench.conditions.homography import Matrix, Points, frame_corners, projected

_FEWEST = 4


def estimated_homography(
    first: Points, second: Points, *, pixels: float, iterations: int, confidence: float
) -> Matrix | None:
    """Return the homography that most matches agree with, by OpenCV's RANSAC, whose draws are the same every time.

    Args:
        first: float (K, 2), where matches lie in the image that stays.
        second: float (K, 2), where they lie in the one that was moved.
        pixels: how far an inlier may lie from its place.
        iterations: most samples of four matches.
        confidence: that is enough to stop earlier.

    Returns:
        float64 (3, 3); None for fewer than four matches, or if no four of them agree on one.
    """
    if len(first) < _FEWEST:
        return None
    found, _ = cv2.findHomography(
        first, second, cv2.RANSAC, ransacReprojThreshold=pixels, maxIters=iterations, confidence=confidence
    )
    return None if found is None or not np.isfinite(found).all() else np.asarray(found, np.float64)


def corner_error(estimated: Matrix | None, true: Matrix, frame: tuple[int, int]) -> float:
    """Return the mean distance in pixels of where two homographies put a frame's corners; infinite without one."""
    if estimated is None:
        return float("inf")
    corners = frame_corners(frame)
    error = float(np.linalg.norm(projected(corners, estimated) - projected(corners, true), axis=1).mean())
    return error if np.isfinite(error) else float("inf")
