"""People and animals: jointed outlines in clothes, in a plane that faces the camera."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rgbtbench.synthesis.classes import SceneClass
from rgbtbench.synthesis.geometry import Points, capsule, ellipse, rectangle, upright
from rgbtbench.synthesis.surface import Actor, Casts, Patch, Surface, Triple

#: Kelvin; what lies under skin, clothes and fur.
BODY = 306.5
_SKINS: tuple[Triple, ...] = ((0.62, 0.42, 0.32), (0.50, 0.32, 0.23), (0.30, 0.17, 0.11), (0.14, 0.08, 0.05))
_HAIRS: tuple[Triple, ...] = ((0.03, 0.02, 0.02), (0.10, 0.06, 0.03), (0.35, 0.22, 0.10), (0.45, 0.44, 0.43))
_TOPS: tuple[Triple, ...] = (
    (0.05, 0.05, 0.06), (0.60, 0.60, 0.58), (0.45, 0.05, 0.05), (0.06, 0.12, 0.38), (0.08, 0.25, 0.12),
    (0.60, 0.45, 0.08), (0.25, 0.25, 0.27), (0.32, 0.20, 0.12), (0.48, 0.20, 0.35), (0.10, 0.35, 0.42),
)  # fmt: skip
_TROUSERS: tuple[Triple, ...] = ((0.04, 0.04, 0.05), (0.06, 0.09, 0.20), (0.22, 0.20, 0.16), (0.16, 0.16, 0.17))
#: How far the outside of a garment follows the body: from a T-shirt to a winter coat.
_GARMENTS: dict[str, float] = {"shirt": 0.50, "jacket": 0.28, "coat": 0.13}


@dataclass(frozen=True, slots=True)
class Outfit:
    """Colours and warmth of one person.

    Attributes:
        skin, hair, top, trousers, bag: reflectances.
        garment: `shirt`, `jacket` or `coat`.
        face: how far the face follows the body's core; the hands follow less.
    """

    skin: Triple
    hair: Triple
    top: Triple
    trousers: Triple
    bag: Triple
    garment: str
    face: float


def dress(rng: np.random.Generator, air: float) -> Outfit:
    """Draw an outfit for an air temperature in kelvin: the colder, the more and thicker clothes."""
    cold = float(np.clip((293.0 - air) / 22.0, 0.0, 1.0))
    shares = np.array([(1 - cold) ** 2 + 0.03, 0.5, cold + 0.05])
    return Outfit(
        skin=_SKINS[rng.integers(len(_SKINS))],
        hair=_HAIRS[rng.integers(len(_HAIRS))],
        top=_TOPS[rng.integers(len(_TOPS))],
        trousers=_TROUSERS[rng.integers(len(_TROUSERS))],
        bag=_TOPS[rng.integers(len(_TOPS))],
        garment=tuple(_GARMENTS)[int(rng.choice(3, p=shares / shares.sum()))],
        face=float(rng.uniform(0.68, 0.86)),
    )


Paints = Callable[[str], Surface]


def living(outfit: Outfit, instance: int) -> Paints:
    """Return the surfaces of a person's parts by name."""
    warmth = _GARMENTS[outfit.garment]
    parts: dict[str, tuple[str, Triple, float]] = {
        "skin": ("skin", outfit.skin, outfit.face),
        "hands": ("skin", outfit.skin, outfit.face - 0.25),
        "hair": ("hair", outfit.hair, 0.42),
        "top": ("cloth", outfit.top, warmth),
        "sleeves": ("cloth", _darker(outfit.top, 0.82), warmth * 0.9),
        "trousers": ("cloth", outfit.trousers, 0.34),
        "far leg": ("cloth", _darker(outfit.trousers, 0.7), 0.34),
        "shoes": ("rubber", (0.05, 0.04, 0.04), 0.15),
        "bag": ("cloth", outfit.bag, 0.03),
    }

    def paint(part: str) -> Surface:
        material, colour, coupling = parts[part]
        return Surface(material, colour, SceneClass.PERSON, instance, core=BODY, coupling=coupling)

    return paint


