"""Cars: six-sided bodies with glass, wheels, lamps and the heat of their engines, and drivers behind the glass."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from rgbtbench.synthesis.classes import SceneClass
from rgbtbench.synthesis.figures import Outfit, figure, living
from rgbtbench.synthesis.geometry import Points, ellipse, upright
from rgbtbench.synthesis.surface import DARK, UPWARDS, Actor, Casts, Lamp, Patch, Surface, Triple

_PAINTS: tuple[Triple, ...] = (
    (0.70, 0.70, 0.70), (0.35, 0.36, 0.38), (0.03, 0.03, 0.035), (0.40, 0.03, 0.03), (0.04, 0.08, 0.28),
    (0.55, 0.53, 0.46), (0.12, 0.13, 0.14), (0.06, 0.20, 0.13), (0.75, 0.74, 0.70),
)  # fmt: skip
_BLACK: Triple = (0.03, 0.03, 0.03)
_GLASS: Triple = (0.025, 0.03, 0.032)
_WHEEL = 0.33
_BELT = 0.92
Point = tuple[float, float, float]


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
        bonnet=rng.uniform(5, 14),
        grille=rng.uniform(14, 32),
        exhaust=rng.uniform(30, 80),
        tyres=rng.uniform(8, 18),
        cabin=2.0,
        lights=lights,
        note="driving",
    )


def at_rest(rng: np.random.Generator, *, warm: float) -> Engine:
    """Return the heat of a parked car; with chance `warm` it arrived less than an hour and a half ago."""
    left = float(np.exp(-rng.uniform(0.05, 1.5) / 0.7)) if rng.random() < warm else 0.0
    note = "just parked" if left else "parked"
    return Engine(16 * left, 14 * left, 25 * left, 12 * left, 2 * left, lights=False, note=note)


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a car stands: metres, and the direction it heads for, 0 away from the camera, pi towards it."""

    x: float
    z: float
    heading: float

    @property
    def forward(self) -> Points:
        """Unit vector (3,) along the car."""
        return np.array([np.sin(self.heading), 0.0, np.cos(self.heading)])

    @property
    def beside(self) -> Points:
        """Unit vector (3,) to the car's right."""
        return np.array([np.cos(self.heading), 0.0, -np.sin(self.heading)])


@dataclass(slots=True)
class _Body:
    """A car under construction; only faces that the eye sees are kept."""

    pose: Pose
    eye: Points
    instance: int
    length: float
    half: float
    roof: float
    paint: Triple
    engine: Engine
    patches: list[Patch] = field(default_factory=list)

    @property
    def tail(self) -> float:
        """Where the rear window ends, as a share of the length: vans are upright."""
        return -0.44 if self.roof > 1.56 else -0.40

    def world(self, points: list[Point]) -> Points:
        """Turn points (share of the length, metres to the right, metres up) into the world's."""
        local = np.array(points)
        along, right, up = local[:, :1] * self.length, local[:, 1:2], local[:, 2:]
        place = np.array([self.pose.x, 0.0, self.pose.z]) + along * self.pose.forward + right * self.pose.beside
        return np.asarray(place + up * np.array(UPWARDS))

    def add(
        self,
        points: list[Point],
        outward: Points,
        material: str,
        colour: Triple,
        *,
        excess: float = 0.0,
        emission: Triple = DARK,
        casts: Casts = Casts.NOTHING,
    ) -> None:
        """Add a face unless it looks away."""
        face = self.world(points)
        if outward @ (self.eye - face.mean(0)) <= 0:
            return
        normal = (float(outward[0]), float(outward[1]), float(outward[2]))
        surface = Surface(material, colour, SceneClass.CAR, self.instance, normal, emission, excess=excess)
        self.patches.append(Patch(surface, (face,), casts=casts))

    def across(self, low: tuple[float, float], high: tuple[float, float], *, inset: float = 0.0) -> list[Point]:
        """Return a face from side to side between two (along, up) edges; the cabin is narrower at its top."""
        wide = self.half - inset
        narrow = wide - (0.08 if high[1] > _BELT + 0.1 else 0.0)
        return [
            (low[0], -wide, low[1]),
            (low[0], wide, low[1]),
            (high[0], narrow, high[1]),
            (high[0], -narrow, high[1]),
        ]

    def panel(self, at: float, right: tuple[float, float], up: tuple[float, float]) -> list[Point]:
        """Return an upright rectangle across the car."""
        return [(at, right[0], up[0]), (at, right[1], up[0]), (at, right[1], up[1]), (at, right[0], up[1])]

    def seen_sides(self) -> list[float]:
        """Return -1 for the left and 1 for the right side, whichever the eye sees."""
        middle = np.array([self.pose.x, self.eye[1], self.pose.z])
        return [side for side in (-1.0, 1.0) if side * self.pose.beside @ (self.eye - middle) > self.half * 1.02]


