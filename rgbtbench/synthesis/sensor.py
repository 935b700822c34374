"""The two cameras behind their lenses: from radiance to 8-bit pixels, with the noise that each adds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgbtbench.synthesis.parameters import ThermalCamera, VisibleCamera

Field = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Exposure:
    """One picture of one camera.

    Attributes:
        pixels: uint8 (H, W, 3) or (H, W), what is stored.
        noise: float32, the same shape, standard deviation of the noise in counts: electrons, or kelvin.
        scale: counts per unit of the field that was photographed.
        ceiling: largest count.
    """

    pixels: NDArray[np.uint8]
    noise: Field
    scale: float
    ceiling: float


def expose(luminance: Field, camera: VisibleCamera, rng: np.random.Generator) -> Exposure:
    """Take a visible picture of a luminance field (H, W, 3) in cd/m2: glare, blur, exposure, noise, tone."""
    spread = _through_lens(luminance, camera)
    # The square root keeps a few lamps from deciding the exposure of a whole street.
    metered = float(np.mean(np.sqrt(spread))) ** 2
    wanted = camera.metering_target * camera.full_well / (camera.sensitivity * max(metered, 1e-9))
    seconds = float(np.clip(wanted, camera.shortest, camera.longest))
    gain = float(np.clip(wanted / seconds, 1.0, camera.highest_gain))
    signal = spread * np.float32(camera.sensitivity * seconds)
    noise = np.sqrt(signal + camera.read_noise**2)
    saturation = camera.full_well / gain
    counted = np.clip(signal + noise * rng.standard_normal(signal.shape, np.float32), 0.0, saturation)
    means = counted.mean((0, 1)) + 1e-6
    balance = (means.mean() / means) ** camera.white_balance
    encoded = _tone(counted * balance / saturation, camera.contrast)
    return Exposure(encoded, noise, scale=camera.sensitivity * seconds, ceiling=saturation)


def _through_lens(luminance: Field, camera: VisibleCamera) -> Field:
    import cv2

    width = luminance.shape[1]
    spread = luminance * np.float32(1.0 - sum(weight for _, weight in camera.glare))
    for share, weight in camera.glare:
        spread += np.float32(weight) * cv2.GaussianBlur(luminance, (0, 0), max(share * width, 0.3))
    return np.asarray(cv2.GaussianBlur(spread, (0, 0), camera.blur))


def _tone(linear: NDArray[np.floating], contrast: float) -> NDArray[np.uint8]:
    """Film-like shoulder, the sRGB transfer curve, a steeper toe by the power `contrast`, 8 bits."""
    shoulder = (1.0 - np.exp(-1.2 * linear)) / (1.0 - np.exp(-1.2))
    encoded = np.where(shoulder <= 0.0031308, 12.92 * shoulder, 1.055 * np.maximum(shoulder, 1e-6) ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(255.0 * np.clip(encoded, 0.0, 1.0) ** contrast), np.uint8)


def image_heat(kelvin: Field, camera: ThermalCamera, rng: np.random.Generator) -> Exposure:
    """Take a thermal picture of an apparent temperature field (H, W): blur, noise, fixed pattern, then AGC."""
    import cv2

    height, width = kelvin.shape
    signal = cv2.GaussianBlur(kelvin, (0, 0), camera.blur * np.sqrt(width / 128))
    rows, columns = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    warm_housing = camera.vignetting * (rows**2 + columns**2 - 0.67)
    pattern = camera.pixel_noise * rng.standard_normal((height, width))
    pattern += camera.column_noise * rng.standard_normal(width) + warm_housing
    counted = signal + pattern + camera.netd * rng.standard_normal((height, width))
    spread = np.sqrt(camera.netd**2 + camera.pixel_noise**2 + camera.column_noise**2)
    return Exposure(gain_control(counted, camera), np.full_like(kelvin, spread), scale=1.0, ceiling=np.inf)


def gain_control(kelvin: NDArray[np.floating], camera: ThermalCamera) -> NDArray[np.uint8]:
    """Map temperatures to 8 bits: a linear stretch mixed with plateau equalisation, from this picture alone."""
    low, high = np.quantile(kelvin, [camera.agc_low, camera.agc_high])
    missing = max(camera.agc_smallest_span - (high - low), 0.0)
    low, high = low - missing / 2, high + missing / 2 + camera.agc_headroom * max(high - low, camera.agc_smallest_span)
    place = np.clip((kelvin - low) / (high - low), 0.0, 1.0)
    counts, edges = np.histogram(place, 256, (0.0, 1.0))
    limited = np.minimum(counts, camera.agc_plateau * kelvin.size)
    rank = np.concatenate([[0.0], np.cumsum(limited)]) / limited.sum()
    mixed = (1.0 - camera.agc_equalised) * place + camera.agc_equalised * np.interp(place, edges, rank)
    return np.asarray(np.rint(255.0 * mixed), np.uint8)
