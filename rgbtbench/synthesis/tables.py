"""The surfaces of a scene as look-up tables, one row each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgbtbench.synthesis.geometry import Points
from rgbtbench.synthesis.materials import MATERIALS
from rgbtbench.synthesis.surface import Patch, Surface, Triple

Table = NDArray[np.float32]
#: Distance in metres that stands for the sky.
INFINITE = 400.0


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
    colour = np.array([surface.colour for surface in surfaces], np.float32)
    normal = np.array([surface.normal for surface in surfaces], np.float32)
    points = np.array([[0.0, 0.0, INFINITE]] + [patch.contours[0][0] for patch in patches])
    middles = np.concatenate([[[0.0, INFINITE, 0.0]], _middles([patch.contours[0] for patch in patches])])

    kinds = list(MATERIALS)
    kind = np.array([kinds.index(surface.material) for surface in surfaces])

    def of_material(name: str) -> Table:
        return np.asarray(np.array([getattr(material, name) for material in MATERIALS.values()], np.float32)[kind])

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


def _middles(contours: Sequence[Points]) -> Points:
    lengths = np.array([len(contour) for contour in contours])
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    return np.asarray(np.add.reduceat(np.concatenate(contours), starts) / lengths[:, None])


def _shaded(points: NDArray[np.float64], blocks: NDArray[np.float64], key: NDArray[np.float64]) -> Table:
    """Return 1 for points (N, 3) from which a wall hides the key light, else 0."""
    if not len(blocks) or abs(key[0]) < 1e-3:
        return np.zeros(len(points), np.float32)
    wall, first, last, height = blocks.T
    steps = (wall[None] - points[:, :1]) / key[0]
    crossing = points[:, 2:] + steps * key[2]
    hidden = (steps > 0.05) & (crossing > first) & (crossing < last) & (points[:, 1:2] + steps * key[1] < height)
    return np.asarray(hidden.any(1), np.float32)