def carved(colour: Triple, instance: int) -> Paints:
    """Return the surfaces of a figure of stone or bronze, which has the weather's temperature throughout."""
    shades = {"sleeves": 0.85, "far leg": 0.7, "hair": 0.9, "bag": 0.8}

    def paint(part: str) -> Surface:
        return Surface("stone", _darker(colour, shades.get(part, 1.0)), SceneClass.STATUE, instance)

    return paint


def _darker(colour: Triple, share: float) -> Triple:
    return colour[0] * share, colour[1] * share, colour[2] * share


def figure(
    rng: np.random.Generator, *, height: float, garment: str, stride: float, side: float, bag: bool
) -> list[tuple[str, Points]]:
    """Return a person's parts and outlines in painting order, feet at (0, 0), in metres.

    Args:
        rng: draws the phase of the step.
        height: of the person.
        garment: a coat reaches the knees.
        stride: 0 standing to 1 walking briskly.
        side: 0 seen from the front to 1 seen from the side.
        bag: carries one.
    """
    scale = height / 1.75
    phase = rng.uniform(0.0, 2 * np.pi)
    swing = stride * (0.10 + 0.42 * side)
    facing = 1.0 if rng.random() < 0.5 else -1.0
    shoulder = 0.215 - 0.085 * side
    hip = 0.095 - 0.055 * side
    parts: list[tuple[str, Points]] = []
    legs: list[tuple[str, Points]] = []
    for part, beside, turn in (("far leg", -1.0, phase + np.pi), ("trousers", 1.0, phase)):
        lift = swing * np.sin(turn)
        bend = swing * max(0.0, np.cos(turn)) * 1.3 * (0.4 + 0.6 * side)
        top = np.array([beside * hip, 0.90])
        knee = top + 0.45 * np.array([np.sin(lift) * facing, -np.cos(lift)])
        ankle = knee + 0.42 * np.array([np.sin(lift - bend) * facing, -np.cos(lift - bend)])
        legs.append((part, capsule(top, knee, 0.088, 0.062)))
        legs.append((part, capsule(knee, ankle, 0.060, 0.043)))
        toe = ankle + np.array([0.13 * side * facing + 0.02 * beside, -0.02])
        legs.append(("shoes", capsule(ankle + np.array([0.0, -0.02]), toe, 0.045, 0.042)))
    arms: list[list[tuple[str, Points]]] = []
    for beside, turn in ((-1.0, phase), (1.0, phase + np.pi)):
        lift = 0.9 * swing * np.sin(turn)
        top = np.array([beside * (shoulder - 0.02), 1.40])
        elbow = top + 0.28 * np.array([np.sin(lift) * facing + 0.10 * beside * (1 - side), -np.cos(lift)])
        wrist = elbow + 0.25 * np.array([np.sin(lift + 0.25) * facing * (0.3 + 0.7 * side), -0.97])
        hand = ellipse(wrist[0], wrist[1] - 0.05, 0.038, 0.055, 8)
        arms.append(
            [("sleeves", capsule(top, elbow, 0.058, 0.048)), ("sleeves", capsule(elbow, wrist, 0.047, 0.038)),
             ("hands", hand)]
        )  # fmt: skip
    waist, depth = 0.155 - 0.03 * side, 0.165 - 0.035 * side
    hem = 0.55 if garment == "coat" else 0.84
    torso = np.array(
        [[-depth, hem], [depth, hem], [waist, 1.10], [shoulder, 1.38], [shoulder * 0.75, 1.455], [0.06, 1.48],
         [-0.06, 1.48], [-shoulder * 0.75, 1.455], [-shoulder, 1.38], [-waist, 1.10]]
    )  # fmt: skip
    parts += arms[0] + legs + [("top", torso)] + arms[1]
    if bag and side > 0.5:
        parts.append(("bag", ellipse(-facing * (shoulder + 0.06), 1.22, 0.11, 0.21, 10)))
    elif bag:
        parts.append(("bag", rectangle(0.20, 0.40, 0.52, 0.80)))
    parts.append(("skin", capsule(np.array([0.0, 1.44]), np.array([0.0, 1.54]), 0.055, 0.055)))
    parts.append(("skin", ellipse(0.0, 1.62, 0.085 + 0.01 * side, 0.125)))
    hairline = ellipse(-0.02 * side * facing, 1.665, 0.098, 0.098, 12)
    parts.append(("hair", hairline[hairline[:, 1] > 1.62]))
    return [(part, outline * scale) for part, outline in parts]


