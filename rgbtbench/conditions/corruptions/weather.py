"""Weather before a camera, as in ImageNet-C (Hendrycks and Dietterich, ICLR 2019).

Arguments and results are those of `rgbtbench.conditions.corruptions.noise`.
"""

from __future__ import annotations

import numpy as np

from rgbtbench.conditions.corruptions.blur import trail
from rgbtbench.conditions.corruptions.filters import filtered, gaussian, luminance, magnified, tinted
from rgbtbench.conditions.corruptions.plasma import plasma
from rgbtbench.conditions.levels import Unit, as_unit

#: Flakes fall in a direction within these degrees from the horizontal.
_FALL = (-135.0, -45.0)
#: Red, green and blue of a splash.
_WATER = (175 / 255, 238 / 255, 238 / 255)
_MUD = (63 / 255, 42 / 255, 20 / 255)
#: Range of the mean brightness of the five photographs of frost that ImageNet-C draws from, of its standard deviation
#: within one, and their colour.
_FROST_MEAN, _FROST_DEVIATION = (0.48, 0.81), (0.07, 0.17)
_FROST_TINT = (0.87, 1.02, 1.11)
#: A splash of water is lit from the upper left: a relief of its distance from the rim.
_RELIEF = ((-2, -1, 0), (-1, 1, 1), (0, 1, 2))
#: Pixels from its rim beyond which a splash has one depth.
_RIM = 20


def fog(image: Unit, generator: np.random.Generator, *, thickness: float, decay: float) -> Unit:
    """Add clouds of light, and scale back to the brightest level of the image."""
    brightest = image.max()
    clouds = plasma(image.shape[:2], decay, generator)[..., None]
    return as_unit((image + thickness * clouds) * (brightest / (brightest + thickness)))


def snow(
    image: Unit,
    generator: np.random.Generator,
    *,
    mean: float,
    deviation: float,
    zoom: float,
    threshold: float,
    radius: int,
    sigma: float,
    clarity: float,
) -> Unit:
    """Whiten the image to 1 - `clarity`, and add flakes that trail downwards, twice, once upside down.

    Flakes are what exceeds `threshold` in normal noise, magnified `zoom` times.
    """
    drawn = generator.normal(mean, deviation, image.shape[:2]).astype(np.float32)
    layer = magnified(drawn, zoom)
    flakes = np.where(layer < threshold, np.float32(0), layer.clip(0, 1))
    falling = filtered(flakes, trail(radius, sigma, angle=generator.uniform(*_FALL)))[..., None]
    white = np.maximum(image, luminance(image) * 1.5 + 0.5)
    return as_unit(clarity * image + (1 - clarity) * white + falling + np.rot90(falling, 2))


def frost(image: Unit, generator: np.random.Generator, *, clarity: float, strength: float) -> Unit:
    """Add crystals of ice on the lens, and darken the image to `clarity`.

    ImageNet-C adds cuts of photographs; these crystals are generated with their brightness, contrast and colour.
    """
    ice = _crystals(image.shape[:2], generator) * generator.uniform(*_FROST_DEVIATION) + generator.uniform(*_FROST_MEAN)
    return as_unit(clarity * image + strength * tinted(as_unit(ice).clip(0, 1)[..., None], _FROST_TINT, image))


def brightness(image: Unit, generator: np.random.Generator, *, offset: float) -> Unit:
    """Raise the brightest channel of every pixel (value in HSV) by `offset`, and the others in proportion."""
    value = image.max(axis=2, keepdims=True)
    raised = np.minimum(value + np.float32(offset), 1)
    return as_unit(np.where(value > 0, image * (raised / np.maximum(value, np.float32(1e-6))), raised))


def spatter(
    image: Unit,
    generator: np.random.Generator,
    *,
    mean: float,
    deviation: float,
    sigma: float,
    threshold: float,
    water: float = 0.0,
    mud: float = 0.0,
) -> Unit:
    """Throw drops of water or mud on the lens: where blurred normal noise exceeds `threshold`.

    Args:
        image: levels.
        generator: random numbers.
        mean: of the noise.
        deviation: of the noise.
        sigma: of its blur, in pixels.
        threshold: above which there is a drop.
        water: how bright drops of water are; 0 for none.
        mud: how soft the edges of drops of mud are, in pixels; 0 for none.
    """
    drawn = generator.normal(mean, deviation, image.shape[:2]).astype(np.float32)
    liquid = gaussian(drawn, sigma)
    if mud:
        cover = gaussian((liquid > threshold).astype(np.float32), mud)
        cover = np.where(cover < 0.8, np.float32(0), cover)[..., None]
        return as_unit(image * (1 - cover) + tinted(cover, _MUD, image))
    light = _lit(np.where(liquid < threshold, np.float32(0), liquid))[..., None]
    return as_unit(image + tinted(np.float32(water) * light, _WATER, image).clip(0, 1))


def _lit(liquid: Unit) -> Unit:
    """Return how bright drops shine, from 0 to 1, by their depth and the relief of their rims."""
    import cv2

    depth = (liquid.clip(0, 1) * 255).astype(np.uint8)
    outline = 255 - cv2.Canny(depth, 50, 150)
    distance = np.minimum(cv2.distanceTransform(outline, cv2.DIST_L2, 5), _RIM)
    levelled = cv2.equalizeHist(cv2.blur(distance, (3, 3)).astype(np.uint8))
    relief = cv2.filter2D(levelled, cv2.CV_8U, np.array(_RELIEF, np.float32))
    shine = depth.astype(np.float32) * cv2.blur(relief, (3, 3)).astype(np.float32)
    return as_unit(shine / max(float(shine.max()), 1e-6))


def _crystals(shape: tuple[int, int], generator: np.random.Generator) -> Unit:
    """Return needles of ice (H, W), mean 0 and deviation 1: ridges of plasmas, dense in some places."""
    coarse, fine, cover = (plasma(shape, decay, generator) for decay in (1.5, 1.15, 1.8))
    ridges = (1 - np.abs(2 * coarse - 1)) ** 3 + 2 * (1 - np.abs(2 * fine - 1)) ** 6
    crystals = ridges * (0.3 + cover)
    return as_unit((crystals - crystals.mean()) / max(float(crystals.std()), 1e-6))
