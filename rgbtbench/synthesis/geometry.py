"""The camera, and the polygons that everything is built of.

World: metres, x to the right, y up from the road, z along the street. The camera stands at z = 0 and looks
along z; its pitch is a lens shift, so that verticals stay vertical.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from math import hypot
from typing import Self

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
#: Nothing nearer than this is drawn.
NEAR = 0.4


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole.

    Attributes:
        x, height: position in metres.
        focal: focal length as a share of the image's width.
        horizon: row of the horizon as a share of the image's height.
        yaw_shift, pitch_shift: boresight error as shares of the image's width; a turn by a small angle.
        up: 1, or -1 for the camera below the road that sees what a puddle mirrors.
    """

    x: float
    height: float
    focal: float
    horizon: float
    yaw_shift: float = 0.0
    pitch_shift: float = 0.0
    up: int = 1

    def mirrored(self) -> Self:
        """Return the camera below the ground whose picture is the mirror image in a horizontal plane at y = 0."""
        return replace(self, height=-self.height, up=-self.up)

    def project(self, points: Points, width: int, height: int) -> Points:
        """Project (N, 3) points in front of the camera to (N, 2) pixel positions u, v."""
        focal = self.focal * width
        u = (0.5 + self.yaw_shift) * width + focal * (points[:, 0] - self.x) / points[:, 2]
        v = self._centre_row(width, height) - self.up * focal * (points[:, 1] - self.height) / points[:, 2]
        return np.stack([u, v], 1)

    def rays(self, width: int, height: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the x (1, W) and y (H, 1) parts of every pixel's ray direction; its z part is 1."""
        focal = self.focal * width
        columns = (np.arange(width) + 0.5 - (0.5 + self.yaw_shift) * width) / focal
        rows = self.up * (self._centre_row(width, height) - np.arange(height) - 0.5) / focal
        return columns[None].astype(np.float32), rows[:, None].astype(np.float32)

    def _centre_row(self, width: int, height: int) -> float:
        return self.horizon * height + self.pitch_shift * width


def clip_near(points: Points) -> Points:
    """Cut a polygon (N, 3) at z = `NEAR`; may return no points."""
    depth = points[:, 2] - NEAR
    if (depth >= 0).all():
        return points
    following, following_depth = np.roll(points, -1, 0), np.roll(depth, -1)
    kept: list[Points] = []
    for here, there, before, after in zip(points, following, depth, following_depth, strict=True):
        if before >= 0:
            kept.append(here)
        if (before >= 0) != (after >= 0):
            kept.append(here + (there - here) * (before / (before - after)))
    return np.array(kept).reshape(-1, 3)


def upright(points: Points, *, x: float, y: float, z: float) -> Points:
    """Place (..., 2) points, metres right and up, in a plane that faces the camera."""
    placed = np.empty((*points.shape[:-1], 3))
    placed[..., 0] = points[..., 0] + x
    placed[..., 1] = points[..., 1] + y
    placed[..., 2] = z
    return placed


def ground(x0: float, x1: float, z0: float, z1: float, y: float = 0.0) -> Points:
    """Return a horizontal rectangle."""
    return np.array([[x0, y, z0], [x1, y, z0], [x1, y, z1], [x0, y, z1]])


def rectangle(x0: float, x1: float, y0: float, y1: float) -> Points:
    """Return a rectangle (4, 2)."""
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])


@cache
def unit_circle(corners: int) -> Points:
    """Return a regular polygon (corners, 2) in the unit circle; shared, never to be changed."""
    angle = np.linspace(0.0, 2 * np.pi, corners, endpoint=False)
    return np.stack([np.cos(angle), np.sin(angle)], 1)


def ellipse(x: float, y: float, a: float, b: float, corners: int = 14) -> Points:
    """Return an ellipse (corners, 2) with half axes a and b."""
    return unit_circle(corners) * (a, b) + (x, y)


def capsule(start: Points, end: Points, r0: float, r1: float) -> Points:
    """Return a limb (10, 2): a tapering bar with round ends between two (2,) joints."""
    dx, dy = float(end[0] - start[0]), float(end[1] - start[1])
    length = max(hypot(dx, dy), 1e-9)
    turn = np.array([[dx, dy], [-dy, dx]]) / length
    outline = np.empty((10, 2))
    outline[:5] = _half_circle() * -r0 @ turn + start
    outline[5:] = _half_circle() * r1 @ turn + end
    return outline


@cache
def _half_circle() -> Points:
    angle = np.linspace(-np.pi / 2, np.pi / 2, 5)
    return np.stack([np.cos(angle), np.sin(angle)], 1)


def blob(rng: np.random.Generator, x: float, y: float, a: float, b: float, *, roughness: float = 0.25) -> Points:
    """Return an irregular round outline (18, 2), for crowns, bushes and puddles."""
    radius = 1.0 + roughness * rng.uniform(-1.0, 1.0, (18, 1))
    return unit_circle(18) * radius * (a, b) + (x, y)
