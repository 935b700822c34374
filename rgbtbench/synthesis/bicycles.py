"""Bicycles, parked or ridden, seen from the side."""

from __future__ import annotations

import numpy as np

from rgbtbench.synthesis.classes import SceneClass
from rgbtbench.synthesis.figures import Outfit, living, place
from rgbtbench.synthesis.geometry import Points, capsule, ellipse, upright
from rgbtbench.synthesis.surface import Actor, Casts, Patch, Surface, Triple

_PAINTS: tuple[Triple, ...] = (
    (0.45, 0.45, 0.45), (0.03, 0.03, 0.035), (0.40, 0.03, 0.03), (0.04, 0.08, 0.28), (0.06, 0.20, 0.13),
)  # fmt: skip
#: Ends of saddle and handlebar about their mounts.
_SADDLE, _GRIP = np.array([[-0.1, 0.03], [0.13, 0.03]]), np.array([[-0.1, 0.06], [0.08, 0.03]])


def bicycle(
    rng: np.random.Generator, instance: int, *, x: float, y: float, z: float, facing: float
) -> tuple[Patch, ...]:
    """Return the patches of a bicycle seen from the side; `facing` 1 to the right, -1 to the left."""
    colour = _PAINTS[rng.integers(len(_PAINTS))]
    radius, base = 0.34, 0.52
    saddle, bars, crank = np.array([-0.22, 0.86]), np.array([0.34, 0.94]), np.array([-0.04, 0.30])
    rear, front = np.array([-base, radius]), np.array([base, radius])
    tubes = [(rear, saddle), (rear, crank), (crank, saddle), (crank, bars), (saddle, bars), (bars, front)]
    flip = np.array([facing, 1.0])
    frame = Surface("paint", colour, SceneClass.BICYCLE, instance)
    tyre = Surface("rubber", (0.03, 0.03, 0.03), SceneClass.BICYCLE, instance)
    patches = []
    for hub in (rear, front):
        rings = tuple(
            upright(ellipse(hub[0], hub[1], r, r, 20) * flip, x=x, y=y, z=z) for r in (radius, radius - 0.055)
        )
        patches.append(Patch(tyre, rings, casts=Casts.FRESH))
    for start, end in tubes:
        outline = capsule(start, end, 0.028, 0.028) * flip
        patches.append(Patch(frame, (upright(outline, x=x, y=y, z=z),), casts=Casts.FRESH))
    for start, end in ((saddle + _SADDLE[0], saddle + _SADDLE[1]), (bars + _GRIP[0], bars + _GRIP[1])):
        patches.append(Patch(tyre, (upright(capsule(start, end, 0.035, 0.03) * flip, x=x, y=y, z=z),)))
    return tuple(patches)


def cyclist(
    rng: np.random.Generator, outfit: Outfit, instances: tuple[int, int], *, x: float, y: float, z: float
) -> tuple[Actor, Actor]:
    """Return a bicycle and its rider, two things with `instances` of their own."""
    facing = 1.0 if rng.random() < 0.5 else -1.0
    turn = rng.uniform(0, 2 * np.pi)
    crank, hip, shoulder = np.array([-0.04, 0.30]), np.array([-0.20, 0.93]), np.array([0.12, 1.40])
    bars = np.array([0.36, 1.00])
    parts: list[tuple[str, Points]] = []
    for part, angle in (("far leg", turn + np.pi), ("trousers", turn)):
        foot = crank + 0.16 * np.array([np.cos(angle), np.sin(angle)])
        between = (hip + foot) / 2
        away = foot - hip
        reach = float(np.clip(0.43**2 - (away @ away) / 4, 0.0004, None)) ** 0.5
        knee = between + reach * np.array([-away[1], away[0]]) / np.linalg.norm(away)
        parts += [(part, capsule(hip, knee, 0.09, 0.065)), (part, capsule(knee, foot, 0.06, 0.045))]
        parts.append(("shoes", capsule(foot, foot + np.array([0.12, -0.01]), 0.045, 0.04)))
    parts.append(("top", capsule(hip, shoulder, 0.14, 0.15)))
    elbow = (shoulder + bars) / 2 + np.array([-0.02, -0.06])
    parts += [("sleeves", capsule(shoulder, elbow, 0.06, 0.05)), ("sleeves", capsule(elbow, bars, 0.05, 0.04))]
    parts.append(("hands", ellipse(bars[0], bars[1], 0.05, 0.05, 8)))
    head = shoulder + np.array([0.08, 0.24])
    parts.append(("skin", ellipse(head[0], head[1], 0.095, 0.125)))
    cap = ellipse(head[0], head[1] + 0.04, 0.11, 0.10, 12)
    parts.append(("hair", cap[cap[:, 1] > head[1]]))
    flip = np.array([facing, 1.0])
    machine = bicycle(rng, instances[0], x=x, y=y, z=z, facing=facing)
    rider = place(
        [(part, outline * flip) for part, outline in parts], living(outfit, instances[1]), x=x, y=y, z=z,
        casts=Casts.FRESH,
    )  # fmt: skip
    return (
        Actor(x, z, machine, SceneClass.BICYCLE, instances[0], "ridden"),
        Actor(x, z - 0.01, rider, SceneClass.PERSON, instances[1], "cycling"),
    )
