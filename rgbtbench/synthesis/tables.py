"""Surfaces as look-up tables, and where in the world every pixel's surface lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from rgbtbench.synthesis.geometry import NEAR, Camera
from rgbtbench.synthesis.materials import MATERIALS
from rgbtbench.synthesis.raster import Ids
from rgbtbench.synthesis.surface import Patch, Surface, Triple

Grey = NDArray[np.float32]
Table = NDArray[np.float32]
#: Distance that stands for the sky.
INFINITE = 400.0
_TEXTURE = 512


@dataclass(frozen=True, slots=True)
class SurfaceTables:
    """Properties of S surfaces, float32 (S,) or (S, 3); row 0 is the sky.

    Attributes:
        colour, normal, emission: as in `Surface`.
        offset: distance of the surface's plane from the world's origin along its normal.
        lit: 1 where the sun (or moon) reaches the patch past the buildings, else 0.
        emissivity, hours, absorptance, gloss, grain, grain_scale, wrap, retro, soaks: of the material.
        core, coupling, excess: as in `Surface`.
        ground: 1 for patches on the ground.
        behind_glass: 1 for patches that are seen through a windscreen.
        label, instance: int64 (S,).
    """

    colour: Table
    normal: Table
    emission: Table
    offset: Table
    lit: Table
    emissivity: Table
    hours: Table
    absorptance: Table
    gloss: Table
    grain: Table
    grain_scale: Table
    wrap: Table
    retro: Table
    soaks: Table
    core: Table
    coupling: Table
    excess: Table
    ground: Table
    behind_glass: Table
    label: NDArray[np.int64]
    instance: NDArray[np.int64]


def tabulate(patches: Sequence[Patch], sky: Surface, blocks: NDArray[np.float64], key: Triple) -> SurfaceTables:
    """Turn a scene's patches into tables.

    Args:
        patches: in painting order.
        sky: stands in row 0.
        blocks: float64 (B, 4), walls of the street that throw shade: x, first z, last z, height.
        key: unit vector towards the sun or moon.
    """
    surfaces = [sky, *(patch.surface for patch in patches)]
    materials = [MATERIALS[surface.material] for surface in surfaces]
    colour = np.array([surface.colour for surface in surfaces], np.float32)
    normal = np.array([surface.normal for surface in surfaces], np.float32)
    points = np.array([[0.0, 0.0, INFINITE]] + [patch.contours[0][0] for patch in patches])
    middles = np.array([[0.0, INFINITE, 0.0]] + [patch.contours[0].mean(0) for patch in patches])

    def of_material(name: str) -> Table:
        return np.array([getattr(material, name) for material in materials], np.float32)

    def of_surface(name: str) -> Table:
        return np.array([getattr(surface, name) for surface in surfaces], np.float32)

    return SurfaceTables(
        colour=colour,
        normal=normal,
        emission=np.array([surface.emission for surface in surfaces], np.float32),
        offset=(normal * points).sum(1).astype(np.float32),
        lit=1.0 - _shaded(middles, blocks, np.array(key)),
        emissivity=of_material("emissivity"),
        hours=of_material("hours"),
        absorptance=of_material("absorbs") * (1.0 - colour.mean(1)),
        gloss=of_material("gloss"),
        grain=of_material("grain"),
        grain_scale=of_material("grain_scale"),
        wrap=of_material("wrap"),
        retro=of_material("retro"),
        soaks=of_material("soaks"),
        core=of_surface("core"),
        coupling=of_surface("coupling"),
        excess=of_surface("excess"),
        ground=np.array([0.0] + [float(patch.on_ground) for patch in patches], np.float32),
        behind_glass=np.array([0.0] + [float(patch.through > 0) for patch in patches], np.float32),
        label=np.array([int(surface.label) for surface in surfaces]),
        instance=np.array([surface.instance for surface in surfaces]),
    )


def _shaded(points: NDArray[np.float64], blocks: NDArray[np.float64], key: NDArray[np.float64]) -> Table:
    """Return 1 for points (N, 3) from which a wall hides the key light, else 0."""
    if not len(blocks) or abs(key[0]) < 1e-3:
        return np.zeros(len(points), np.float32)
    wall, first, last, height = blocks.T
    steps = (wall[None] - points[:, :1]) / key[0]
    crossing = points[:, 2:] + steps * key[2]
    hidden = (steps > 0.05) & (crossing > first) & (crossing < last) & (points[:, 1:2] + steps * key[1] < height)
    return hidden.any(1).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Location:
    """Where every pixel's surface is, float32 (H, W) each.

    Attributes:
        x, y, z: metres.
        noise: texture value of the place, about -2 to 2.
    """

    x: Grey
    y: Grey
    z: Grey
    noise: Grey


def locate(ids: Ids, tables: SurfaceTables, camera: Camera) -> Location:
    """Intersect every pixel's ray with the plane of its surface."""
    height, width = ids.shape
    right, up = camera.rays(width, height)
    normal = tables.normal
    origin = tables.offset - normal[:, 0] * np.float32(camera.x) - normal[:, 1] * np.float32(camera.height)
    along = normal[:, 0][ids] * right + normal[:, 1][ids] * up + normal[:, 2][ids]
    along[np.abs(along) < 1e-4] = 1e-4
    z = origin[ids] / along
    z = np.where((z < NEAR) | (z > INFINITE), np.float32(INFINITE), z)
    x, y = camera.x + z * right, camera.height + z * up
    flat, side = np.abs(normal[:, 1]) > 0.7, np.abs(normal[:, 0]) > 0.7
    scale = tables.grain_scale[ids]
    across = np.where(side[ids], z, x) * scale
    along_texture = np.where(flat[ids], z, y) * scale
    cells = (across.astype(np.int32) & (_TEXTURE - 1), along_texture.astype(np.int32) & (_TEXTURE - 1))
    return Location(x, y, z, _texture()[cells] / (1.0 + z / 30.0))


@cache
def _texture() -> Grey:
    """Tileable noise, float32 (512, 512), with equal power per octave, zero mean and unit variance."""
    rng = np.random.default_rng(0)
    frequency = np.fft.fftfreq(_TEXTURE)
    radius = np.hypot(frequency[:, None], frequency[None])
    radius[0, 0] = 1.0
    spectrum = np.fft.fft2(rng.standard_normal((_TEXTURE, _TEXTURE))) / radius**0.8
    spectrum[0, 0] = 0.0
    field = np.real(np.fft.ifft2(spectrum))
    return np.asarray(np.clip(field / field.std(), -2.2, 2.2), np.float32)


def cloud_texture(across: Grey, along: Grey) -> Grey:
    """Sample the texture smoothly enough for clouds; same shapes as the inputs."""
    field = _texture()
    row, column = np.floor(across).astype(np.int32), np.floor(along).astype(np.int32)
    down, right = across - row, along - column
    wrap = _TEXTURE - 1
    upper = field[row & wrap, column & wrap] * (1 - right) + field[row & wrap, (column + 1) & wrap] * right
    lower = field[(row + 1) & wrap, column & wrap] * (1 - right) + field[(row + 1) & wrap, (column + 1) & wrap] * right
    return np.asarray(upper * (1 - down) + lower * down, np.float32)
