"""The street itself: road, kerbs, pavements, and what lies on the ground."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rgbtbench.synthesis.classes import SceneClass
from rgbtbench.synthesis.conditions import CELSIUS, Conditions
from rgbtbench.synthesis.geometry import Points, blob, ground
from rgbtbench.synthesis.parameters import SceneParameters
from rgbtbench.synthesis.surface import UPWARDS, Patch, Surface

KERB_HEIGHT = 0.12


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
    for _ in range(round(wetness * 5)):
        shape = blob(rng, 0.0, 0.0, rng.uniform(0.6, 2.4), rng.uniform(0.6, 2.5))
        x, z = rng.uniform(-0.9, 0.9) * plan.road, rng.uniform(3.5, 22.0)
        points = np.stack([shape[:, 0] + x, np.zeros(len(shape)), shape[:, 1] + z], 1)
        outlines.append(points)
    return outlines
