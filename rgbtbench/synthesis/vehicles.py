"""Cars with drivers behind glass, and bicycles with and without riders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rgbtbench.synthesis.classes import SceneClass
from rgbtbench.synthesis.figures import Outfit, figure, living, place
from rgbtbench.synthesis.geometry import Camera, Points, capsule, ellipse, upright
from rgbtbench.synthesis.surface import DARK, Actor, Casts, Lamp, Patch, Surface, Triple

_PAINTS: tuple[Triple, ...] = (
    (0.70, 0.70, 0.70), (0.35, 0.36, 0.38), (0.03, 0.03, 0.035), (0.40, 0.03, 0.03), (0.04, 0.08, 0.28),
    (0.55, 0.53, 0.46), (0.12, 0.13, 0.14), (0.06, 0.20, 0.13), (0.75, 0.74, 0.70),
)  # fmt: skip
_WHEEL = 0.33


@dataclass(frozen=True, slots=True)
class Engine:
    """Where heat is left on a car, in kelvin above what the weather alone would make.

    Attributes:
        bonnet, grille, exhaust, tyres, cabin: excess of each part.
        lights: whether its lamps burn.
        note: `driving`, `just parked` or `parked`.
    """

    bonnet: float
    grille: float
    exhaust: float
    tyres: float
    cabin: float
    lights: bool
    note: str


def running(rng: np.random.Generator, *, lights: bool) -> Engine:
    """Return the heat of a car that has been driving for a while."""
    return Engine(
        rng.uniform(5, 14), rng.uniform(14, 32), rng.uniform(30, 80), rng.uniform(8, 18), 2.0, lights, "driving"
    )


def at_rest(rng: np.random.Generator, *, warm: float) -> Engine:
    """Return the heat of a parked car; with chance `warm` it arrived less than an hour and a half ago."""
    if rng.random() >= warm:
        return Engine(0.0, 0.0, 0.0, 0.0, 0.0, lights=False, note="parked")
    left = float(np.exp(-rng.uniform(0.05, 1.5) / 0.7))
    return Engine(16 * left, 14 * left, 25 * left, 12 * left, 2.0 * left, lights=False, note="just parked")


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a car stands: metres, and the direction it heads for, 0 away from the camera, pi towards it."""

    x: float
    z: float
    heading: float


