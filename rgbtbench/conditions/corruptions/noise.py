"""Noise of single pixels, as in ImageNet-C (Hendrycks and Dietterich, ICLR 2019).

Every function takes a float32 (H, W, C) image of levels from 0 to 1, a generator, and what its severity sets in
`conditions/corruptions.yaml`; it returns levels that the caller clips.
"""

from __future__ import annotations

import numpy as np

from rgbtbench.conditions.levels import Unit, as_unit


def gaussian_noise(image: Unit, generator: np.random.Generator, *, deviation: float) -> Unit:
    """Add normal noise of one standard deviation everywhere."""
    return image + np.float32(deviation) * _normal(image, generator)


def shot_noise(image: Unit, generator: np.random.Generator, *, photons: float) -> Unit:
    """Count light in quanta, `photons` of which make the brightest level: Poisson noise."""
    return as_unit(generator.poisson(image * photons) / photons)


def impulse_noise(image: Unit, generator: np.random.Generator, *, share: float) -> Unit:
    """Set a share of all samples to the darkest or to the brightest level, half of them each."""
    drawn = generator.random(image.shape, np.float32)
    darkest = np.where(drawn < share / 2, np.float32(0), image)
    return np.where(drawn >= 1 - share / 2, np.float32(1), darkest)


def speckle_noise(image: Unit, generator: np.random.Generator, *, deviation: float) -> Unit:
    """Add normal noise in proportion to the level."""
    return image + image * np.float32(deviation) * _normal(image, generator)


def _normal(image: Unit, generator: np.random.Generator) -> Unit:
    return generator.standard_normal(image.shape, np.float32)
