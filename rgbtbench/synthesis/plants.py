"""Trees, hedges and the green in the distance."""

from __future__ import annotations

import numpy as np

from rgbtbench.synthesis.classes import SceneClass
from rgbtbench.synthesis.geometry import blob, upright
from rgbtbench.synthesis.surface import Actor, Casts, Patch, Surface, Triple

_LEAVES: tuple[Triple, ...] = ((0.06, 0.12, 0.03), (0.08, 0.14, 0.04), (0.10, 0.13, 0.04), (0.05, 0.10, 0.035))


def grove(rng: np.random.Generator, *, x: float, z: float, width: float) -> Patch:
    """Return a clump of trees so far away that it has no parts."""
    leaf = Surface("foliage", _LEAVES[rng.integers(len(_LEAVES))], SceneClass.VEGETATION)
    high = rng.uniform(5.0, 11.0)
    outline = blob(rng, 0.3 * width, 0.5 * high, 0.45 * width, 0.6 * high)
    return Patch(leaf, (upright(outline, x=x, y=0.0, z=z),))


def tree(rng: np.random.Generator, *, x: float, z: float) -> Actor:
    """Return a tree: a trunk and a crown of overlapping clumps with gaps for the sky."""
    height, spread = rng.uniform(5.0, 9.5), rng.uniform(1.5, 2.8)
    stem = rng.uniform(1.9, 2.8)
    bark = Surface("bark", (0.12, 0.085, 0.06), SceneClass.VEGETATION)
    trunk = np.array([[-0.17, 0.0], [0.17, 0.0], [0.10, stem + 1.2], [-0.10, stem + 1.2]])
    patches = [Patch(bark, (upright(trunk, x=x, y=0.1, z=z),), casts=Casts.LASTING)]
    leaf = _LEAVES[rng.integers(len(_LEAVES))]
    middle, tall = (stem + height) / 2, (height - stem) / 2
    for number in range(17):
        angle, radius = rng.uniform(0, 2 * np.pi), np.sqrt(rng.uniform(0.0, 1.0)) * 0.75
        dx, dy = spread * radius * np.cos(angle), tall * radius * np.sin(angle)
        shade = rng.uniform(0.65, 1.0) + 0.35 * dy / tall
        colour = (leaf[0] * shade, leaf[1] * shade, leaf[2] * shade)
        surface = Surface("foliage", colour, SceneClass.VEGETATION, normal=_tilted(dx / spread, dy / tall))
        clump = blob(rng, dx, middle + dy, spread * 0.36, tall * 0.36, roughness=0.3)
        casts = Casts.LASTING if number % 2 == 0 else Casts.NOTHING
        patches.append(Patch(surface, (upright(clump, x=x, y=0.0, z=z - 0.01 * number),), casts=casts))
    return Actor(x, z, tuple(patches), SceneClass.VEGETATION)


def hedge(rng: np.random.Generator, *, x: float, z0: float, z1: float) -> list[Actor]:
    """Return a row of bushes."""
    row = []
    for z in np.arange(z0, z1, 1.3):
        leaf = _LEAVES[rng.integers(len(_LEAVES))]
        surface = Surface("foliage", leaf, SceneClass.VEGETATION, normal=_tilted(0.0, 0.4))
        bush = blob(rng, 0.0, 0.5, rng.uniform(0.6, 0.9), rng.uniform(0.5, 0.8), roughness=0.2)
        patch = Patch(surface, (upright(bush, x=x + rng.uniform(-0.2, 0.2), y=0.1, z=float(z)),), casts=Casts.LASTING)
        row.append(Actor(x, float(z), (patch,), SceneClass.VEGETATION))
    return row


def _tilted(right: float, up: float) -> Triple:
    vector = np.array([0.5 * right, 0.55 * up, -0.75])
    vector /= np.linalg.norm(vector)
    return float(vector[0]), float(vector[1]), float(vector[2])