def car(rng: np.random.Generator, engine: Engine, instance: int, *, pose: Pose, camera: Camera) -> tuple[Actor, Points]:
    """Return a car, and the driver's place (3,) in the world."""
    length, width, roof = rng.uniform(4.0, 4.8), rng.uniform(1.70, 1.88), rng.uniform(1.42, 1.72)
    paint = _PAINTS[rng.integers(len(_PAINTS))]
    tail = -0.44 if roof > 1.56 else -0.40
    belt, half = 0.92, width / 2
    profile = np.array(
        [[-0.5, 0.30], [-0.5, 0.72], [-0.49, belt], [tail, belt + 0.04], [tail + 0.10, roof - 0.03], [0.10, roof],
         [0.27, belt], [0.47, 0.80], [0.5, 0.62], [0.5, 0.28]]
    )  # fmt: skip
    profile[:, 0] *= length
    forward = np.array([np.sin(pose.heading), 0.0, np.cos(pose.heading)])
    beside = np.array([np.cos(pose.heading), 0.0, -np.sin(pose.heading)])
    base = np.array([pose.x, 0.0, pose.z])

    def world(points: list[tuple[float, float, float]]) -> Points:
        """Turn (along, beside, up) into the world."""
        local = np.array(points)
        return base + local[:, :1] * forward + local[:, 1:2] * beside + np.array([0.0, 1.0, 0.0]) * local[:, 2:]

    patches: list[Patch] = []

    def add(points: Points, material: str, colour: Triple, *, excess: float = 0.0, emission: Triple = DARK,
            outward: Points, casts: Casts = Casts.NOTHING) -> None:  # fmt: skip
        eye = np.array([camera.x, camera.height, 0.0])
        if outward @ (eye - points.mean(0)) <= 0 and not casts:
            return
        normal = (float(outward[0]), float(outward[1]), float(outward[2]))
        surface = Surface(
            material, colour, SceneClass.CAR, instance, normal, emission, core=300.0, coupling=0.0, excess=excess
        )
        patches.append(Patch(surface, (points,), casts=casts))

    casts = Casts.FRESH if engine.note == "driving" else Casts.LASTING
    black, glass = (0.03, 0.03, 0.03), (0.025, 0.03, 0.032)
    up = np.array([0.0, 1.0, 0.0])

    def sides(body: bool) -> None:
        for sign in (-1.0, 1.0):
            outward = sign * beside
            if outward @ (np.array([camera.x, 0.0, 0.0]) - base) <= half * 1.02:
                continue
            if body:
                outline = world([(a, sign * half, h) for a, h in profile])
                add(outline, "paint", paint, excess=0.2 * engine.bonnet, outward=outward, casts=casts)
                continue
            inset = sign * half
            cabin = [
                (tail * length + 0.12 * length, inset, roof - 0.10), (0.075 * length, inset, roof - 0.08),
                (0.215 * length, inset, belt + 0.03), (tail * length + 0.05 * length, inset, belt + 0.06),
            ]  # fmt: skip
            add(world(cabin), "glass", glass, excess=engine.cabin, outward=outward)
            pillar = [(-0.10 * length, inset, belt), (-0.075 * length, inset, belt),
                      (-0.075 * length, inset, roof - 0.06), (-0.10 * length, inset, roof - 0.06)]  # fmt: skip
            add(world(pillar), "paint", paint, outward=outward)
            for at in (-0.31, 0.31):
                disc = ellipse(at * length, _WHEEL, _WHEEL * 1.12, _WHEEL * 1.12, 16)
                add(world([(a, inset, h) for a, h in disc]), "rubber", black, outward=outward)
                tyre = ellipse(at * length, _WHEEL, _WHEEL, _WHEEL, 16)
                add(world([(a, inset, h) for a, h in tyre]), "rubber", black, excess=engine.tyres, outward=outward)
                rim = ellipse(at * length, _WHEEL, 0.2, 0.2, 12)
                add(world([(a, inset, h) for a, h in rim]), "metal", (0.4, 0.4, 0.4), excess=0.8 * engine.tyres,
                    outward=outward)  # fmt: skip

    def span(low: tuple[float, float], high: tuple[float, float], inset: float = 0.0) -> Points:
        w0, w1 = half - inset, half - inset - 0.08 * (high[1] > belt + 0.1)
        (a0, h0), (a1, h1) = low, high
        return world([(a0 * length, -w0, h0), (a0 * length, w0, h0), (a1 * length, w1, h1), (a1 * length, -w1, h1)])

    sides(body=True)
    add(span((-0.5, 0.30), (-0.5, 0.72)), "paint", paint, outward=-forward, casts=casts)
    add(span((-0.5, 0.72), (-0.49, belt)), "paint", paint, outward=-forward)
    slope = (forward + 2.2 * up) / np.linalg.norm(forward + 2.2 * up)
    add(span((tail, belt + 0.04), (tail + 0.10, roof)), "paint", paint, outward=-forward)
    add(span((tail + 0.01, belt + 0.09), (tail + 0.085, roof - 0.10), 0.10), "glass", glass, excess=engine.cabin,
        outward=-forward)  # fmt: skip
    add(span((tail + 0.10, roof), (0.10, roof)), "paint", paint, outward=up)
    add(span((0.5, 0.28), (0.49, 0.80)), "paint", paint, excess=0.5 * engine.grille, outward=forward, casts=casts)
    add(span((0.48, 0.80), (0.27, belt)), "paint", paint, excess=engine.bonnet, outward=slope)
    shield = (1.2 * forward + up) / np.linalg.norm(1.2 * forward + up)
    add(span((0.27, belt), (0.10, roof)), "paint", paint, outward=shield)
    add(span((0.26, belt + 0.03), (0.115, roof - 0.06), 0.09), "glass", glass, excess=engine.cabin, outward=shield)
    sides(body=False)

    grille = [(0.502 * length, -0.45, 0.40), (0.502 * length, 0.45, 0.40), (0.502 * length, 0.45, 0.62),
              (0.502 * length, -0.45, 0.62)]  # fmt: skip
    add(world(grille), "plastic", black, excess=engine.grille, outward=forward)
    bumper = [(-0.502 * length, -half, 0.30), (-0.502 * length, half, 0.30), (-0.502 * length, half, 0.42),
              (-0.502 * length, -half, 0.42)]  # fmt: skip
    add(world(bumper), "plastic", black, outward=-forward)
    for at, sign in ((0.503, forward), (-0.503, -forward)):
        plate = [(at * length, -0.26, 0.44), (at * length, 0.26, 0.44), (at * length, 0.26, 0.56),
                 (at * length, -0.26, 0.56)]  # fmt: skip
        add(world(plate), "reflector", (0.6, 0.6, 0.55), outward=sign)
    for sign in (-1.0, 1.0):
        centre = sign * (half - 0.22)
        head = [(0.503 * length, centre + 0.14 * np.cos(t), 0.68 + 0.08 * np.sin(t)) for t in np.linspace(0, 5.6, 9)]
        shine = (26000.0, 25000.0, 22000.0) if engine.lights else DARK
        add(world(head), "lamp", (0.65, 0.65, 0.62), excess=6.0 * engine.lights, emission=shine, outward=forward)
        rear = [(-0.503 * length, centre - 0.16, 0.66), (-0.503 * length, centre + 0.16, 0.66),
                (-0.503 * length, centre + 0.16, 0.84), (-0.503 * length, centre - 0.16, 0.84)]  # fmt: skip
        red = (650.0, 20.0, 12.0) if engine.lights else DARK
        add(world(rear), "reflector", (0.30, 0.02, 0.02), excess=2.0 * engine.lights, emission=red, outward=-forward)
    pipe = [(-0.504 * length, -0.55 + 0.07 * np.cos(t), 0.27 + 0.05 * np.sin(t)) for t in np.linspace(0, 5.6, 8)]
    add(world(pipe), "rubber", black, excess=engine.exhaust, outward=-forward)
    side = "driving" if engine.note == "driving" else engine.note
    driver = world([(0.10 * length - 0.30, -0.36, 0.52)])[0]
    return Actor(pose.z, tuple(patches), SceneClass.CAR, instance, side), driver


