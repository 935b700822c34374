"""A scene: a street with who and what is in it, under which sky, seen from where. Drawn from (seed, index) alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rgbtbench.synthesis import houses, street
from rgbtbench.synthesis.conditions import Conditions, sample_conditions
from rgbtbench.synthesis.geometry import Camera, Points
from rgbtbench.synthesis.parameters import SceneParameters
from rgbtbench.synthesis.placement import Cast, place_cars, place_people, place_street_furniture, place_trees
from rgbtbench.synthesis.surface import Actor, Lamp, Patch


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything about a picture before any camera looks.

    Attributes:
        conditions: time, sky and weather.
        camera: the visible camera.
        thermal_camera: the thermal camera; equal to `camera` where the pair is registered.
        patches: all surfaces in painting order.
        actors: the countable things; `actors[k].instance` is k + 1.
        lamps: lights that illuminate others.
        blocks: float64 (B, 4), walls that throw shade: x, z0, z1, height.
        footprints: float64 (F, 4), where things stand: x, z and half their extent along both.
        puddles: outlines (N, 3) of standing water.
    """

    conditions: Conditions
    camera: Camera
    thermal_camera: Camera
    patches: tuple[Patch, ...]
    actors: tuple[Actor, ...]
    lamps: tuple[Lamp, ...]
    blocks: NDArray[np.float64]
    footprints: NDArray[np.float64]
    puddles: tuple[Points, ...]

    @property
    def registration(self) -> str:
        """`aligned`, or `shifted` when the thermal camera stands and points elsewhere."""
        return "aligned" if self.camera == self.thermal_camera else "shifted"


def compose(seed: int, index: int, parameters: SceneParameters) -> Scene:
    """Return the scene of a number; the same for every picture size."""
    rng = np.random.default_rng([seed, index, 0])
    conditions = sample_conditions(rng, parameters)
    plan = street.sample_plan(rng)
    camera = _camera(rng, plan)
    cast = Cast(rng, conditions, parameters, plan, camera)
    far = parameters.far

    backdrop = street.surroundings(rng, plan, far) + street.markings(rng, plan)
    backdrop += street.on_the_road(rng, plan, conditions, parameters)
    rows, blocks = houses.buildings(rng, plan.front, conditions, far)
    backdrop = houses.skyline(rng, far, conditions) + backdrop + rows
    place_cars(cast)
    place_street_furniture(cast)
    place_people(cast)
    place_trees(cast)
    if conditions.dark and rng.random() < parameters.headlights_of_camera:
        beams = ((-0.6, 0.65), (0.6, 0.65))
        cast.lamps += [
            Lamp(
                (camera.x + side, high, 0.0), (1.0, 0.95, 0.86), 9000.0, (0.0, -0.03, 0.9995), 24.0, 90.0, carried=True
            )
            for side, high in beams
        ]
    puddles = tuple(street.puddles(rng, plan, conditions.wetness))
    actors = sorted(cast.actors, key=lambda actor: -actor.front)
    return Scene(
        conditions=conditions,
        camera=camera,
        thermal_camera=_thermal_camera(rng, camera, parameters),
        patches=tuple(backdrop) + tuple(patch for actor in actors for patch in actor.patches),
        actors=tuple(sorted((actor for actor in actors if actor.instance), key=lambda actor: actor.instance)),
        lamps=tuple(cast.lamps),
        blocks=blocks,
        footprints=np.array([(actor.x, actor.z, *actor.reach) for actor in actors]).reshape(-1, 4),
        puddles=puddles,
    )


def _camera(rng: np.random.Generator, plan: street.Plan) -> Camera:
    on_pavement = rng.random() < 0.25
    side = 1.0 if rng.random() < 0.7 else -1.0
    x = side * (plan.road + rng.uniform(0.5, 1.5)) if on_pavement else rng.uniform(-0.6, 0.6) * plan.road
    return Camera(x=x, height=rng.uniform(1.35, 1.9), focal=rng.uniform(0.85, 1.15), horizon=rng.uniform(0.38, 0.48))


def _thermal_camera(rng: np.random.Generator, camera: Camera, parameters: SceneParameters) -> Camera:
    shifted = rng.random() < parameters.shifted
    sign = 1.0 if rng.random() < 0.5 else -1.0
    turn = np.radians(rng.uniform(*parameters.boresight_degrees)) * camera.focal
    tilt = np.radians(rng.uniform(-0.6, 0.6)) * camera.focal
    baseline = rng.uniform(*parameters.baseline)
    if not shifted:
        return camera
    return replace(camera, x=camera.x + sign * baseline, yaw_shift=-sign * float(turn), pitch_shift=float(tilt))
