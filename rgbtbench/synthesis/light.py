"""What the visible camera sees: luminance = reflectance x light / pi + emission, through glass, mist and puddles.

The light at a pixel is that of the sun or moon, the sky, the street lamps and the headlights at its place in
the world. Nothing here knows a label.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rgbtbench.synthesis.conditions import Conditions
from rgbtbench.synthesis.geometry import Camera
from rgbtbench.synthesis.raster import Painting
from rgbtbench.synthesis.surface import Lamp
from rgbtbench.synthesis.tables import Grey, Location, SurfaceTables, cloud_texture

Colour = NDArray[np.float32]
#: Share of the sky that a horizontal and a vertical surface see between houses.
_SKY_ABOVE, _SKY_BESIDE = 0.8, 0.4
_GROUND_ALBEDO = 0.2


def irradiance(
    ids: NDArray[np.uint16],
    painting: Painting,
    tables: SurfaceTables,
    location: Location,
    conditions: Conditions,
    lamps: Sequence[Lamp],
) -> tuple[Colour, Colour]:
    """Return the illuminance in lux of every pixel's surface (H, W, 3), and the part that is sent straight back.

    The second is the light of lamps carried by the camera, which retroreflectors return.
    """
    nx, ny, nz = (tables.normal[:, axis][ids] for axis in range(3))
    wrap, ground = tables.wrap[ids], tables.ground[ids]
    key, sky = np.array(conditions.key, np.float32), np.array(conditions.sky_lux, np.float32)
    key_lux = np.array(conditions.key_lux, np.float32)

    facing = np.clip((nx * key[0] + ny * key[1] + nz * key[2] + wrap) / (1.0 + wrap), 0.0, None)
    sunlit = facing * np.where(ground > 0, 1.0 - painting.shadow, tables.lit[ids])
    open_sky = _SKY_BESIDE + (_SKY_ABOVE - _SKY_BESIDE) * np.clip(ny, -0.5, 1.0)
    open_sky *= 1.0 - 0.65 * ground * painting.contact
    bounced = _GROUND_ALBEDO * (0.5 - 0.5 * ny)
    around = sky + 0.5 * key_lux * max(key[1], 0.0)
    light = sunlit[..., None] * key_lux + open_sky[..., None] * sky + bounced[..., None] * around
    returned = np.zeros_like(light)
    for lamp in lamps:
        dx, dy, dz = (lamp.position[0] - location.x, lamp.position[1] - location.y, lamp.position[2] - location.z)
        squared = dx * dx + dy * dy + dz * dz + 0.25
        inverse = 1.0 / np.sqrt(squared)
        facing = np.clip(((nx * dx + ny * dy + nz * dz) * inverse + wrap) / (1.0 + wrap), 0.0, None)
        beam = np.clip(-(lamp.axis[0] * dx + lamp.axis[1] * dy + lamp.axis[2] * dz) * inverse, 0.0, None)
        if lamp.sharpness != 1.0:
            beam = beam**lamp.sharpness
        lux = lamp.candela * beam / squared
        colour = np.array(lamp.colour, np.float32)
        light += (lux * facing)[..., None] * colour
        if lamp.carried:
            returned += lux[..., None] * colour
    return light, returned


def luminance(
    ids: NDArray[np.uint16],
    painting: Painting,
    tables: SurfaceTables,
    location: Location,
    camera: Camera,
    conditions: Conditions,
    lamps: Sequence[Lamp],
) -> Colour:
    """Return the luminance in cd/m2 of every pixel, float32 (H, W, 3)."""
    light, returned = irradiance(ids, painting, tables, location, conditions, lamps)
    wetness = 1.0 - 0.5 * conditions.wetness * tables.soaks[ids]
    reflectance = (
        tables.colour[ids] * (np.clip(1.0 + tables.grain[ids] * location.noise, 0.1, 2.0) * wetness)[..., None]
    )
    seen = reflectance * (light + tables.retro[ids][..., None] * returned) / np.pi + tables.emission[ids]

    sky = np.array(conditions.sky_lux, np.float32) / np.pi
    upward = 0.5 + 0.5 * np.clip(tables.normal[:, 1][ids], -1.0, 1.0)
    seen += (tables.gloss[ids] * (0.3 + 0.7 * upward))[..., None] * sky
    through = tables.behind_glass[ids][..., None]
    seen = seen * (1.0 - 0.3 * through) + 0.10 * through * sky
    seen = seen * np.exp(-conditions.mist * location.z)[..., None]
    air = sky * 0.5 + 0.1 * np.array(conditions.key_lux, np.float32) / np.pi
    seen += (1.0 - np.exp(-conditions.mist * location.z))[..., None] * air
    is_sky = ids == 0
    if is_sky.any():
        seen[is_sky] = sky_luminance(camera, conditions, *ids.shape)[is_sky]
    return seen


def sky_luminance(camera: Camera, conditions: Conditions, height: int, width: int) -> Colour:
    """Return the luminance of the sky behind everything, float32 (H, W, 3) in cd/m2."""
    right, up = camera.rays(width, height)
    above = np.broadcast_to(np.clip(up, 0.0, None), (height, width))
    length = np.sqrt(right**2 + up**2 + 1.0)
    sine = above / length
    mean = np.array(conditions.sky_lux, np.float32) / np.pi
    toward_white = (mean.mean() * np.array([1.08, 1.0, 0.90], np.float32)).astype(np.float32)
    low = np.exp(-3.5 * sine)[..., None]
    seen = (mean * (1.0 - low) + toward_white * low) * (0.75 + 0.65 * low)
    key, lux = np.array(conditions.key, np.float32), np.array(conditions.key_lux, np.float32)
    toward = np.clip((right * key[0] + up * key[1] + key[2]) / length, 0.0, 1.0)
    seen += (0.02 * toward**6 + 0.25 * toward**120)[..., None] * lux * (1.0 - conditions.cloud)
    if conditions.regime == "dusk":
        glow = np.exp(-7.0 * sine)[..., None] * (0.5 + 0.5 * toward[..., None])
        seen = seen + glow * mean.mean() * (1.0 - 0.8 * conditions.cloud) * np.array([1.7, 0.75, 0.35], np.float32)
    lift = 14.0 / (above + 0.12)
    drift = conditions.hour * 37.0
    cover = cloud_texture(right * lift + drift, np.broadcast_to(lift * 3.0, above.shape))
    cover = np.clip(cover + 3.2 * (conditions.cloud - 0.5), 0.0, 1.0)[..., None] * (1.0 - low)
    cloud = (mean.mean() * 1.25 + 0.06 * lux.mean()) * np.array([1.02, 1.0, 1.0], np.float32)
    return np.asarray(seen * (1.0 - 0.85 * cover) + cloud * 0.85 * cover, np.float32)


def mirror_share(location: Location, camera: Camera, wet: Grey) -> Grey:
    """Share of light that water of a given cover (H, W) mirrors at each pixel: Schlick's form of Fresnel's law."""
    height, width = wet.shape
    right, up = camera.rays(width, height)
    cosine = np.abs(up) / np.sqrt(right**2 + up**2 + 1.0)
    return np.asarray(wet * (0.02 + 0.98 * (1.0 - cosine) ** 5), np.float32)
