"""Houses along the street and in the distance: walls, windows with rooms behind them, doors, vents."""

from __future__ import annotations

from dataclasses import dataclass, replace

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
_PANE: Triple = (0.05, 0.055, 0.06)
#: Kelvin in a heated room.
_ROOM = 294.0


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
                houses.append((z, _house(rng, _Facade(side * front, z, z + length, height), conditions)))
                blocks.append((side * front, z, z + length, height))
            z += length + (rng.uniform(2.0, 9.0) if rng.random() < 0.4 else 0.0)
    houses.sort(key=lambda house: -house[0])
    return [patch for _, patches in houses for patch in patches], np.array(blocks).reshape(-1, 4)


@dataclass(frozen=True, slots=True)
class _Facade:
    """The wall of a house along the street, from z0 to z1 at x, metres."""

    x: float
    z0: float
    z1: float
    height: float

    @property
    def outward(self) -> Triple:
        """Unit vector from the wall to the street."""
        return -float(np.sign(self.x)), 0.0, 0.0

    def face(self, near: float, far: float, low: float, high: float) -> Points:
        """Return a rectangle in the wall."""
        x = self.x
        return np.array([[x, low, near], [x, low, far], [x, high, far], [x, high, near]])

    def surface(self, material: str, colour: Triple) -> Surface:
        """Return a surface of the building that looks to the street."""
        return Surface(material, colour, SceneClass.BUILDING, normal=self.outward)


def _house(rng: np.random.Generator, facade: _Facade, conditions: Conditions) -> list[Patch]:
    material, colour = _WALLS[rng.integers(len(_WALLS))]
    wall = facade.surface(material, colour)
    base = facade.surface("concrete", (0.25, 0.24, 0.23))
    cornice = facade.surface(material, (colour[0] * 0.6, colour[1] * 0.6, colour[2] * 0.6))
    z0, z1, height = facade.z0, facade.z1, facade.height
    return [
        *(_gable(facade, material, colour) if z0 > 1.0 else ()),
        Patch(wall, (facade.face(z0, z1, 0.0, height),), casts=Casts.LASTING),
        Patch(base, (facade.face(z0, z1, 0.0, 0.7),)),
        Patch(cornice, (facade.face(z0, z1, height - 0.35, height),)),
        *_windows(rng, facade, _openings(rng, facade, conditions)),
        *_door_and_vent(rng, facade),
    ]


def _gable(facade: _Facade, material: str, colour: Triple) -> tuple[Patch, Patch]:
    """Return the end wall that faces the camera, with its windows."""
    x, z, height, away = facade.x, facade.z0, facade.height, -facade.outward[0]
    end = np.array([[x, 0.0, z], [x + 30.0 * away, 0.0, z], [x + 30.0 * away, height, z], [x, height, z]])
    pane = Surface("glass", _PANE, SceneClass.BUILDING, core=_ROOM, coupling=0.1)
    panes = tuple(_panes(np.arange(0.9, height - 2.0, 3.2), away * np.arange(1.5, 12.0, 3.0), at=(x, z)))
    return Patch(Surface(material, colour, SceneClass.BUILDING), (end,), casts=Casts.LASTING), Patch(pane, panes)


def _openings(rng: np.random.Generator, facade: _Facade, conditions: Conditions) -> dict[str, list[Points]]:
    """Return the windows of all storeys and of the ground floor, by what is behind them."""
    bay, storey = rng.uniform(2.2, 3.4), rng.uniform(2.9, 3.4)
    wide, tall = rng.uniform(0.9, 1.5), rng.uniform(1.3, 1.8)
    openings: dict[str, list[Points]] = {"dark": [], "lit": [], "dim": [], "heated": []}
    chance_lit = 0.28 if conditions.dark else 0.03
    for low in np.arange(storey + 0.9, facade.height - tall - 0.3, storey):
        for near in np.arange(facade.z0 + 0.7, facade.z1 - wide - 0.3, bay):
            if near + wide < 0.5:
                continue
            drawn = rng.random()
            kind = "lit" if drawn < 0.7 * chance_lit else "dim" if drawn < chance_lit else "dark"
            if kind == "dark" and rng.random() < 0.2:
                kind = "heated"
            openings[kind].append(facade.face(near, near + wide, float(low), float(low) + tall))
    shop = rng.random() < 0.45
    wide, top = (2.4, 2.5) if shop else (1.2, 2.3)
    for near in np.arange(facade.z0 + 0.6, facade.z1 - 2.2, 3.4):
        kind = "heated" if shop else "dark"
        if shop and conditions.dark:
            kind = "lit" if rng.random() < 0.45 else "dark"
        openings[kind].append(facade.face(near, near + wide, 0.85, top))
    return openings