def driver(
    rng: np.random.Generator, outfit: Outfit, instance: int, *, place_of: Points, behind: int, z: float
) -> Actor:
    """Return the upper body of someone in a car, seen only through the glass of car `behind`."""
    parts = figure(rng, height=1.72, garment="shirt", stride=0.0, side=0.0, bag=False)
    paint = living(outfit, instance)
    patches = tuple(
        Patch(paint(part), (upright(outline, x=place_of[0], y=place_of[1] - 0.82, z=place_of[2]),), through=behind)
        for part, outline in parts
        if part in ("top", "skin", "hair")
    )
    return Actor(z, patches, SceneClass.PERSON, instance, "in a car")


def headlights(pose: Pose) -> tuple[Lamp, Lamp]:
    """Return the two beams of a car that drives with its lights on."""
    forward = (float(np.sin(pose.heading)), -0.035, float(np.cos(pose.heading)))
    ahead = np.array(forward) * 2.4
    left, right = (
        Lamp(
            (pose.x + float(ahead[0]) + side * float(np.cos(pose.heading)), 0.68, pose.z + float(ahead[2])),
            (1.0, 0.95, 0.85), 9000.0, forward, 45.0,
        )
        for side in (-0.6, 0.6)
    )  # fmt: skip
    return left, right


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
    for start, end in ((saddle + [-0.1, 0.03], saddle + [0.13, 0.03]), (bars + [-0.1, 0.06], bars + [0.08, 0.03])):
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
        Actor(z, machine, SceneClass.BICYCLE, instances[0], "ridden"),
        Actor(z - 0.01, rider, SceneClass.PERSON, instances[1], "cycling"),
    )
