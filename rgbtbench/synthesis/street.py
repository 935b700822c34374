"""The street itself: road, kerbs, pavements, buildings with windows, trees, and what lies on the ground."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgbtbench.synthesis.classes import SceneClass
from rgbtbench.synthesis.conditions import CELSIUS, Conditions
from rgbtbench.synthesis.geometry import Points, blob, ground, rectangle, upright
from rgbtbench.synthesis.parameters import SceneParameters
from rgbtbench.synthesis.surface import DARK, UPWARDS, Actor, Casts, Patch, Surface, Triple

KERB_HEIGHT = 0.12
_WALLS: tuple[tuple[str, Triple], ...] = (
    ("brick", (0.30, 0.13, 0.09)), ("brick", (0.38, 0.24, 0.16)), ("plaster", (0.62, 0.57, 0.46)),
    ("plaster", (0.55, 0.55, 0.53)), ("plaster", (0.60, 0.45, 0.30)), ("concrete", (0.36, 0.36, 0.35)),
    ("plaster", (0.42, 0.48, 0.50)),
)  # fmt: skip
_LEAVES: tuple[Triple, ...] = ((0.06, 0.12, 0.03), (0.08, 0.14, 0.04), (0.10, 0.13, 0.04), (0.05, 0.10, 0.035))


@dataclass(frozen=True, slots=True)
class Plan:
    """Widths of a street in metres, measured from its middle.

    Attributes:
        road: half the carriageway.
        pavement: from the kerb to its outer edge.
        front: x of the building line.
    """

    road: float
    pavement: float
    front: float


def sample_plan(rng: np.random.Generator) -> Plan:
    """Draw the widths of a street."""
    road, pavement = rng.uniform(3.1, 4.6), rng.uniform(2.2, 4.0)
    return Plan(road, pavement, road + pavement + rng.uniform(0.0, 2.0))


def surroundings(rng: np.random.Generator, plan: Plan, far: float) -> list[Patch]:
    """Return the ground from the outside in: grass, pavements, kerbs, road."""
    grass = Surface("grass", (0.08, 0.11, 0.04), SceneClass.VEGETATION, normal=UPWARDS)
    slabs = rng.uniform(0.24, 0.36)
    paving = Surface("paving", (slabs, slabs * 0.97, slabs * 0.9), SceneClass.SIDEWALK, normal=UPWARDS)
    tar = rng.uniform(0.07, 0.13)
    asphalt = Surface("asphalt", (tar, tar, tar * 1.03), SceneClass.ROAD, normal=UPWARDS)
    stone = (0.40, 0.39, 0.37)
    patches = [Patch(grass, (ground(-90.0, 90.0, 0.3, far),), on_ground=True)]
    patches.append(Patch(paving, (ground(-plan.front, plan.front, 0.3, far, KERB_HEIGHT),), on_ground=True))
    patches.append(Patch(asphalt, (ground(-plan.road, plan.road, 0.3, far),), on_ground=True))
    for side in (-1.0, 1.0):
        x = side * plan.road
        face = np.array([[x, 0.0, 0.3], [x, 0.0, far], [x, KERB_HEIGHT, far], [x, KERB_HEIGHT, 0.3]])
        kerb = Surface("concrete", stone, SceneClass.CURB, normal=(-side, 0.0, 0.0))
        top = Surface("concrete", stone, SceneClass.CURB, normal=UPWARDS)
        edge = sorted((x, x + side * 0.22))
        patches.append(Patch(kerb, (face,)))
        patches.append(Patch(top, (ground(edge[0], edge[1], 0.3, far, KERB_HEIGHT),), on_ground=True))
    return patches


def markings(rng: np.random.Generator, plan: Plan) -> list[Patch]:
    """Return the paint on the road: lane dashes, sometimes edge lines and a crossing."""
    white = Surface("marking", (0.62, 0.62, 0.58), SceneClass.ROAD, normal=UPWARDS)
    phase = rng.uniform(0.0, 4.0)
    lines = [ground(-0.07, 0.07, z, z + 2.4) for z in np.arange(1.0 + phase, 70.0, 5.5)]
    if rng.random() < 0.5:
        lines += [ground(x - 0.06, x + 0.06, 0.5, 90.0) for x in (-plan.road + 0.4, plan.road - 0.4)]
    patches = [Patch(white, tuple(lines), on_ground=True)]
    if rng.random() < 0.4:
        z = rng.uniform(8.0, 22.0)
        bars = tuple(ground(x, x + 0.45, z, z + 2.8) for x in np.arange(-plan.road + 0.3, plan.road - 0.5, 0.95))
        asphalt = Surface("asphalt", (0.09, 0.09, 0.095), SceneClass.ROAD, normal=UPWARDS)
        patches.append(Patch(asphalt, (ground(-0.2, 0.2, z - 0.4, z + 3.2),), on_ground=True))
        patches.append(Patch(white, bars, on_ground=True))
    return patches


def on_the_road(
    rng: np.random.Generator, plan: Plan, conditions: Conditions, parameters: SceneParameters
) -> list[Patch]:
    """Return manholes, the warm or cool place of a car that has gone, a speed bump, repairs."""
    patches = []
    for _ in range(rng.integers(0, 3)):
        x, z = rng.uniform(-0.7, 0.7) * plan.road, rng.uniform(5.0, 25.0)
        angle = np.linspace(0, 2 * np.pi, 14, endpoint=False)
        disc = np.stack([x + 0.36 * np.cos(angle), np.full(14, 0.0), z + 0.36 * np.sin(angle)], 1)
        # Sewers keep about 15 degrees all year: warm in winter nights, cool at a summer noon.
        sewer = CELSIUS + rng.uniform(13.0, 22.0)
        lid = Surface("concrete", (0.07, 0.07, 0.07), SceneClass.ROAD, normal=UPWARDS, core=sewer, coupling=0.6)
        patches.append(Patch(lid, (disc,), on_ground=True))
    if rng.random() < 0.5:
        tar = rng.uniform(0.05, 0.15)
        mended = Surface("asphalt", (tar, tar, tar), SceneClass.ROAD, normal=UPWARDS)
        x, z = rng.uniform(-0.8, 0.3) * plan.road, rng.uniform(5.0, 20.0)
        patches.insert(
            0, Patch(mended, (ground(x, x + rng.uniform(0.8, 2.0), z, z + rng.uniform(1.5, 6.0)),), on_ground=True)
        )
    if rng.random() < parameters.vacated_spot:
        side = 1.0 if rng.random() < 0.5 else -1.0
        middle, z = side * (plan.road - 1.05), rng.uniform(6.0, 20.0)
        kept_from_sun = conditions.direct_history[-12:].mean() > 120.0
        left = rng.uniform(-9.0, -4.0) if kept_from_sun else rng.uniform(2.0, 5.0)
        spot = Surface("asphalt", (0.095, 0.095, 0.098), SceneClass.ROAD, normal=UPWARDS, excess=left)
        patches.append(Patch(spot, (ground(middle - 0.85, middle + 0.85, z, z + 4.2),), on_ground=True))
    if rng.random() < parameters.speed_bump:
        z = rng.uniform(8.0, 20.0)
        hump = Surface("rubber", (0.06, 0.06, 0.06), SceneClass.SPEED_BUMP, normal=UPWARDS)
        stripe = Surface("marking", (0.55, 0.42, 0.05), SceneClass.SPEED_BUMP, normal=UPWARDS)
        inside = plan.road - 0.25
        patches.append(Patch(hump, (ground(-inside, inside, z, z + 0.9, 0.04),), on_ground=True))
        bars = tuple(ground(x, x + 0.5, z, z + 0.9, 0.04) for x in np.arange(-inside, inside - 0.4, 1.0))
        patches.append(Patch(stripe, bars, on_ground=True))
    return patches


def puddles(rng: np.random.Generator, plan: Plan, wetness: float) -> list[Points]:
    """Return the outlines of standing water on the road; none on a dry street."""
    outlines = []
    for _ in range(int(round(wetness * 5))):
        shape = blob(rng, 0.0, 0.0, rng.uniform(0.6, 2.4), rng.uniform(0.6, 2.5))
        x, z = rng.uniform(-0.9, 0.9) * plan.road, rng.uniform(3.5, 22.0)
        points = np.stack([shape[:, 0] + x, np.zeros(len(shape)), shape[:, 1] + z], 1)
        outlines.append(points)
    return outlines


def buildings(
    rng: np.random.Generator, plan: Plan, conditions: Conditions, far: float
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
                houses.append((z, _house(rng, side * plan.front, z, z + length, height, conditions)))
                blocks.append((side * plan.front, z, z + length, height))
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
        patches.insert(0, Patch(gable, (end,), casts=Casts.LASTING))
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


def _windows(rng: np.random.Generator, groups: dict[str, list[Points]], inward: float) -> list[Patch]:
    glow = rng.uniform(6.0, 26.0)
    warm: Triple = (glow, glow * 0.72, glow * 0.38) if rng.random() < 0.7 else (glow * 0.85, glow, glow * 0.95)
    dim: Triple = (warm[0] * 0.25, warm[1] * 0.22, warm[2] * 0.18)
    # One pane passes more of the room's heat than two; a heated room shows as a warm window.
    kinds: dict[str, tuple[Triple, float]] = {"dark": (DARK, 0.06), "lit": (warm, 0.28), "dim": (dim, 0.20),
                                              "heated": (DARK, 0.38)}  # fmt: skip
    patches = []
    for name, (emission, coupling) in kinds.items():
        if groups[name]:
            pane = Surface("glass", (0.05, 0.055, 0.06), SceneClass.BUILDING, normal=(inward, 0.0, 0.0),
                           emission=emission, core=294.0, coupling=coupling)  # fmt: skip
            patches.append(Patch(pane, tuple(groups[name])))
    return patches


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
            leaf = Surface("foliage", _LEAVES[rng.integers(len(_LEAVES))], SceneClass.VEGETATION)
            high = rng.uniform(5.0, 11.0)
            shapes = tuple(
                upright(blob(rng, wide * s, high * 0.5, wide * 0.45, high * 0.6), x=x, y=0.0, z=far - 1.0)
                for s in (0.3,)
            )
            patches.append(Patch(leaf, shapes))
        x += wide * 0.9
    return patches


def tree(rng: np.random.Generator, *, x: float, z: float) -> Actor:
    """Return a tree: a trunk and a crown of overlapping clumps with gaps for the sky."""
    height, spread = rng.uniform(5.0, 9.5), rng.uniform(1.5, 2.8)
    stem = rng.uniform(1.9, 2.8)
    bark = Surface("bark", (0.12, 0.085, 0.06), SceneClass.VEGETATION)
    trunk = np.array([[-0.17, 0.0], [0.17, 0.0], [0.10, stem + 1.2], [-0.10, stem + 1.2]])
    patches = [Patch(bark, (upright(trunk, x=x, y=KERB_HEIGHT, z=z),), casts=Casts.LASTING)]
    leaf = _LEAVES[rng.integers(len(_LEAVES))]
    middle, tall = (stem + height) / 2, (height - stem) / 2
    for number in range(13):
        angle, radius = rng.uniform(0, 2 * np.pi), np.sqrt(rng.uniform(0.0, 1.0)) * 0.75
        dx, dy = spread * radius * np.cos(angle), tall * radius * np.sin(angle)
        shade = rng.uniform(0.65, 1.0) + 0.35 * dy / tall
        colour = (leaf[0] * shade, leaf[1] * shade, leaf[2] * shade)
        surface = Surface("foliage", colour, SceneClass.VEGETATION, normal=_tilted(dx / spread, dy / tall))
        clump = blob(rng, dx, middle + dy, spread * 0.42, tall * 0.42, roughness=0.35)
        casts = Casts.LASTING if number % 2 == 0 else Casts.NOTHING
        patches.append(Patch(surface, (upright(clump, x=x, y=0.0, z=z - 0.01 * number),), casts=casts))
    return Actor(z, tuple(patches), SceneClass.VEGETATION)


def hedge(rng: np.random.Generator, *, x: float, z0: float, z1: float) -> list[Actor]:
    """Return a row of bushes."""
    row = []
    for z in np.arange(z0, z1, 1.3):
        leaf = _LEAVES[rng.integers(len(_LEAVES))]
        surface = Surface("foliage", leaf, SceneClass.VEGETATION, normal=_tilted(0.0, 0.4))
        bush = blob(rng, 0.0, 0.5, rng.uniform(0.6, 0.9), rng.uniform(0.5, 0.8), roughness=0.2)
        patch = Patch(surface, (upright(bush, x=x + rng.uniform(-0.2, 0.2), y=0.1, z=float(z)),), casts=Casts.LASTING)
        row.append(Actor(float(z), (patch,), SceneClass.VEGETATION))
    return row


def _tilted(right: float, up: float) -> Triple:
    vector = np.array([0.5 * right, 0.55 * up, -0.75])
    vector /= np.linalg.norm(vector)
    return float(vector[0]), float(vector[1]), float(vector[2])
