"""Corruptions of one camera by name; what each severity means stands in `conditions/corruptions.yaml`."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Final

import numpy as np

from rgbtbench.cards.corruptions import corruptions
from rgbtbench.conditions.corruptions import blur, digital, noise, thermal, weather
from rgbtbench.conditions.levels import range_of
from rgbtbench.formats.image_file import Pixels

_FUNCTIONS: Final = MappingProxyType(
    {
        function.__name__: function
        for function in (
            noise.gaussian_noise,
            noise.shot_noise,
            noise.impulse_noise,
            noise.speckle_noise,
            blur.defocus_blur,
            blur.glass_blur,
            blur.motion_blur,
            blur.zoom_blur,
            blur.gaussian_blur,
            weather.snow,
            weather.frost,
            weather.fog,
            weather.brightness,
            weather.spatter,
            digital.contrast,
            digital.elastic_transform,
            digital.pixelate,
            digital.jpeg_compression,
            digital.saturate,
            thermal.nuc_stripes,
            thermal.dead_pixels,
            thermal.ghosting,
            thermal.drift,
            thermal.agc_change,
            thermal.low_contrast,
            thermal.saturation,
        )
    }
)


def corrupted(pixels: Pixels, name: str, severity: int, generator: np.random.Generator) -> Pixels:
    """Return an image after a corruption.

    Grey that is stored as equal channels stays grey: what happens to it happens to one channel.

    Args:
        pixels: uint8 or uint16 (H, W, C).
        name: of the corruption.
        severity: 1 to 5.
        generator: of every random choice.

    Returns:
        The same type and shape.

    Raises:
        ConditionError: the pixels are float32, which have no darkest and brightest level.
    """
    function: Callable[..., np.ndarray] = _FUNCTIONS[name]
    arguments = corruptions()[name].severities[severity - 1]
    grey = pixels.shape[2] > 1 and bool((pixels == pixels[..., :1]).all())
    levels = range_of(pixels, what=name)
    changed = function(levels.levels(pixels[..., :1] if grey else pixels), generator, **arguments)
    if grey:
        changed = np.repeat(changed, pixels.shape[2], axis=2)
    return levels.pixels(changed)
