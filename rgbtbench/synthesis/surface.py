"""What a scene is made of: surfaces, patches that carry them, and lamps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from rgbtbench.synthesis.classes import SceneClass
from rgbtbench.synthesis.geometry import Points

Triple = tuple[float, float, float]
TOWARDS_CAMERA: Triple = (0.0, 0.0, -1.0)
UPWARDS: Triple = (0.0, 1.0, 0.0)
DARK: Triple = (0.0, 0.0, 0.0)


class Casts(IntEnum):
    """Whether a patch throws a shadow, and whether the ground below had time to feel it."""

    NOTHING = 0
    FRESH = 1
    LASTING = 2


@dataclass(frozen=True, slots=True)
class Surface:
    """What both cameras need to know about a piece of surface.

    Attributes:
        material: name in `materials.MATERIALS`.
        colour: linear reflectance of red, green, blue, 0 to 1.
        label: its class.
        instance: number of the countable thing that it belongs to; 0 for none.
        normal: unit vector.
        emission: luminance of red, green, blue in cd/m2.
        core: temperature in kelvin of what is behind it: a body, a heated room, an engine.
        coupling: 0 to 1, how far the surface follows its core instead of the weather.
        excess: kelvin added by heat that was left there: engine, exhaust, tyres, a car that has gone.
    """

    material: str
    colour: Triple
    label: SceneClass
    instance: int = 0
    normal: Triple = TOWARDS_CAMERA
    emission: Triple = DARK
    core: float = 300.0
    coupling: float = 0.0
    excess: float = 0.0


@dataclass(frozen=True, slots=True)
class Patch:
    """Polygons of one surface in one plane.

    Attributes:
        surface: see `Surface`.
        contours: polygons (N, 3) in metres; a second contour inside a first is a hole.
        through: instance of the thing whose glass this is seen through, 0 for none. Glass is opaque to the
            thermal camera, which never sees such a patch.
        on_ground: lies on the ground, receives shadows and is missing from mirror images.
        casts: its shadow in the sun.
    """

    surface: Surface
    contours: tuple[Points, ...]
    through: int = 0
    on_ground: bool = False
    casts: Casts = Casts.NOTHING


@dataclass(frozen=True, slots=True)
class Lamp:
    """A source of light that illuminates others.

    Attributes:
        position: metres.
        colour: relative red, green, blue.
        candela: luminous intensity along the axis.
        axis: unit vector of the beam.
        sharpness: intensity falls with the cosine to the axis to this power.
        flatness: of a low beam: intensity falls with exp(-flatness v^2), v the vertical part of the direction
            beyond the axis.
        carried: mounted on the camera's own car, so that retroreflectors send its light back.
    """

    position: Triple
    colour: Triple
    candela: float
    axis: Triple = (0.0, -1.0, 0.0)
    sharpness: float = 1.0
    flatness: float = 0.0
    carried: bool = False


@dataclass(frozen=True, slots=True)
class Actor:
    """A countable thing or a piece of furniture, with its patches in painting order.

    Attributes:
        x, z: place in the street in metres; the painter goes from far to near.
        patches: from back to front.
        instance: 0 for what is not counted.
        label: its class.
        note: what it is doing, for captions: `walking`, `parked`, `cycling`, ...
        reach: half its extent on the ground along x and z, where it keeps the sky's light away.
    """

    x: float
    z: float
    patches: tuple[Patch, ...]
    label: SceneClass
    instance: int = 0
    note: str = ""
    reach: tuple[float, float] = (0.3, 0.25)

    @property
    def front(self) -> float:
        """Its nearest place along the street, by which the painter sorts."""
        return self.z - self.reach[1]