def _windows(rng: np.random.Generator, facade: _Facade, openings: dict[str, list[Points]]) -> list[Patch]:
    frames = ((0.65, 0.65, 0.62), (0.20, 0.14, 0.10), (0.40, 0.40, 0.40))[rng.integers(3)]
    glow = rng.uniform(6.0, 26.0)
    warm: Triple = (glow, glow * 0.72, glow * 0.38) if rng.random() < 0.7 else (glow * 0.85, glow, glow * 0.95)
    dim: Triple = (warm[0] * 0.25, warm[1] * 0.22, warm[2] * 0.18)
    # One pane passes more of the room's heat than two; a heated room shows as a warm window.
    kinds: dict[str, tuple[Triple, float]] = {
        "dark": (DARK, 0.06), "lit": (warm, 0.28), "dim": (dim, 0.20), "heated": (DARK, 0.38),
    }  # fmt: skip
    outlines = tuple(_widened([pane for panes in openings.values() for pane in panes]))
    patches = [Patch(facade.surface("plaster", frames), outlines)]
    for name, (emission, coupling) in kinds.items():
        if openings[name]:
            pane = replace(facade.surface("glass", _PANE), emission=emission, core=_ROOM, coupling=coupling)
            patches.append(Patch(pane, tuple(openings[name])))
    return patches


def _widened(panes: list[Points]) -> list[Points]:
    """Return the outlines of the frames about panes."""
    outlines = np.array(panes).reshape(-1, 4, 3)
    return list(outlines + 0.09 * np.sign(outlines - outlines.mean(1, keepdims=True)))


def _door_and_vent(rng: np.random.Generator, facade: _Facade) -> list[Patch]:
    near = rng.uniform(facade.z0 + 0.5, max(facade.z0 + 0.6, facade.z1 - 2.0))
    colour = ((0.10, 0.05, 0.03), (0.04, 0.09, 0.07), (0.12, 0.12, 0.13))[rng.integers(3)]
    leaf = replace(facade.surface("wood", colour), core=_ROOM, coupling=0.12)
    patches = [Patch(leaf, (facade.face(near, near + 1.1, 0.1, 2.3),))]
    if rng.random() < 0.35:
        near = rng.uniform(facade.z0 + 0.5, facade.z1 - 1.0)
        vent = replace(facade.surface("metal", (0.25, 0.25, 0.25)), core=316.0, coupling=0.5, excess=6.0)
        patches.append(Patch(vent, (facade.face(near, near + 0.6, 2.6, 3.0),)))
    return patches


def _panes(storeys: NDArray[np.float64], bays: NDArray[np.float64], *, at: tuple[float, float]) -> list[Points]:
    """Return windows in a wall that faces the camera, `at` its corner x and z."""
    corner = np.stack(np.meshgrid(bays, storeys), -1).reshape(-1, 1, 2)
    return list(upright(corner + rectangle(0.0, 1.1, 0.0, 1.5), x=at[0], y=0.0, z=at[1]))


def skyline(rng: np.random.Generator, far: float, conditions: Conditions) -> list[Patch]:
    """Return what closes the street in the distance: houses and trees."""
    patches: list[Patch] = []
    x = -95.0
    while x < 95.0:
        wide = rng.uniform(8.0, 24.0)
        if rng.random() < 0.6:
            patches += _distant_house(rng, conditions, x=x, z=far, width=wide)
        else:
            patches.append(grove(rng, x=x, z=far - 1.0, width=wide))
        x += wide * 0.9
    return patches


def _distant_house(
    rng: np.random.Generator, conditions: Conditions, *, x: float, z: float, width: float
) -> list[Patch]:
    material, colour = _WALLS[rng.integers(len(_WALLS))]
    height = rng.uniform(6.0, 26.0)
    wall = upright(rectangle(0.0, width, 0.0, height), x=x, y=0.0, z=z)
    pane = Surface("glass", _PANE, SceneClass.BUILDING, core=_ROOM, coupling=0.1)
    panes = _panes(np.arange(1.2, height - 2.2, 3.1), np.arange(1.0, width - 2.0, 2.9), at=(x, z))
    patches = [Patch(Surface(material, colour, SceneClass.BUILDING), (wall,)), Patch(pane, tuple(panes))]
    if conditions.dark:
        lit = replace(pane, emission=(9.0, 7.0, 4.0))
        for _ in range(rng.integers(0, 3)):
            at = (x + rng.uniform(0.5, width - 2.0), rng.uniform(2.0, 6.0))
            patches.append(Patch(lit, (upright(rectangle(0.0, 1.4, 0.0, 1.4), x=at[0], y=at[1], z=z - 0.5),)))
    return patches
