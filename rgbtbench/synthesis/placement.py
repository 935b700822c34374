"""Who and what stands where: cars, people, trees and what a street is furnished with, each on a place of its own."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from rgbtbench.synthesis import bicycles, cars, figures, furniture, plants, street
from rgbtbench.synthesis.conditions import Conditions
from rgbtbench.synthesis.geometry import Camera
from rgbtbench.synthesis.parameters import SceneParameters
from rgbtbench.synthesis.surface import Actor, Lamp


@dataclass(slots=True)
class Cast:
    """The stage while it is being filled.

    Attributes:
        rng: that everything is drawn from, in order.
        conditions: time, sky and weather.
        parameters: how much there is of what.
        plan: of the street.
        camera: the visible camera, which nothing may stand in front of.
        actors: what has been placed, and what is no thing to count, such as a street lamp.
        lamps: lights that illuminate others.
        taken: places on the ground: x, z and half the extent along both, in metres.
        instances: how many countable things there are.
    """

    rng: np.random.Generator
    conditions: Conditions
    parameters: SceneParameters
    plan: street.Plan
    camera: Camera
    actors: list[Actor] = field(default_factory=list)
    lamps: list[Lamp] = field(default_factory=list)
    taken: list[tuple[float, float, float, float]] = field(default_factory=list)
    instances: int = 0

    def next_instance(self) -> int:
        """Return the number of one more countable thing, from 1."""
        self.instances += 1
        return self.instances

    def free(self, x: float, z: float, half_width: float, half_length: float) -> bool:
        """Claim a place on the ground; False when something stands there already."""
        for x1, z1, w1, l1 in self.taken:
            if abs(x - x1) < half_width + w1 and abs(z - z1) < half_length + l1:
                return False
        self.taken.append((x, z, half_width, half_length))
        return True


def place_cars(cast: Cast) -> None:
    """Put moving cars on the road and parked ones at its side."""
    rng, plan, parameters = cast.rng, cast.plan, cast.parameters
    for _ in range(_count(rng, parameters.moving_cars)):
        oncoming = rng.random() < 0.6
        x, z = (-1.0 if oncoming else 1.0) * plan.road * 0.48, _distance(rng, 8.0, 60.0)
        heading = np.pi if oncoming else 0.0
        if rng.random() < 0.12:
            x, z, heading = rng.uniform(-0.5, 0.5) * plan.road, rng.uniform(16.0, 32.0), np.pi / 2 * rng.choice([-1, 1])
        engine = cars.running(rng, lights=cast.conditions.dark)
        _add_car(cast, engine, cars.Pose(float(x), z, float(heading) + rng.normal(0.0, 0.03)), driven=True)
    side = 1.0 if rng.random() < 0.5 else -1.0
    start = rng.uniform(5.0, 14.0)
    for number in range(_count(rng, parameters.parked_cars)):
        z = start + number * rng.uniform(5.4, 7.5)
        heading = rng.normal(0.0, 0.03) + (0.0 if side > 0 else np.pi)
        engine = cars.at_rest(rng, warm=0.35)
        _add_car(cast, engine, cars.Pose(side * (plan.road - 1.05), z, float(heading)), driven=False)


def _add_car(cast: Cast, engine: cars.Engine, pose: cars.Pose, *, driven: bool) -> None:
    across = abs(np.sin(pose.heading)) > 0.5
    if not cast.free(pose.x, pose.z, 2.4 if across else 0.95, 1.2 if across else 2.5):
        return
    if abs(pose.x - cast.camera.x) < 2.2 and pose.z < 6.5:
        return
    instance = cast.next_instance()
    eye = np.array([cast.camera.x, cast.camera.height, 0.0])
    actor, seat = cars.car(cast.rng, engine, instance, pose=pose, eye=eye)
    cast.actors.append(actor)
    if not driven:
        return
    if cast.rng.random() < cast.parameters.driver:
        outfit = figures.dress(cast.rng, 294.0)
        someone = cast.next_instance()
        # A hair's breadth nearer than the car, so that the painter takes the driver right after it.
        cast.actors.append(cars.driver(cast.rng, outfit, someone, seat=seat, behind=instance, z=actor.front - 1e-6))
    if engine.lights:
        cast.lamps += cars.headlights(pose)


def place_street_furniture(cast: Cast) -> None:
    """Put up lamps, signs, a guardrail, cones, car stops, statues, posters and litter bins."""
    rng, plan, conditions, parameters = cast.rng, cast.plan, cast.conditions, cast.parameters
    colour = furniture.SODIUM if rng.random() < 0.4 else furniture.LED
    candela, spacing, first = rng.uniform(700.0, 1600.0), rng.uniform(14.0, 24.0), rng.uniform(4.0, 15.0)
    for number in range(4):
        side = -1.0 if number % 2 else 1.0
        x, z = side * (plan.road + 0.5), first + number * spacing
        cast.free(x, z, 0.3, 0.3)
        cast.actors.append(
            furniture.street_lamp(x, z, inward=-side * 1.2, burning=conditions.lamps_on, colour=colour, candela=candela)
        )
        if conditions.lamps_on:
            cast.lamps.append(furniture.lamp_light(x, z, inward=-side * 1.2, colour=colour, candela=candela))
    for _ in range(rng.integers(0, 4)):
        x, z = _on_pavement(cast, 5.0, 35.0, edge=True)
        if cast.free(x, z, 0.3, 0.3):
            cast.actors.append(furniture.traffic_sign(rng, x=x, y=street.KERB_HEIGHT, z=z))
    if rng.random() < parameters.guardrail:
        side, start = rng.choice([-1.0, 1.0]), rng.uniform(4.0, 12.0)
        cast.actors += furniture.guardrail(float(side) * (plan.road + 0.12), start, start + 2.0 * rng.integers(4, 12))
    if rng.random() < parameters.cones:
        x, z = rng.uniform(-0.95, 0.95) * plan.road, rng.uniform(5.0, 18.0)
        for number in range(rng.integers(1, 5)):
            at = (x + rng.normal(0.0, 0.25), z + 1.8 * number)
            if cast.free(*at, 0.25, 0.25):
                cast.actors.append(furniture.cone(cast.next_instance(), x=at[0], y=0.0, z=at[1]))
    if rng.random() < parameters.car_stops:
        side, z = float(rng.choice([-1.0, 1.0])), rng.uniform(6.0, 12.0)
        for number in range(rng.integers(1, 4)):
            if cast.free(side * (plan.road - 1.0), z + 5.0 * number, 0.9, 0.3):
                cast.actors.append(furniture.car_stop(side * (plan.road - 1.0), z + 5.0 * number))
    _place_likenesses(cast)
    for _ in range(rng.integers(0, 3)):
        x, z = _on_pavement(cast, 5.0, 30.0, edge=False)
        if cast.free(x, z, 0.4, 0.4):
            cast.actors.append(furniture.litter_bin(rng, x=x, y=street.KERB_HEIGHT, z=z))


def _place_likenesses(cast: Cast) -> None:
    """Stand statues and posters about: the shape of a person at the temperature of a wall."""
    rng = cast.rng
    for chance, build in ((cast.parameters.statue, "statue"), (cast.parameters.poster, "poster")):
        if rng.random() >= chance:
            continue
        x, z = _on_pavement(cast, 6.0, 22.0, edge=False)
        if not cast.free(x, z, 0.8, 0.5):
            continue
        instance, y = cast.next_instance(), street.KERB_HEIGHT
        if build == "statue":
            cast.actors.append(furniture.statue(rng, instance, x=x, y=y, z=z))
        else:
            burning = cast.conditions.lamps_on
            cast.actors.append(furniture.poster(rng, instance, x=x, y=y, z=z, burning=burning))


def place_people(cast: Cast) -> None:
    """Put people on pavement and road, cyclists, parked bicycles and dogs."""
    rng, plan, parameters, air = cast.rng, cast.plan, cast.parameters, cast.conditions.air
    near, far = parameters.people_distance
    for _ in range(_count(rng, parameters.people)):
        x, z = _on_pavement(cast, near, far, edge=False)
        y = street.KERB_HEIGHT
        if rng.random() < 0.3:
            x, z, y = rng.uniform(-0.95, 0.95) * plan.road, _distance(rng, 7.0, far), 0.0
        if cast.free(x, z, 0.35, 0.3):
            outfit = figures.dress(rng, air)
            cast.actors.append(figures.pedestrian(rng, outfit, cast.next_instance(), x=x, y=y, z=z))
    for _ in range(_count(rng, parameters.cyclists)):
        x, z = rng.choice([-1.0, 1.0]) * rng.uniform(0.35, 0.9) * plan.road, _distance(rng, 6.0, 28.0)
        if cast.free(float(x), z, 0.9, 0.4):
            instances = (cast.next_instance(), cast.next_instance())
            cast.actors += bicycles.cyclist(rng, figures.dress(rng, air), instances, x=float(x), y=0.0, z=z)
    if rng.random() < 0.3:
        x, z = _on_pavement(cast, 6.0, 22.0, edge=False)
        for number in range(rng.integers(1, 4)):
            if cast.free(x, z + 0.9 * number, 0.9, 0.3):
                instance, place = cast.next_instance(), (x, z + 0.9 * number)
                patches = bicycles.bicycle(rng, instance, x=place[0], y=street.KERB_HEIGHT, z=place[1], facing=1.0)
                cast.actors.append(Actor(*place, patches, patches[0].surface.label, instance, "parked"))
    for _ in range(_count(rng, parameters.dogs)):
        x, z = _on_pavement(cast, 4.5, 16.0, edge=False)
        if cast.free(x, z, 0.6, 0.3):
            cast.actors.append(figures.dog(rng, cast.next_instance(), x=x, y=street.KERB_HEIGHT, z=z))


def place_trees(cast: Cast) -> None:
    """Plant rows of trees and hedges."""
    rng, plan = cast.rng, cast.plan
    for side in (-1.0, 1.0):
        if rng.random() < 0.6:
            spacing, z = rng.uniform(8.0, 14.0), rng.uniform(7.0, 18.0)
            while z < 75.0:
                x = side * (plan.road + 0.8)
                if cast.free(x, z, 0.3, 0.3):
                    cast.actors.append(plants.tree(rng, x=x, z=z))
                z += spacing * rng.uniform(0.8, 1.3)
        if rng.random() < 0.3:
            start = rng.uniform(8.0, 25.0)
            cast.actors += plants.hedge(rng, x=side * (plan.front - 0.4), z0=start, z1=start + rng.uniform(8.0, 25.0))


def _on_pavement(cast: Cast, near: float, far: float, *, edge: bool) -> tuple[float, float]:
    side = 1.0 if cast.rng.random() < 0.5 else -1.0
    reach = (0.3, 0.5) if edge else (0.8, cast.plan.pavement - 0.3)
    return side * (cast.plan.road + float(cast.rng.uniform(*reach))), _distance(cast.rng, near, far)


def _count(rng: np.random.Generator, limits: tuple[int, int]) -> int:
    return int(rng.integers(limits[0], limits[1] + 1))


def _distance(rng: np.random.Generator, near: float, far: float) -> float:
    """Draw a distance with equal chance per octave, so that near and far are both frequent."""
    return float(np.exp(rng.uniform(np.log(near), np.log(far))))
