"""Things that stand in streets: lamps, signs, cones, statues, posters, guardrails, wheel stops, bins."""

from __future__ import annotations

import numpy as np

from rgbtbench.synthesis.classes import SceneClass
from rgbtbench.synthesis.figures import carved, figure, place
from rgbtbench.synthesis.geometry import Points, capsule, ellipse, ground, rectangle, upright
from rgbtbench.synthesis.surface import DARK, UPWARDS, Actor, Casts, Lamp, Patch, Surface, Triple

_FURNITURE = SceneClass.STREET_FURNITURE
SODIUM: Triple = (1.0, 0.62, 0.22)
LED: Triple = (1.0, 0.92, 0.78)


def street_lamp(x: float, z: float, *, inward: float, burning: bool, colour: Triple, candela: float) -> Actor:
    """Return a lamp post whose arm reaches `inward` (metres, signed) over the road."""
    height = 6.2
    post = Surface("metal", (0.30, 0.31, 0.32), _FURNITURE)
    glow = candela / 0.09
    shine = (glow * colour[0], glow * colour[1], glow * colour[2]) if burning else DARK
    head = Surface("lamp", (0.55, 0.55, 0.52), _FURNITURE, emission=shine, excess=14.0 if burning else 0.0)
    arm = capsule(np.array([0.0, height]), np.array([inward, height + 0.15]), 0.05, 0.04)
    return Actor(
        x,
        z,
        (
            Patch(post, (upright(rectangle(-0.07, 0.07, 0.0, height), x=x, y=0.1, z=z),), casts=Casts.LASTING),
            Patch(post, (upright(arm, x=x, y=0.1, z=z),), casts=Casts.LASTING),
            Patch(head, (upright(ellipse(inward, height + 0.08, 0.32, 0.11, 12), x=x, y=0.1, z=z),)),
        ),
        _FURNITURE,
    )


def lamp_light(x: float, z: float, *, inward: float, colour: Triple, candela: float) -> Lamp:
    """Return the light of such a lamp."""
    return Lamp((x + inward, 6.2, z), colour, candela)


def traffic_sign(rng: np.random.Generator, *, x: float, y: float, z: float) -> Actor:
    """Return a sign on a pole, at the air's temperature as all that is thin."""
    height = rng.uniform(2.1, 2.7)
    red, blue, white = (0.50, 0.03, 0.04), (0.03, 0.10, 0.45), (0.75, 0.75, 0.75)
    kind = rng.integers(3)
    pole = Surface("metal", (0.35, 0.35, 0.36), _FURNITURE)
    patches = [Patch(pole, (upright(rectangle(-0.035, 0.035, 0.0, height), x=x, y=y, z=z),), casts=Casts.LASTING)]
    if kind == 0:
        outer, inner = ellipse(0, height, 0.34, 0.34, 18), ellipse(0, height, 0.24, 0.24, 18)
        colours = (red, white)
    elif kind == 1:
        turn = np.pi / 2 + np.arange(3) * 2 * np.pi / 3
        outer = np.stack([0.46 * np.cos(turn), height + 0.46 * np.sin(turn)], 1)
        inner = np.stack([0.28 * np.cos(turn), height + 0.28 * np.sin(turn)], 1)
        colours = (red, white)
    else:
        outer, inner = rectangle(-0.33, 0.33, height - 0.33, height + 0.33), ellipse(0, height, 0.2, 0.2, 12)
        colours = (blue, white)
    for outline, colour in zip((outer, inner), colours, strict=True):
        plate = Surface("reflector", colour, _FURNITURE)
        patches.append(Patch(plate, (upright(outline, x=x, y=y, z=z),), casts=Casts.LASTING))
    return Actor(x, z, tuple(patches), _FURNITURE)


def cone(instance: int, *, x: float, y: float, z: float) -> Actor:
    """Return a traffic cone."""
    orange = Surface("plastic", (0.62, 0.14, 0.02), SceneClass.TRAFFIC_CONE, instance)
    band = Surface("reflector", (0.70, 0.70, 0.70), SceneClass.TRAFFIC_CONE, instance)
    foot = Surface("rubber", (0.05, 0.05, 0.05), SceneClass.TRAFFIC_CONE, instance)

    def slice_of(low: float, high: float) -> Points:
        w0, w1 = 0.17 * (1 - low / 0.85) + 0.02, 0.17 * (1 - high / 0.85) + 0.02
        return np.array([[-w0, low], [w0, low], [w1, high], [-w1, high]])

    body = [(foot, rectangle(-0.21, 0.21, 0.0, 0.06)), (orange, slice_of(0.06, 0.75))]
    body += [(band, slice_of(0.28, 0.40)), (band, slice_of(0.52, 0.60))]
    patches = tuple(Patch(kind, (upright(outline, x=x, y=y, z=z),), casts=Casts.LASTING) for kind, outline in body)
    return Actor(x, z, patches, SceneClass.TRAFFIC_CONE, instance)


