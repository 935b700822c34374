"""What the visible camera sees: luminance = reflectance x light / pi + emission, through glass and mist.

The light at a place is that of the sun or moon, the sky, the street lamps and the headlights there. Nothing
here knows a label.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rgbtbench.synthesis import texture
from rgbtbench.synthesis.conditions import Conditions
from rgbtbench.synthesis.pixels import Pixels, Values
from rgbtbench.synthesis.surface import Lamp, Triple
from rgbtbench.synthesis.tables import SurfaceTables

#: float32 (P, 3): red, green, blue of P pixels.
Colours = NDArray[np.float32]
#: Share of the sky that a vertical surface and a level one see between houses.
_SKY_BESIDE, _SKY_ABOVE = 0.3, 0.65
_GROUND_ALBEDO = 0.2
#: A windscreen passes this share of light, and mirrors that share of the sky.
_GLASS_PASSES, _GLASS_MIRRORS = 0.7, 0.08


def illuminance(
    pixels: Pixels, tables: SurfaceTables, conditions: Conditions, lamps: Sequence[Lamp]
) -> tuple[Colours, Colours]:
    """Return the lux on every pixel's surface, and the lux of lamps that the camera carries, which comes straight back.

    The first falls with the angle of the surface; the second, for retroreflectors, does not.
    """
    ids = pixels.visible
    nx, ny, nz = (tables.normal[:, axis][ids] for axis in range(3))
    wrap, ground = tables.wrap[ids], tables.ground[ids]
    key, sky, key_lux = (
        np.array(part, np.float32) for part in (conditions.key, conditions.sky_lux, conditions.key_lux)
    )
    facing = np.clip((nx * key[0] + ny * key[1] + nz * key[2] + wrap) / (1.0 + wrap), 0.0, None)
    direct = facing * np.where(ground > 0, 1.0 - pixels.shadow, tables.lit[ids])
    open_sky = _SKY_BESIDE + (_SKY_ABOVE - _SKY_BESIDE) * np.clip(ny, -0.5, 1.0)
    open_sky *= 1.0 - 0.65 * ground * pixels.contact
    bounced = 0.5 * _GROUND_ALBEDO * (1.0 - ny)
    street = sky + 0.5 * key_lux * np.float32(max(key[1], 0.0))
    light = np.outer(direct, key_lux) + np.outer(open_sky, sky) + np.outer(bounced, street)
    returned = np.zeros_like(light)
    falling: dict[Triple, Values] = {}
    for lamp in lamps:
        place = np.array(lamp.position, np.float32)
        dx, dy, dz = place[0] - pixels.x, place[1] - pixels.y, place[2] - pixels.z
        squared = dx * dx + dy * dy + dz * dz + np.float32(0.25)
        inverse = 1.0 / np.sqrt(squared)
        facing = np.clip(((nx * dx + ny * dy + nz * dz) * inverse + wrap) / (1.0 + wrap), 0.0, None)
        lux = lamp_intensity(lamp, dx * inverse, dy * inverse, dz * inverse) / squared
        falling[lamp.colour] = falling.get(lamp.colour, np.float32(0.0)) + lux * facing
        if lamp.carried:
            returned += np.outer(lux, np.array(lamp.colour, np.float32))
    for colour, lux in falling.items():
        light += np.outer(lux, np.array(colour, np.float32))
    return light, returned


def lamp_intensity(lamp: Lamp, dx: Values, dy: Values, dz: Values) -> Values:
    """Return candela towards places from which the lamp lies in the direction (dx, dy, dz), unit vectors."""
    axis = np.array(lamp.axis, np.float32)
    cosine = np.clip(-(axis[0] * dx + axis[1] * dy + axis[2] * dz), 0.0, None)
    beam = np.float32(lamp.candela) * (cosine if lamp.sharpness == 1.0 else cosine ** np.float32(lamp.sharpness))
    if lamp.flatness:
        beam *= np.exp(np.float32(-lamp.flatness) * (dy + axis[1]) ** 2)
    return np.asarray(beam, np.float32)


def luminance(pixels: Pixels, tables: SurfaceTables, conditions: Conditions, lamps: Sequence[Lamp]) -> Colours:
    """Return the luminance of every pixel in cd/m2."""
    ids = pixels.visible
    light, returned = illuminance(pixels, tables, conditions, lamps)
    wet = 1.0 - 0.5 * conditions.wetness * tables.soaks[ids]
    uneven = np.clip(1.0 + tables.grain[ids] * pixels.noise, 0.1, 2.0) * wet / np.float32(np.pi)
    seen = tables.colour[ids] * uneven[:, None] * (light + tables.retro[ids][:, None] * returned)
    seen += tables.emission[ids]

    sky = np.array(conditions.sky_lux, np.float32) / np.float32(np.pi)
    through = tables.behind_glass[ids]
    upward = 0.5 + 0.5 * tables.normal[:, 1][ids]
    mirrored = tables.gloss[ids] * (0.3 + 0.7 * upward) + _GLASS_MIRRORS * through
    seen *= (1.0 - (1.0 - _GLASS_PASSES) * through)[:, None]
    seen += np.outer(mirrored, sky)
    clear = np.exp(np.float32(-conditions.mist) * pixels.z)
    air = sky * 0.5 + np.array(conditions.key_lux, np.float32) * np.float32(0.1 / np.pi)
    seen *= clear[:, None]
    seen += np.outer(1.0 - clear, air)
    is_sky = ids == 0
    if is_sky.any():
        seen[is_sky] = sky_luminance(pixels.right[is_sky], pixels.up[is_sky], conditions)
    return np.asarray(seen, np.float32)


def sky_luminance(right: Values, up: Values, conditions: Conditions) -> Colours:
    """Return the luminance in cd/m2 of the sky along P rays: gradient, glow about sun or moon, clouds."""
    above = np.clip(up, 0.0, None)
    length = np.sqrt(right**2 + above**2 + 1.0)
    mean = np.array(conditions.sky_lux, np.float32) / np.float32(np.pi)
    level = mean.mean()
    low = np.exp(-3.5 * above / length)[:, None]
    pale = level * np.array([1.08, 1.0, 0.90], np.float32)
    overhead = mean * (mean / level) ** np.float32(0.8)
    seen = (overhead * (1.0 - low) + pale * low) * (0.6 + 0.6 * low)
    key, lux = np.array(conditions.key, np.float32), np.array(conditions.key_lux, np.float32)
    toward = np.clip((right * key[0] + above * key[1] + key[2]) / length, 0.0, 1.0)
    seen += np.outer(0.02 * toward**6 + 0.25 * toward**120, lux * np.float32(1.0 - conditions.cloud))
    if conditions.regime == "dusk":
        glow = np.exp(-7.0 * above / length) * (0.5 + 0.5 * toward)
        west = np.array([1.7, 0.75, 0.35], np.float32) * level * np.float32(1.0 - 0.8 * conditions.cloud)
        seen += np.outer(glow, west)
    # A flat layer of clouds, seen in perspective.
    far = 6.0 / (above + 0.15)
    drift = np.float32(conditions.hour * 37.0)
    thick = texture.smooth(right * far + drift, far * 2.0) + np.float32(3.4 * (conditions.cloud - 0.45))
    cover = 0.85 * np.clip(thick, 0.0, 1.0)[:, None] * (1.0 - 0.8 * low)
    shade = np.clip(1.15 - 0.12 * thick, 0.75, 1.3)[:, None]
    cloud = (level * 1.2 + 0.05 * lux.mean()) * shade * np.array([1.02, 1.0, 1.0], np.float32)
    return np.asarray(seen * (1.0 - cover) + cloud * cover, np.float32)


def mirror_share(pixels: Pixels, water: Values) -> Values:
    """Share of light that water of a given cover (P,) mirrors: Schlick's form of Fresnel's law."""
    return np.asarray(water * (0.02 + 0.98 * (1.0 - np.abs(pixels.sine)) ** 5), np.float32)
