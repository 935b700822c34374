"""Every number of the generator that is a choice, frozen, with a hash that names the choice.

The values come from physics texts, data sheets and the statistics of public RGB-thermal datasets
(docs/synthetic.md lists them). None was set by looking at a model's result.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from rgbtbench.synthesis.materials import MATERIALS, Material


@dataclass(frozen=True, slots=True)
class SceneParameters:
    """How often things occur, and where. Lengths in metres, probabilities from 0 to 1."""

    regimes: Mapping[str, float] = field(
        default_factory=lambda: {
            "noon": 0.22, "morning": 0.18, "dusk": 0.14, "night_lamps": 0.26, "night_dark": 0.20,
        }
    )  # fmt: skip
    weathers: Mapping[str, float] = field(
        default_factory=lambda: {"clear": 0.45, "overcast": 0.25, "wet": 0.20, "mist": 0.10}
    )
    latitude: tuple[float, float] = (32.0, 48.0)
    declination: tuple[float, float] = (-23.4, 23.4)
    day_mean_air_celsius: tuple[float, float] = (8.0, 24.0)
    season_swing: float = 7.0
    wind: tuple[float, float] = (0.3, 6.0)
    shifted: float = 0.2
    baseline: tuple[float, float] = (0.10, 0.35)
    boresight_degrees: tuple[float, float] = (0.3, 1.3)
    far: float = 140.0
    people: tuple[int, int] = (1, 6)
    people_distance: tuple[float, float] = (4.5, 34.0)
    moving_cars: tuple[int, int] = (0, 3)
    parked_cars: tuple[int, int] = (0, 4)
    cyclists: tuple[int, int] = (0, 2)
    dogs: tuple[int, int] = (0, 1)
    cones: float = 0.35
    statue: float = 0.18
    poster: float = 0.30
    guardrail: float = 0.30
    speed_bump: float = 0.18
    car_stops: float = 0.25
    vacated_spot: float = 0.35
    headlights_of_camera: float = 0.35
    driver: float = 0.8


@dataclass(frozen=True, slots=True)
class VisibleCamera:
    """Photometric camera: electrons = luminance x sensitivity x time; all counts are electrons."""

    sensitivity: float = 5000.0
    shortest: float = 2e-5
    longest: float = 1 / 30
    full_well: float = 12000.0
    highest_gain: float = 10.0
    read_noise: float = 3.0
    metering_target: float = 0.13
    blur: float = 0.45
    glare: tuple[tuple[float, float], ...] = ((0.006, 0.02), (0.018, 0.007), (0.06, 0.0025), (0.18, 0.001))
    white_balance: float = 0.45
    contrast: float = 1.15


@dataclass(frozen=True, slots=True)
class ThermalCamera:
    """Microbolometer at `wavelength` micrometres: temperatures in kelvin, blur in pixels at 128 columns."""

    wavelength: float = 10.5
    blur: float = 0.75
    netd: float = 0.06
    column_noise: float = 0.05
    pixel_noise: float = 0.03
    vignetting: float = 0.25
    agc_low: float = 0.004
    agc_high: float = 0.998
    agc_smallest_span: float = 8.0
    agc_headroom: float = 0.25
    agc_equalised: float = 0.25
    agc_plateau: float = 0.02


@dataclass(frozen=True, slots=True)
class AnnotationParameters:
    """What counts as visible, occluded, salient.

    Attributes:
        contrast: contrast-to-noise from which an object counts as visible in a modality.
        ring: reach of the background that an object is compared with, as a share of the image's width.
        clutter: how much the spread of that background weighs against noise.
        area: smallest share of the image that an object must show to be labelled, never less than 4 pixels.
        partial, heavy: visible fraction below which an object is partly or heavily occluded.
        salient: share of the strongest object's conspicuity from which others are salient too.
    """

    contrast: float = 1.0
    ring: float = 0.025
    clutter: float = 0.5
    area: float = 0.0004
    partial: float = 0.9
    heavy: float = 0.5
    salient: float = 0.5


@dataclass(frozen=True, slots=True)
class Parameters:
    """All of them. `revision` is raised when the program changes what a picture shows at equal parameters."""

    revision: int = 2
    scene: SceneParameters = SceneParameters()
    visible: VisibleCamera = VisibleCamera()
    thermal: ThermalCamera = ThermalCamera()
    annotation: AnnotationParameters = AnnotationParameters()
    materials: Mapping[str, Material] = field(default_factory=lambda: MATERIALS)


def parameters_version(parameters: Parameters) -> str:
    """Return the first 12 hexadecimal digits of the sha256 over the parameters' canonical JSON."""
    canonical = json.dumps(asdict(parameters), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


PARAMETERS = Parameters()
#: Names the generator: data made under another version is other data.
GENERATOR_VERSION = parameters_version(PARAMETERS)
