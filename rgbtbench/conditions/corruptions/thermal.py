"""What goes wrong in uncooled thermal cameras.

Faults of one detector element hit all channels alike, because grey is often stored as three equal ones. The effects
are those that the literature on microbolometers describes; their sizes in `conditions/corruptions.yaml` are our own.
Arguments and results are those of `rgbtbench.conditions.corruptions.noise`.
"""

from __future__ import annotations

import math

import numpy as np

from rgbtbench.conditions.levels import Unit, as_unit

#: Part of the offset between columns that their neighbours share: read-out channels serve several columns.
_SHARED_OFFSET = 0.5
_COLUMNS_PER_CHANNEL = 8
#: Share of the faulty pixels that always read the darkest level; half of the others the brightest, half stay grey.
_DEAD = 0.5


def nuc_stripes(image: Unit, generator: np.random.Generator, *, deviation: float) -> Unit:
    """Add to every column an offset of its own: fixed-pattern noise between two non-uniformity corrections."""
    width = image.shape[1]
    channels = generator.standard_normal(-(-width // _COLUMNS_PER_CHANNEL)).repeat(_COLUMNS_PER_CHANNEL)[:width]
    columns = generator.standard_normal(width)
    offsets = math.sqrt(_SHARED_OFFSET) * channels + math.sqrt(1 - _SHARED_OFFSET) * columns
    return as_unit(image + deviation * offsets[:, None])


def dead_pixels(image: Unit, generator: np.random.Generator, *, share: float) -> Unit:
    """Let a share of all detector elements read one level whatever they see: darkest, brightest or grey."""
    drawn, level = generator.random((2, *image.shape[:2], 1))
    stuck = np.where(level < _DEAD, 0.0, np.where(level < (1 + _DEAD) / 2, 1.0, 0.5))
    return as_unit(np.where(drawn < share, stuck, image))


def ghosting(image: Unit, generator: np.random.Generator, *, strength: float, distance: float) -> Unit:
    """Lay over the image what the detector still remembers of an earlier one.

    The earlier one is the scene itself, seen `distance` image widths beside, in any direction, and fades by `strength`.
    """
    turn = generator.uniform(0, 2 * math.pi)
    height, width = image.shape[:2]
    right, down = (round(distance * width * part) for part in (math.cos(turn), math.sin(turn)))
    rows, columns = (np.arange(height) - down).clip(0, height - 1), (np.arange(width) - right).clip(0, width - 1)
    ghost = image[rows[:, None], columns]
    return as_unit(image + strength * (ghost - ghost.mean(axis=(0, 1), keepdims=True)))


def drift(image: Unit, generator: np.random.Generator, *, amplitude: float) -> Unit:
    """Add a smooth offset: a gradient in any direction and a glow from the housing towards the rim."""
    height, width = image.shape[:2]
    turn, glow = generator.uniform(0, 2 * math.pi), generator.choice((-1.0, 1.0))
    down, right = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)
    gradient = (math.cos(turn) * right + math.sin(turn) * down) / math.sqrt(2)
    rim = glow * ((right**2 + down**2) / 2 - 1 / 3)
    return as_unit(image + amplitude * (gradient + rim)[..., None])


def agc_change(image: Unit, generator: np.random.Generator, *, equalisation: float) -> Unit:
    """Mix the image with its histogram equalisation, which other cameras apply before they store 8 bits."""
    order = np.sort(image, axis=None)
    rank = (np.searchsorted(order, image, side="left") + np.searchsorted(order, image, side="right")) / (2 * image.size)
    return as_unit((1 - equalisation) * image + equalisation * rank)


def low_contrast(image: Unit, generator: np.random.Generator, *, factor: float) -> Unit:
    """Scale the distance of every level from the mean: objects as warm as what is behind them."""
    mean = image.mean()
    return as_unit((image - mean) * factor + mean)


def saturation(image: Unit, generator: np.random.Generator, *, share: float) -> Unit:
    """Raise the gain until a share of all pixels, the hottest, exceeds the brightest level."""
    low, high = np.quantile(image, (0.0, 1 - share))
    return as_unit((image - low) / max(high - low, 1e-6))