def car(rng: np.random.Generator, engine: Engine, instance: int, *, pose: Pose, eye: Points) -> tuple[Actor, Points]:
    """Return a car as seen from `eye` (3,), and the driver's place (3,) in the world."""
    body = _Body(
        pose,
        eye,
        instance,
        length=rng.uniform(4.0, 4.8),
        half=rng.uniform(0.85, 0.94),
        roof=rng.uniform(1.42, 1.72),
        paint=_PAINTS[rng.integers(len(_PAINTS))],
        engine=engine,
    )
    _underside(body)
    _shell(body)
    _sides(body)
    _ends(body)
    turned = abs(float(np.sin(pose.heading)))
    long = body.length / 2 - body.half
    reach = (body.half + turned * long, body.half + (1.0 - turned) * long)
    actor = Actor(pose.x, pose.z, tuple(body.patches), SceneClass.CAR, instance, engine.note, reach)
    return actor, body.world([(0.03, -0.36, 0.52)])[0]


def _underside(body: _Body) -> None:
    half, warm = body.half, 0.6 * body.engine.tyres
    for at, outward in ((-0.48, -body.pose.forward), (0.48, body.pose.forward)):
        body.add(body.panel(at, (0.1 - half, half - 0.1), (0.10, 0.34)), outward, "rubber", _BLACK, excess=0.3 * warm)
        for left in (0.04 - half, half - 0.24):
            body.add(body.panel(at, (left, left + 0.2), (0.0, 0.34)), outward, "rubber", _BLACK, excess=warm)


def _shell(body: _Body) -> None:
    forward, tail, roof, engine = body.pose.forward, body.tail, body.roof, body.engine
    up = np.array(UPWARDS)
    bonnet, shield = forward + 2.2 * up, 1.2 * forward + up
    bonnet, shield = bonnet / np.linalg.norm(bonnet), shield / np.linalg.norm(shield)
    casts = Casts.FRESH if engine.note == "driving" else Casts.LASTING
    outline = [
        (-0.5, 0.30), (-0.5, 0.72), (-0.49, _BELT), (tail, _BELT + 0.04), (tail + 0.10, roof - 0.03), (0.10, roof),
        (0.27, _BELT), (0.47, 0.80), (0.5, 0.62), (0.5, 0.28),
    ]  # fmt: skip
    for side in body.seen_sides():
        profile = [(along, side * body.half, up) for along, up in outline]
        body.add(profile, side * body.pose.beside, "paint", body.paint, excess=0.2 * engine.bonnet, casts=casts)
    faces = [
        (body.across((-0.5, 0.30), (-0.5, 0.72)), -forward, 0.0, casts),
        (body.across((-0.5, 0.72), (-0.49, _BELT)), -forward, 0.0, Casts.NOTHING),
        (body.across((-0.49, _BELT), (tail, _BELT + 0.04)), up, 0.0, Casts.NOTHING),
        (body.across((tail, _BELT + 0.04), (tail + 0.10, roof)), -forward, 0.0, Casts.NOTHING),
        (body.across((tail + 0.10, roof), (0.10, roof)), up, 0.0, casts),
        (body.across((0.5, 0.28), (0.49, 0.80)), forward, 0.5 * engine.grille, casts),
        (body.across((0.48, 0.80), (0.27, _BELT)), bonnet, engine.bonnet, casts),
        (body.across((0.27, _BELT), (0.10, roof)), shield, 0.0, Casts.NOTHING),
    ]
    for points, outward, excess, shadow in faces:
        body.add(points, outward, "paint", body.paint, excess=excess, casts=shadow)
    rear = body.across((tail + 0.01, _BELT + 0.09), (tail + 0.085, roof - 0.10), inset=0.10)
    front = body.across((0.26, _BELT + 0.03), (0.115, roof - 0.06), inset=0.09)
    body.add(rear, -forward, "glass", _GLASS, excess=engine.cabin)
    body.add(front, shield, "glass", _GLASS, excess=engine.cabin)


