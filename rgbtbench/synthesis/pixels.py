"""What every pixel looks at: its surface, the place of it in the world, and the shade there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgbtbench.synthesis import texture
from rgbtbench.synthesis.geometry import NEAR, Camera
from rgbtbench.synthesis.raster import Painting
from rgbtbench.synthesis.tables import INFINITE, SurfaceTables

Values = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pixels:
    """P pixels of a painting; float32 (P,) unless stated.

    Attributes:
        visible, thermal: uint16 (P,), surface that each camera sees.
        right, up: x and y parts of the ray, whose z part is 1.
        x, y, z: metres, place of the visible surface.
        noise: texture of the place, about -2 to 2.
        shadow, old_shadow, contact: as in `Painting`.
    """

    visible: NDArray[np.uint16]
    thermal: NDArray[np.uint16]
    right: Values
    up: Values
    x: Values
    y: Values
    z: Values
    noise: Values
    shadow: Values
    old_shadow: Values
    contact: Values

    @property
    def sine(self) -> Values:
        """Of the ray's elevation."""
        return np.asarray(self.up / np.sqrt(self.right**2 + self.up**2 + 1.0))


def look(painting: Painting, tables: SurfaceTables, camera: Camera, where: NDArray[np.bool_]) -> Pixels:
    """Intersect the rays of the pixels `where` (H, W) with the planes of their surfaces."""
    height, width = where.shape
    columns, rows = camera.rays(width, height)
    right, up = (np.broadcast_to(part, where.shape)[where] for part in (columns, rows))
    visible, thermal = painting.visible[where], painting.thermal[where]
    # What is behind glass counts as lying in the pane, where both cameras look.
    ids = np.where(tables.behind_glass[visible] > 0, thermal, visible)
    normal = tables.normal
    origin = tables.offset - normal[:, 0] * np.float32(camera.x) - normal[:, 1] * np.float32(camera.height)
    along = normal[:, 0][ids] * right + normal[:, 1][ids] * up + normal[:, 2][ids]
    along[np.abs(along) < 1e-4] = 1e-4
    z = origin[ids] / along
    z[(z < NEAR) | (z > INFINITE)] = INFINITE
    x, y = np.float32(camera.x) + z * right, np.float32(camera.height) + z * up

    flat, side = np.abs(normal[:, 1]) > 0.7, np.abs(normal[:, 0]) > 0.7
    scale = tables.grain_scale[visible]
    across, forward = np.where(side[ids], z, x) * scale, np.where(flat[ids], z, y) * scale
    noise = texture.sample(across, forward, z * scale / np.float32(camera.focal * width))
    return Pixels(
        visible=visible,
        thermal=thermal,
        right=right,
        up=up,
        x=x,
        y=y,
        z=z,
        noise=noise,
        shadow=painting.shadow[where],
        old_shadow=painting.old_shadow[where],
        contact=painting.contact[where],
    )
