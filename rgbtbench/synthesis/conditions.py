"""Time, sun, sky and weather of a scene, with the day before it that the temperatures remember."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgbtbench.synthesis.parameters import SceneParameters
from rgbtbench.synthesis.surface import Triple

Floats = NDArray[np.float64]
#: The past day in steps of ten minutes; the last step is now.
STEPS = 144
LUMENS_PER_WATT = 110.0
CELSIUS = 273.15


@dataclass(frozen=True, slots=True)
class Conditions:
    """Everything that the sky and the weather decide.

    Attributes:
        regime: `noon`, `morning`, `dusk`, `night_lamps` or `night_dark`.
        weather: `clear`, `overcast`, `wet` or `mist`.
        hour: solar time.
        elevation: of the sun in degrees.
        key: unit vector towards the sun, or the moon when the sun is down.
        key_lux: illuminance of a surface that faces it, red, green, blue.
        sky_lux: illuminance of open horizontal ground by the sky alone.
        cloud: cover, 0 to 1.
        wind: m/s.
        wetness: 0 to 1.
        mist: extinction of visible light per metre.
        air: temperature in kelvin.
        sky: effective temperature of the sky in kelvin.
        air_history, direct_history, diffuse_history: (STEPS,) kelvin, W/m2, W/m2.
        sun_history: (STEPS, 3) unit vectors.
    """

    regime: str
    weather: str
    hour: float
    elevation: float
    key: Triple
    key_lux: Triple
    sky_lux: Triple
    cloud: float
    wind: float
    wetness: float
    mist: float
    air: float
    sky: float
    air_history: Floats
    direct_history: Floats
    diffuse_history: Floats
    sun_history: Floats

    @property
    def time_of_day(self) -> str:
        """`day` while the sun is up, else `night`."""
        return "day" if self.elevation > 0 else "night"

    @property
    def lamps_on(self) -> bool:
        """Street lamps burn from dusk on, except where a street has none."""
        return self.regime in ("dusk", "night_lamps")

    @property
    def dark(self) -> bool:
        """Whether drivers switch their headlights on."""
        return self.elevation < 0


def sample_conditions(rng: np.random.Generator, parameters: SceneParameters) -> Conditions:
    """Draw a time, a place and a weather."""
    regime = _choice(rng, dict(parameters.regimes))
    weather = _choice(rng, dict(parameters.weathers))
    return conditions_at(rng, parameters, regime=regime, weather=weather)


def conditions_at(rng: np.random.Generator, parameters: SceneParameters, *, regime: str, weather: str) -> Conditions:
    """Draw the conditions of a given regime and weather."""
    latitude = np.radians(rng.uniform(*parameters.latitude))
    declination_degrees = rng.uniform(*parameters.declination)
    declination = np.radians(declination_degrees)
    street = rng.uniform(0.0, 2 * np.pi)
    hour = _hour(rng, regime, latitude, declination)
    hours = hour - (STEPS - 1 - np.arange(STEPS)) / 6.0
    sun = _sun(hours, latitude, declination, street)
    elevation = np.degrees(np.arcsin(sun[:, 1]))

    low, high = {"clear": (0.0, 0.3), "overcast": (0.85, 1.0), "wet": (0.6, 1.0), "mist": (0.5, 1.0)}[weather]
    cloud = float(rng.uniform(low, high))
    direct, diffuse = _insolation(elevation, cloud)
    warmest, coldest = parameters.day_mean_air_celsius[1], parameters.day_mean_air_celsius[0]
    season = 0.5 + 0.5 * declination_degrees / 23.44
    mean = coldest + (warmest - coldest) * season + rng.normal(0.0, 3.0)
    air = CELSIUS + mean + (1 - 0.5 * cloud) * parameters.season_swing * np.cos(2 * np.pi * (hours - 15.0) / 24.0)
    clear_sky = 0.0552 * air[-1] ** 1.5  # Swinbank 1963
    key, key_lux, sky_lux = _light(rng, sun[-1], float(elevation[-1]), float(direct[-1]), float(diffuse[-1]), cloud)
    return Conditions(
        regime=regime,
        weather=weather,
        hour=float(hour % 24.0),
        elevation=float(elevation[-1]),
        key=key,
        key_lux=key_lux,
        sky_lux=sky_lux,
        cloud=cloud,
        wind=float(rng.uniform(*parameters.wind)),
        wetness=float(rng.uniform(0.5, 1.0)) if weather == "wet" else 0.0,
        mist=3.0 / float(rng.uniform(90.0, 260.0)) if weather == "mist" else 3.0 / 8000.0,
        air=float(air[-1]),
        sky=float(clear_sky + 0.9 * cloud * (air[-1] - 2.0 - clear_sky)),
        air_history=air,
        direct_history=direct,
        diffuse_history=diffuse,
        sun_history=sun,
    )


def _choice(rng: np.random.Generator, weights: dict[str, float]) -> str:
    names = list(weights)
    shares = np.array([weights[name] for name in names])
    return names[int(rng.choice(len(names), p=shares / shares.sum()))]


def _hour(rng: np.random.Generator, regime: str, latitude: float, declination: float) -> float:
    grid = np.arange(0.0, 24.0, 1 / 12)
    elevation = np.degrees(np.arcsin(_sun(grid, latitude, declination, 0.0)[:, 1]))
    if regime == "noon":
        return float(rng.uniform(11.2, 13.2))
    if regime == "morning":
        target = min(rng.uniform(9.0, 28.0), 0.8 * elevation.max())
        return float(grid[np.abs(elevation[:144] - target).argmin()])
    if regime == "dusk":
        target = rng.uniform(-5.0, -1.0)
        return float(12.0 + grid[np.abs(elevation[144:] - target).argmin()])
    night = np.flatnonzero(elevation < -10.0)
    return float(grid[rng.choice(night)])


def _sun(hours: Floats, latitude: float, declination: float, street: float) -> Floats:
    """Unit vectors (N, 3) towards the sun for a street that runs at the angle `street` from south."""
    angle = np.pi * (hours - 12.0) / 12.0
    sine = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(angle)
    south = np.cos(declination) * np.sin(latitude) * np.cos(angle) - np.sin(declination) * np.cos(latitude)
    west = np.cos(declination) * np.sin(angle)
    x = west * np.cos(street) - south * np.sin(street)
    z = west * np.sin(street) + south * np.cos(street)
    return np.stack([x, sine, z], 1)


def _insolation(elevation: Floats, cloud: float) -> tuple[Floats, Floats]:
    """Direct (facing the sun) and diffuse (on open ground) irradiance in W/m2 behind clouds."""
    up = np.clip(elevation, 0.0, None)
    sine = np.sin(np.radians(up))
    air_mass = 1.0 / (sine + 0.50572 * (up + 6.07995) ** -1.6364)  # Kasten and Young 1989
    clear = np.where(elevation > 0, 1353.0 * 0.7 ** (air_mass**0.678), 0.0)  # Meinel and Meinel 1976
    sky = 90.0 * np.sqrt(sine)
    total = (clear * sine + sky) * (1.0 - 0.75 * cloud**3.4)  # Kasten and Czeplak 1980
    direct = clear * np.clip(1.0 - 1.15 * cloud, 0.0, 1.0)
    return direct, np.clip(total - direct * sine, 0.0, None)


def _light(
    rng: np.random.Generator, sun: Floats, elevation: float, direct: float, diffuse: float, cloud: float
) -> tuple[Triple, Triple, Triple]:
    """Direction and lux of the key light, and lux of the sky."""
    warmth = float(np.clip((25.0 - elevation) / 25.0, 0.0, 1.0))
    if elevation > 0:
        colour = np.array([1.06, 1.0 - 0.16 * warmth, 0.92 - 0.45 * warmth])
        key, key_lux = sun, LUMENS_PER_WATT * direct * colour
        blue = (1.0 - cloud) * 0.5
        twilight = 10 ** (2.78 + 0.375 * min(elevation, 0.0))
        sky_lux = (LUMENS_PER_WATT * diffuse + twilight) * np.array([1.0 - 0.7 * blue, 1.0, 1.0 + 1.3 * blue])
        return _triple(key), _triple(key_lux), _triple(sky_lux)
    moon_height, moon_side = np.radians(rng.uniform(20.0, 60.0)), rng.uniform(0.0, 2 * np.pi)
    key = np.array(
        [np.cos(moon_height) * np.sin(moon_side), np.sin(moon_height), np.cos(moon_height) * np.cos(moon_side)]
    )
    key_lux = rng.uniform(0.0, 0.25) * (1.0 - cloud) * np.array([0.95, 1.0, 1.08])
    city = rng.uniform(0.03, 0.35) * (1.0 + cloud) * np.array([1.15, 1.0, 0.8])
    # Light of the sky in civil twilight falls by a factor of ten about every 2.7 degrees.
    sky_lux = city + 10 ** (2.78 + 0.375 * elevation) * (1.0 - 0.5 * cloud) * np.array([0.8, 0.95, 1.35])
    return _triple(key), _triple(key_lux), _triple(sky_lux)


def _triple(values: Floats) -> Triple:
    return float(values[0]), float(values[1]), float(values[2])