def pedestrian(rng: np.random.Generator, outfit: Outfit, instance: int, *, x: float, y: float, z: float) -> Actor:
    """Return someone on foot at a place; `y` is the height of the ground."""
    walking = rng.random() < 0.75
    parts = figure(
        rng,
        height=rng.uniform(1.52, 1.92),
        garment=outfit.garment,
        stride=rng.uniform(0.5, 1.0) if walking else 0.08,
        side=float(rng.random() < 0.55) * rng.uniform(0.6, 1.0),
        bag=rng.random() < 0.3,
    )
    patches = place(parts, living(outfit, instance), x=x, y=y, z=z, casts=Casts.FRESH)
    return Actor(x, z, patches, SceneClass.PERSON, instance, "walking" if walking else "standing")


def place(
    parts: list[tuple[str, Points]], paint: Paints, *, x: float, y: float, z: float, casts: Casts
) -> tuple[Patch, ...]:
    """Put a flat figure into the street."""
    return tuple(Patch(paint(part), (upright(outline, x=x, y=y, z=z),), casts=casts) for part, outline in parts)


def dog(rng: np.random.Generator, instance: int, *, x: float, y: float, z: float) -> Actor:
    """Return a dog seen from the side."""
    size, facing = rng.uniform(0.75, 1.25), 1.0 if rng.random() < 0.5 else -1.0
    coat = ((0.08, 0.06, 0.05), (0.35, 0.22, 0.12), (0.55, 0.50, 0.42))[rng.integers(3)]
    step = rng.uniform(-0.09, 0.09)
    parts = [
        ("leg", capsule(np.array([-0.26, 0.40]), np.array([-0.26 + step, 0.03]), 0.055, 0.03)),
        ("leg", capsule(np.array([-0.22, 0.40]), np.array([-0.22 - step, 0.03]), 0.055, 0.03)),
        ("leg", capsule(np.array([0.24, 0.40]), np.array([0.24 - step, 0.03]), 0.05, 0.03)),
        ("leg", capsule(np.array([0.28, 0.40]), np.array([0.28 + step, 0.03]), 0.05, 0.03)),
        ("body", capsule(np.array([-0.25, 0.46]), np.array([0.25, 0.48]), 0.13, 0.15)),
        ("tail", capsule(np.array([-0.34, 0.52]), np.array([-0.52, 0.68]), 0.035, 0.015)),
        ("body", capsule(np.array([0.30, 0.54]), np.array([0.42, 0.70]), 0.10, 0.08)),
        ("head", capsule(np.array([0.42, 0.74]), np.array([0.60, 0.69]), 0.10, 0.05)),
        ("ear", capsule(np.array([0.38, 0.80]), np.array([0.34, 0.68]), 0.04, 0.03)),
    ]
    warmth = {"body": 0.30, "leg": 0.36, "tail": 0.12, "head": 0.55, "ear": 0.45}

    def paint(part: str) -> Surface:
        return Surface("fur", coat, SceneClass.ANIMAL, instance, core=BODY + 1.5, coupling=warmth[part])

    outlines = [(part, outline * np.array([facing, 1.0]) * size) for part, outline in parts]
    return Actor(x, z, place(outlines, paint, x=x, y=y, z=z, casts=Casts.FRESH), SceneClass.ANIMAL, instance, "walking")
