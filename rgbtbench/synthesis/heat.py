"""What the thermal camera sees: temperatures from the past day's energy balance, then radiation in the band.

A surface drifts with its time constant towards the temperature at which sun, sky and wind balance:
T_eq = T_air + (a (G_direct max(n.s, 0) + F G_diffuse) - e F sigma (T_air^4 - T_sky^4) - evaporation) / h.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgbtbench.synthesis.conditions import STEPS, Conditions
from rgbtbench.synthesis.pixels import Pixels, Values
from rgbtbench.synthesis.tables import SurfaceTables

STEFAN_BOLTZMANN = 5.670374419e-8
#: Second radiation constant h c / k in micrometre kelvin.
SECOND_RADIATION = 14387.77
#: Heat that drying takes from soaked ground, W/m2.
_EVAPORATION = 60.0
#: Kelvin by which the texture of a surface varies per unit of its grain.
_UNEVEN = 0.8


def surface_temperatures(tables: SurfaceTables, conditions: Conditions, sunlit: Values) -> NDArray[np.float64]:
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


@dataclass(frozen=True, slots=True)
class Warmth:
    """Temperatures of all surfaces in kelvin, float32 (S,), where the sun reached them and where it did not."""

    sunlit: Values
    shaded: Values


def warmth(tables: SurfaceTables, conditions: Conditions) -> Warmth:
    """Work out the temperatures once for all pixels. After sunset nobody knows any more where the shadows lay."""
    everywhere = np.ones(len(tables.lit), np.float32)
    sunlit = surface_temperatures(tables, conditions, everywhere).astype(np.float32)
    if conditions.dark:
        return Warmth(sunlit, sunlit)
    return Warmth(sunlit, surface_temperatures(tables, conditions, 0.0 * everywhere).astype(np.float32))


def temperature(pixels: Pixels, tables: SurfaceTables, surfaces: Warmth) -> Values:
    """Return the surface temperature of every pixel in kelvin; that of the sky means nothing."""
    ids = pixels.thermal
    exposed = np.where(tables.ground[ids] > 0, 1.0 - pixels.old_shadow, tables.lit[ids])
    kelvin = surfaces.shaded[ids]
    kelvin += exposed * (surfaces.sunlit[ids] - kelvin)
    return np.asarray(kelvin + np.float32(_UNEVEN) * tables.grain[ids] * pixels.noise, np.float32)


def radiance(kelvin: Values, wavelength: float) -> Values:
    """Planck's law at the band's centre, in units of its prefactor; `wavelength` in micrometres."""
    return np.asarray(1.0 / np.expm1(np.float32(SECOND_RADIATION / wavelength) / kelvin), np.float32)


def apparent_temperature(band: Values, wavelength: float) -> Values:
    """Invert `radiance`: the temperature in kelvin of a black body of the same radiance."""
    return np.asarray(np.float32(SECOND_RADIATION / wavelength) / np.log1p(1.0 / band), np.float32)


def band_radiance(
    pixels: Pixels, tables: SurfaceTables, conditions: Conditions, surfaces: Warmth, *, wavelength: float
) -> Values:
    """Return the radiance of every pixel: emitted, reflected from sky and street, and added by the air."""
    ids = pixels.thermal
    emissivity = tables.emissivity[ids]
    own = radiance(temperature(pixels, tables, surfaces), wavelength)
    air, overhead = (
        radiance(np.array([kelvin], np.float32), wavelength) for kelvin in (conditions.air, conditions.sky)
    )
    toward_sky = np.clip(0.4 + 0.5 * tables.normal[:, 1][ids], 0.0, 0.9)
    around = toward_sky * overhead + (1.0 - toward_sky) * air
    leaving = emissivity * own + (1.0 - emissivity) * around
    # Fog droplets weaken LWIR less than visible light, and dry air hardly over a street's length.
    clear = np.exp(np.float32(-0.35 * conditions.mist - 2e-4) * pixels.z)
    seen = leaving * clear + air * (1.0 - clear)
    is_sky = ids == 0
    seen[is_sky] = radiance(sky_temperature(pixels.sine[is_sky], conditions), wavelength)
    return np.asarray(seen, np.float32)


def sky_temperature(sine: Values, conditions: Conditions) -> Values:
    """Return the apparent temperature of the sky in kelvin: coldest overhead, near the air's at the horizon.

    Args:
        sine: of the elevation.
        conditions: of the scene.
    """
    # The window between 8 and 14 um looks deeper into a clear sky than the whole spectrum does.
    overhead = conditions.sky - 12.0 * (1.0 - conditions.cloud)
    return np.asarray(conditions.air - (conditions.air - overhead) * np.sqrt(np.clip(sine, 0.0, 1.0)), np.float32)
