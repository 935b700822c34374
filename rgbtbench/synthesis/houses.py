"""Houses along the street and in the distance: walls, windows with rooms behind them, doors, vents."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rgbtbench.synthesis.classes import SceneClass
from rgbtbench.synthesis.conditions import Conditions
from rgbtbench.synthesis.geometry import Points, rectangle, upright
from rgbtbench.synthesis.plants import grove
from rgbtbench.synthesis.surface import DARK, Casts, Patch, Surface, Triple

_WALLS: tuple[tuple[str, Triple], ...] = (
    ("brick", (0.30, 0.13, 0.09)), ("brick", (0.38, 0.24, 0.16)), ("plaster", (0.62, 0.57, 0.46)),
    ("plaster", (0.55, 0.55, 0.53)), ("plaster", (0.60, 0.45, 0.30)), ("concrete", (0.36, 0.36, 0.35)),
    ("plaster", (0.42, 0.48, 0.50)),
)  # fmt: skip


def buildings(
    rng: np.random.Generator, front: float, conditions: Conditions, far: float
) -> tuple[list[Patch], NDArray[np.float64]]:
    """Return both rows of houses, far ones first, and the walls that throw shade (B, 4): x, z0, z1, height."""
    houses: list[tuple[float, list[Patch]]] = []
    blocks = []
    for side in (-1.0, 1.0):
        z = rng.uniform(-12.0, 6.0)
        open_side = rng.random() < 0.25
        while z < far * 0.75:
            length, height = rng.uniform(9.0, 22.0), rng.uniform(5.0, 19.0)
            if not (open_side and rng.random() < 0.7):
                houses.append((z, _house(rng, side * front, z, z + length, height, conditions)))
                blocks.append((side * front, z, z + length, height))
            z += length + (rng.uniform(2.0, 9.0) if rng.random() < 0.4 else 0.0)
    houses.sort(key=lambda house: -house[0])
    return [patch for _, patches in houses for patch in patches], np.array(blocks).reshape(-1, 4)


def _house(
    rng: np.random.Generator, x: float, z0: float, z1: float, height: float, conditions: Conditions
) -> list[Patch]:
    material, colour = _WALLS[rng.integers(len(_WALLS))]
    inward = -float(np.sign(x))
    out = 30.0 * float(np.sign(x))
    wall = Surface(material, colour, SceneClass.BUILDING, normal=(inward, 0.0, 0.0))
    gable = Surface(material, colour, SceneClass.BUILDING)
    base = Surface("concrete", (0.25, 0.24, 0.23), SceneClass.BUILDING, normal=(inward, 0.0, 0.0))

    def face(a: float, b: float, low: float, high: float) -> Points:
        return np.array([[x, low, a], [x, low, b], [x, high, b], [x, high, a]])

    patches = [Patch(wall, (face(z0, z1, 0.0, height),), casts=Casts.LASTING), Patch(base, (face(z0, z1, 0.0, 0.7),))]
    if z0 > 1.0:
        end = np.array([[x, 0.0, z0], [x + out, 0.0, z0], [x + out, height, z0], [x, height, z0]])
        pane = Surface("glass", (0.05, 0.055, 0.06), SceneClass.BUILDING, core=294.0, coupling=0.1)
        panes = tuple(_panes(np.arange(0.9, height - 2.0, 3.2), np.sign(x) * np.arange(1.5, 12.0, 3.0), at=(x, z0)))
        patches = [Patch(gable, (end,), casts=Casts.LASTING), Patch(pane, panes), *patches]
    cornice = Surface(material, (colour[0] * 0.6, colour[1] * 0.6, colour[2] * 0.6), SceneClass.BUILDING,
                      normal=(inward, 0.0, 0.0))  # fmt: skip
    patches.append(Patch(cornice, (face(z0, z1, height - 0.35, height),)))

    bay, storey = rng.uniform(2.2, 3.4), rng.uniform(2.9, 3.4)
    wide, tall = rng.uniform(0.9, 1.5), rng.uniform(1.3, 1.8)
    groups: dict[str, list[Points]] = {"dark": [], "lit": [], "dim": [], "heated": []}
    chance_lit = 0.28 if conditions.dark else 0.03
    for low in np.arange(storey + 0.9, height - tall - 0.3, storey):
        for a in np.arange(z0 + 0.7, z1 - wide - 0.3, bay):
            if a + wide < 0.5:
                continue
            drawn = rng.random()
            kind = "lit" if drawn < 0.7 * chance_lit else "dim" if drawn < chance_lit else "dark"
            if kind == "dark" and rng.random() < 0.2:
                kind = "heated"
            groups[kind].append(face(a, a + wide, float(low), float(low) + tall))
    shop = rng.random() < 0.45
    for a in np.arange(z0 + 0.6, z1 - 2.2, 3.4):
        kind = ("lit" if rng.random() < 0.45 else "dark") if shop and conditions.dark else "heated" if shop else "dark"
        groups[kind].append(face(a, a + (2.4 if shop else 1.2), 0.85, 2.5 if shop else 2.3))
    patches += _windows(rng, groups, inward)
    door_at = rng.uniform(z0 + 0.5, max(z0 + 0.6, z1 - 2.0))
    leaf = Surface("wood", ((0.10, 0.05, 0.03), (0.04, 0.09, 0.07), (0.12, 0.12, 0.13))[rng.integers(3)],
                   SceneClass.BUILDING, normal=(inward, 0.0, 0.0), core=293.0, coupling=0.12)  # fmt: skip
    patches.append(Patch(leaf, (face(door_at, door_at + 1.1, 0.1, 2.3),)))
    if rng.random() < 0.35:
        vent = Surface("metal", (0.25, 0.25, 0.25), SceneClass.BUILDING, normal=(inward, 0.0, 0.0),
                       core=316.0, coupling=0.5, excess=6.0)  # fmt: skip
        at = rng.uniform(z0 + 0.5, z1 - 1.0)
        patches.append(Patch(vent, (face(at, at + 0.6, 2.6, 3.0),)))
    return patches


def _widened(panes: list[Points]) -> list[Points]:
    """Return the outlines of the frames about panes."""
    outlines = np.array(panes).reshape(-1, 4, 3)
    return list(outlines + 0.09 * np.sign(outlines - outlines.mean(1, keepdims=True)))


def _windows(rng: np.random.Generator, groups: dict[str, list[Points]], inward: float) -> list[Patch]:
    frames = ((0.65, 0.65, 0.62), (0.20, 0.14, 0.10), (0.40, 0.40, 0.40))[rng.integers(3)]
    glow = rng.uniform(6.0, 26.0)
    warm: Triple = (glow, glow * 0.72, glow * 0.38) if rng.random() < 0.7 else (glow * 0.85, glow, glow * 0.95)
    dim: Triple = (warm[0] * 0.25, warm[1] * 0.22, warm[2] * 0.18)
    # One pane passes more of the room's heat than two; a heated room shows as a warm window.
    kinds: dict[str, tuple[Triple, float]] = {"dark": (DARK, 0.06), "lit": (warm, 0.28), "dim": (dim, 0.20),
                                              "heated": (DARK, 0.38)}  # fmt: skip
    frame = Surface("plaster", frames, SceneClass.BUILDING, normal=(inward, 0.0, 0.0))
    patches = [Patch(frame, tuple(_widened([pane for panes in groups.values() for pane in panes])))]
    for name, (emission, coupling) in kinds.items():
        if groups[name]:
            pane = Surface("glass", (0.05, 0.055, 0.06), SceneClass.BUILDING, normal=(inward, 0.0, 0.0),
                           emission=emission, core=294.0, coupling=coupling)  # fmt: skip
            patches.append(Patch(pane, tuple(groups[name])))
    return patches


def _panes(storeys: NDArray[np.float64], bays: NDArray[np.float64], *, at: tuple[float, float]) -> list[Points]:
    """Return windows in a wall that faces the camera, `at` its corner x and z."""
    corner = np.stack(np.meshgrid(bays, storeys), -1).reshape(-1, 1, 2)
    return list(upright(corner + rectangle(0.0, 1.1, 0.0, 1.5), x=at[0], y=0.0, z=at[1]))


def skyline(rng: np.random.Generator, far: float, conditions: Conditions) -> list[Patch]:
    """Return what closes the street in the distance: houses and trees."""
    patches = []
    x = -95.0
    while x < 95.0:
        wide = rng.uniform(8.0, 24.0)
        if rng.random() < 0.6:
            material, colour = _WALLS[rng.integers(len(_WALLS))]
            shape = upright(rectangle(0.0, wide, 0.0, rng.uniform(6.0, 26.0)), x=x, y=0.0, z=far)
            patches.append(Patch(Surface(material, colour, SceneClass.BUILDING), (shape,)))
            top = float(shape[:, 1].max())
            panes = tuple(_panes(np.arange(1.2, top - 2.2, 3.1), np.arange(1.0, wide - 2.0, 2.9), at=(x, far)))
            if panes:
                pane = Surface("glass", (0.06, 0.065, 0.07), SceneClass.BUILDING, core=294.0, coupling=0.1)
                patches.append(Patch(pane, panes))
            if conditions.dark:
                dots = [
                    upright(
                        rectangle(0.0, 1.4, 0.0, 1.4),
                        x=x + rng.uniform(0.5, wide - 2),
                        y=rng.uniform(2, 6),
                        z=far - 0.5,
                    )
                    for _ in range(rng.integers(0, 3))
                ]
                patches += [
                    Patch(Surface("glass", (0.05, 0.05, 0.05), SceneClass.BUILDING, emission=(9.0, 7.0, 4.0)), (dot,))
                    for dot in dots
                ]
        else:
            patches.append(grove(rng, x=x, z=far - 1.0, width=wide))
        x += wide * 0.9
    return patches