def _sides(body: _Body) -> None:
    tail, roof, engine = body.tail, body.roof, body.engine
    for side in body.seen_sides():
        outward, right = side * body.pose.beside, side * body.half
        panes = [(tail + 0.12, right, roof - 0.10), (0.075, right, roof - 0.08), (0.215, right, _BELT + 0.03),
                 (tail + 0.05, right, _BELT + 0.06)]  # fmt: skip
        pillar = [(-0.10, right, _BELT), (-0.075, right, _BELT), (-0.075, right, roof - 0.06),
                  (-0.10, right, roof - 0.06)]  # fmt: skip
        body.add(panes, outward, "glass", _GLASS, excess=engine.cabin)
        body.add(pillar, outward, "paint", body.paint)
        for at in (-0.31, 0.31):
            for radius, material, colour, excess in (
                (1.12 * _WHEEL, "rubber", _BLACK, 0.0),
                (_WHEEL, "rubber", _BLACK, engine.tyres),
                (0.20, "metal", (0.40, 0.40, 0.40), 0.8 * engine.tyres),
            ):
                disc = ellipse(at * body.length, _WHEEL, radius, radius, 16)
                points = [(along / body.length, right, up) for along, up in disc.tolist()]
                body.add(points, outward, material, colour, excess=excess)


def _ends(body: _Body) -> None:
    forward, half, engine = body.pose.forward, body.half, body.engine
    body.add(body.panel(0.502, (-0.45, 0.45), (0.40, 0.62)), forward, "plastic", _BLACK, excess=engine.grille)
    body.add(body.panel(-0.502, (-half, half), (0.30, 0.42)), -forward, "plastic", _BLACK)
    for at, outward in ((0.503, forward), (-0.503, -forward)):
        body.add(body.panel(at, (-0.26, 0.26), (0.44, 0.56)), outward, "reflector", (0.60, 0.60, 0.55))
    white: Triple = (26000.0, 25000.0, 22000.0) if engine.lights else DARK
    red: Triple = (650.0, 20.0, 12.0) if engine.lights else DARK
    for middle in (0.22 - half, half - 0.22):
        round_lamp: list[Point] = [(0.503, right, up) for right, up in ellipse(middle, 0.68, 0.14, 0.08, 10).tolist()]
        square_lamp = body.panel(-0.503, (middle - 0.16, middle + 0.16), (0.66, 0.84))
        body.add(round_lamp, forward, "lamp", (0.65, 0.65, 0.62), excess=6.0 * engine.lights, emission=white)
        body.add(square_lamp, -forward, "reflector", (0.30, 0.02, 0.02), excess=2.0 * engine.lights, emission=red)
    pipe: list[Point] = [(-0.504, right, up) for right, up in ellipse(-0.55, 0.27, 0.07, 0.05, 8).tolist()]
    body.add(pipe, -forward, "rubber", _BLACK, excess=engine.exhaust)


def driver(rng: np.random.Generator, outfit: Outfit, instance: int, *, seat: Points, behind: int, z: float) -> Actor:
    """Return the upper body of someone at `seat` (3,), seen only through the glass of car `behind`."""
    parts = figure(rng, height=1.72, garment="shirt", stride=0.0, side=0.0, bag=False)
    paint = living(outfit, instance)
    patches = tuple(
        Patch(paint(part), (upright(outline, x=seat[0], y=seat[1] - 0.82, z=seat[2]),), through=behind)
        for part, outline in parts
        if part in ("top", "skin", "hair")
    )
    return Actor(float(seat[0]), z, patches, SceneClass.PERSON, instance, "in a car", (0.0, 0.0))


def headlights(pose: Pose) -> tuple[Lamp, Lamp]:
    """Return the two low beams of a car that drives with its lights on."""
    x, _, z = pose.forward.tolist()
    right, _, back = (0.6 * pose.beside).tolist()

    def beam(side: float) -> Lamp:
        place = (pose.x + 2.4 * x + side * right, 0.68, pose.z + 2.4 * z + side * back)
        return Lamp(place, (1.0, 0.95, 0.85), 9000.0, axis=(x, -0.035, z), sharpness=24.0, flatness=90.0)

    return beam(-1.0), beam(1.0)
