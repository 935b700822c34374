"""Structure measure (Fan et al., ICCV 2017) from sums over blocks, in whole numbers as far as they go.

Exact sums decide whether a block is constant. Tools that add up floating-point numbers can find such a block uneven by
one rounding, and then give it 0 instead of 1; that happens in blocks of one grey level other than 0 and 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

ALPHA: Final = 0.5


class Pixels(NamedTuple):
    """Heights of some pixels: how many, their sum and the sum of their squares."""

    number: int
    total: int
    squares: int

    @property
    def scatter(self) -> int:
        """Sum of squared differences from the mean, times the count."""
        return self.number * self.squares - self.total * self.total

    def inverted(self, span: int) -> Pixels:
        """Return the same pixels with their heights counted from `span` down."""
        squares = span * span * self.number - 2 * span * self.total + self.squares
        return Pixels(self.number, span * self.number - self.total, squares)


class Block(NamedTuple):
    """What lies in one block about the centroid."""

    background: Pixels
    foreground: Pixels


def structure_measure(blocks: Sequence[Block], *, span: int, epsilon: float) -> float:
    """Return the S-measure with alpha 0.5; a block without pixels adds nothing.

    Args:
        blocks: of one map.
        span: levels from saliency 0 to 1.
        epsilon: keeps denominators from 0.
    """
    background, foreground = (_joined(sides) for sides in zip(*blocks, strict=True))
    everything = _joined((background, foreground))
    if foreground.number == 0:
        return 1 - everything.total / (everything.number * span)
    if background.number == 0:
        return everything.total / (everything.number * span)
    share = foreground.number / everything.number
    of_objects = share * _evenness(foreground, span, epsilon) + (1 - share) * _evenness(
        background.inverted(span), span, epsilon
    )
    of_regions = sum(_similarity(*block, span, epsilon) * _size(block) for block in blocks) / everything.number
    return max(0.0, ALPHA * of_objects + (1 - ALPHA) * of_regions)


def _joined(parts: Sequence[Pixels]) -> Pixels:
    return Pixels(*(sum(numbers) for numbers in zip(*parts, strict=True)))


def _evenness(pixels: Pixels, span: int, epsilon: float) -> float:
    """Return the object-aware score of pixels that should be 1: high where they are bright and alike."""
    mean = pixels.total / (pixels.number * span)
    deviation = 0.0
    if pixels.number > 1:
        deviation = math.sqrt(pixels.scatter / (pixels.number * (pixels.number - 1))) / span
    return 2 * mean / (mean * mean + 1 + deviation + epsilon)


def _similarity(background: Pixels, foreground: Pixels, span: int, epsilon: float) -> float:
    """Return the structural similarity of map and mask in one block."""
    pixels = _joined((background, foreground))
    if pixels.number == 0:
        return 0.0
    others = pixels.number - 1 + epsilon
    covariance = pixels.number * foreground.total - pixels.total * foreground.number
    mean = pixels.total / (pixels.number * span)
    share = foreground.number / pixels.number
    if covariance == 0 or mean == 0 or share == 0:
        is_even = pixels.scatter == 0 and background.number * foreground.number == 0
        return 1.0 if is_even or mean == share == 0 else 0.0
    deviation = pixels.scatter / (pixels.number * span * span) / others
    deviation_of_mask = background.number * foreground.number / pixels.number / others
    joint = covariance / (pixels.number * span) / others
    return 4 * mean * share * joint / ((mean * mean + share * share) * (deviation + deviation_of_mask) + epsilon)


def _size(block: Block) -> int:
    return block.background.number + block.foreground.number
