"""What the thermal camera sees: temperatures from the past day's energy balance, then radiation in the band.

A surface drifts with its time constant towards the temperature at which sun, sky and wind balance:
T_eq = T_air + (a (G_direct max(n.s, 0) + F G_diffuse) - e F sigma (T_air^4 - T_sky^4) - evaporation) / h.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rgbtbench.synthesis.conditions import STEPS, Conditions
from rgbtbench.synthesis.geometry import Camera
from rgbtbench.synthesis.raster import Painting
from rgbtbench.synthesis.tables import Grey, Location, SurfaceTables

STEFAN_BOLTZMANN = 5.670374419e-8
#: Second radiation constant h c / k in micrometre kelvin.
SECOND_RADIATION = 14387.77
#: Heat that drying takes from soaked ground, W/m2.
_EVAPORATION = 60.0
#: Kelvin by which the texture of a surface varies per unit of its grain.
_UNEVEN = 1.6


def surface_temperatures(tables: SurfaceTables, conditions: Conditions, sunlit: Grey) -> NDArray[np.float64]:
    """Return the temperature in kelvin of every surface, float64 (S,), for a share `sunlit` (S,) of direct sun."""
    upward = tables.normal[:, 1].astype(np.float64)
    open_sky = np.clip(0.45 + 0.4 * upward, 0.0, 1.0)
    air = conditions.air_history
    # Convection after Juerges 1924, and the surface's own radiation, linear about the air's temperature.
    loss = 5.7 + 3.8 * conditions.wind + 4.0 * tables.emissivity * STEFAN_BOLTZMANN * conditions.air**3
    incidence = np.clip(tables.normal.astype(np.float64) @ conditions.sun_history.T, 0.0, None)
    round_things = tables.wrap[:, None] * 0.35
    incidence = np.maximum(incidence, round_things * (conditions.sun_history[:, 1] > 0))
    direct = sunlit[:, None] * incidence * conditions.direct_history
    absorbed = tables.absorptance[:, None] * (direct + open_sky[:, None] * conditions.diffuse_history)
    sky = conditions.sky + (air - conditions.air)
    lost = (tables.emissivity * open_sky)[:, None] * STEFAN_BOLTZMANN * (air**4 - sky**4)
    drying = (_EVAPORATION * conditions.wetness * tables.soaks)[:, None]
    balance = air + (absorbed - lost - drying) / loss[:, None]
    ages = (STEPS - 1 - np.arange(STEPS)) / 6.0
    memory = np.exp(-ages[None] / tables.hours[:, None])
    weather = (balance * memory).sum(1) / memory.sum(1)
    return np.asarray(weather + tables.coupling * (tables.core - weather) + tables.excess)


def temperature(
    ids: NDArray[np.uint16],
    painting: Painting,
    tables: SurfaceTables,
    location: Location,
    conditions: Conditions,
) -> Grey:
    """Return the surface temperature in kelvin of every pixel, float32 (H, W); the sky's row means nothing."""
    shade = surface_temperatures(tables, conditions, np.zeros_like(tables.lit)).astype(np.float32)
    sun = surface_temperatures(tables, conditions, np.ones_like(tables.lit)).astype(np.float32)
    exposed = np.where(tables.ground[ids] > 0, 1.0 - painting.old_shadow, tables.lit[ids])
    cool = shade[ids]
    kelvin = cool + exposed * (sun[ids] - cool)
    return np.asarray(kelvin + _UNEVEN * tables.grain[ids] * location.noise, np.float32)


def radiance(kelvin: Grey, wavelength: float) -> Grey:
    """Planck's law at the band's centre, in units of its prefactor; `wavelength` in micrometres."""
    return np.asarray(1.0 / (np.exp(np.float32(SECOND_RADIATION / wavelength) / kelvin) - 1.0), np.float32)


def apparent_temperature(band: Grey, wavelength: float) -> Grey:
    """Invert `radiance`: the temperature in kelvin of a black body of the same radiance."""
    return np.asarray(np.float32(SECOND_RADIATION / wavelength) / np.log1p(1.0 / band), np.float32)


def band_radiance(
    ids: NDArray[np.uint16],
    painting: Painting,
    tables: SurfaceTables,
    location: Location,
    camera: Camera,
    conditions: Conditions,
    *,
    wavelength: float,
) -> Grey:
    """Return the radiance of every pixel, float32 (H, W): emitted, reflected from sky and street, and of the air."""
    emissivity = tables.emissivity[ids]
    own = radiance(temperature(ids, painting, tables, location, conditions), wavelength)
    sky = radiance(sky_temperature(camera, conditions, *ids.shape), wavelength)
    air = radiance(np.full((1, 1), conditions.air, np.float32), wavelength)
    overhead = radiance(np.full((1, 1), conditions.sky, np.float32), wavelength)
    toward_sky = np.clip(0.4 + 0.5 * tables.normal[:, 1][ids], 0.0, 0.9)
    around = toward_sky * overhead + (1.0 - toward_sky) * air
    leaving = emissivity * own + (1.0 - emissivity) * around
    # Fog droplets weaken LWIR less than visible light, and dry air hardly over a street's length.
    clear = np.exp(-(0.35 * conditions.mist + 2e-4) * location.z)
    seen = leaving * clear + air * (1.0 - clear)
    return np.where(ids == 0, sky, seen).astype(np.float32)


def sky_temperature(camera: Camera, conditions: Conditions, height: int, width: int) -> Grey:
    """Return the apparent temperature of the sky, float32 (H, W): coldest overhead, near the air's at the horizon."""
    right, up = camera.rays(width, height)
    sine = np.clip(up, 0.0, None) / np.sqrt(right**2 + up**2 + 1.0)
    # The window between 8 and 14 um looks deeper into a clear sky than the whole spectrum does.
    overhead = conditions.sky - 12.0 * (1.0 - conditions.cloud)
    return np.asarray(conditions.air - (conditions.air - overhead) * np.sqrt(sine), np.float32)