def statue(rng: np.random.Generator, instance: int, *, x: float, y: float, z: float) -> Actor:
    """Return a standing figure of stone or bronze on a low plinth: a person's shape without a person's heat."""
    colour = ((0.42, 0.40, 0.36), (0.10, 0.13, 0.10), (0.20, 0.15, 0.09))[rng.integers(3)]
    paint = carved(colour, instance)
    parts = [("top", rectangle(-0.38, 0.38, 0.0, 0.45))]
    body = figure(rng, height=rng.uniform(1.65, 2.0), garment="coat", stride=0.15, side=0.0, bag=False)
    parts += [(part, outline + np.array([0.0, 0.45])) for part, outline in body]
    return Actor(x, z, place(parts, paint, x=x, y=y, z=z, casts=Casts.LASTING), SceneClass.STATUE, instance)


def poster(rng: np.random.Generator, instance: int, *, x: float, y: float, z: float, burning: bool) -> Actor:
    """Return an advertising panel: a printed person behind glass, all colour and one temperature."""
    glow = float(rng.uniform(4.0, 14.0)) * burning
    frame = Surface("metal", (0.16, 0.17, 0.18), SceneClass.STATUE, instance)
    pane = Surface("glass", (0.05, 0.05, 0.05), SceneClass.STATUE, instance, excess=1.5 * burning)
    patches = [
        Patch(frame, (upright(rectangle(-0.70, 0.70, 0.25, 2.45), x=x, y=y, z=z),), casts=Casts.LASTING),
        Patch(pane, (upright(rectangle(-0.62, 0.62, 0.35, 2.36), x=x, y=y, z=z),)),
    ]

    def print_of(colour: Triple, outline: Points) -> Patch:
        shine = (glow * colour[0], glow * colour[1], glow * colour[2])
        paper = Surface("panel", colour, SceneClass.STATUE, instance, emission=shine)
        return Patch(paper, (upright(outline, x=x, y=y, z=z),), through=instance)

    backgrounds = ((0.70, 0.65, 0.55), (0.25, 0.45, 0.60), (0.65, 0.50, 0.12), (0.55, 0.20, 0.25))
    patches.append(print_of(backgrounds[rng.integers(4)], rectangle(-0.62, 0.62, 0.35, 2.36)))
    inks = {"skin": (0.55, 0.36, 0.27), "hands": (0.55, 0.36, 0.27), "hair": (0.06, 0.04, 0.03),
            "top": (0.05, 0.06, 0.16), "sleeves": (0.05, 0.05, 0.13)}  # fmt: skip
    for part, outline in figure(rng, height=1.75, garment="shirt", stride=0.2, side=0.0, bag=False):
        patches.append(print_of(inks.get(part, (0.10, 0.10, 0.11)), outline + np.array([0.0, 0.48])))
    return Actor(x, z, tuple(patches), SceneClass.STATUE, instance, reach=(0.7, 0.15))


def guardrail(x: float, z0: float, z1: float) -> list[Actor]:
    """Return a rail along the kerb in pieces of two metres, each with its post. Bare metal mirrors a cold sky."""
    steel = Surface("metal", (0.55, 0.56, 0.57), SceneClass.GUARDRAIL, normal=(-float(np.sign(x)), 0.0, 0.0))
    post = Surface("metal", (0.45, 0.46, 0.47), SceneClass.GUARDRAIL)
    pieces = []
    for z in np.arange(z0, z1, 2.0):
        bars = tuple(
            np.array([[x, low, z], [x, low, z + 2.0], [x, high, z + 2.0], [x, high, z]])
            for low, high in ((0.55, 0.62), (0.92, 1.02))
        )
        stand = upright(rectangle(-0.04, 0.04, 0.0, 1.0), x=x, y=0.1, z=float(z))
        patches = (Patch(steel, bars, casts=Casts.LASTING), Patch(post, (stand,), casts=Casts.LASTING))
        pieces.append(Actor(x, float(z), patches, SceneClass.GUARDRAIL))
    return pieces


def car_stop(x: float, z: float) -> Actor:
    """Return a concrete wheel stop that lies across a parking bay."""
    top = Surface("concrete", (0.50, 0.50, 0.47), SceneClass.CAR_STOP, normal=UPWARDS)
    face = Surface("concrete", (0.42, 0.42, 0.40), SceneClass.CAR_STOP)
    front = upright(rectangle(-0.85, 0.85, 0.0, 0.16), x=x, y=0.0, z=z)
    lid = ground(x - 0.85, x + 0.85, z, z + 0.22, 0.16)
    return Actor(x, z, (Patch(top, (lid,)), Patch(face, (front,), casts=Casts.LASTING)), SceneClass.CAR_STOP)


def litter_bin(rng: np.random.Generator, *, x: float, y: float, z: float) -> Actor:
    """Return a bin, which is none of the dataset's classes."""
    colour = ((0.05, 0.14, 0.08), (0.12, 0.12, 0.13), (0.20, 0.14, 0.05))[rng.integers(3)]
    body, lid = (Surface("plastic", tint, SceneClass.UNLABELED) for tint in (colour, (0.05, 0.05, 0.05)))
    patches = (
        Patch(body, (upright(rectangle(-0.26, 0.26, 0.0, 0.95), x=x, y=y, z=z),), casts=Casts.LASTING),
        Patch(lid, (upright(rectangle(-0.30, 0.30, 0.92, 1.04), x=x, y=y, z=z),), casts=Casts.LASTING),
    )
    return Actor(x, z, patches, SceneClass.UNLABELED)
