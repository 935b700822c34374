"""Which labelled boxes must be found under a protocol's setting, and which are regions to ignore."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.rules.miss_rate import MissRateRules


@dataclass(frozen=True)
class Pedestrians:
    """Labelled boxes of all images as columns, ordered by image and as the label file has them within each.

    Attributes:
        images: int64 (M,), index of the image, ascending.
        xywh: float64 (M, 4), left, top, width, height in pixels.
        occlusions: int64 (M,), 0 none, 1 partial, 2 heavy, -1 not stated.
        ignored: bool (M,), regions that are neither hit nor miss.
    """

    images: NDArray[np.int64]
    xywh: NDArray[np.float64]
    occlusions: NDArray[np.int64]
    ignored: NDArray[np.bool_]


def apply_setting(labelled: Pedestrians, rules: MissRateRules) -> Pedestrians:
    """Mark as ignored what the setting does not ask for, as `bbGt('bbLoad')` does.

    A box is to be found if its height lies in the range (both ends inclusive), its occlusion among the levels, and all
    its edges inside the borders (on them is inside).

    Args:
        labelled: boxes as labelled.
        rules: of the protocol.

    Returns:
        The same boxes, y and height divided by `rules.vertical_stretch`.
    """
    xywh = labelled.xywh
    if rules.vertical_stretch != 1.0:
        xywh = xywh / np.array([1.0, rules.vertical_stretch, 1.0, rules.vertical_stretch])
    x, y, width, height = xywh.T
    lowest, highest = rules.heights
    unwanted = height < lowest
    unwanted |= np.logical_and.reduce([labelled.occlusions != level for level in rules.occlusions])
    if highest is not None:
        unwanted |= height > highest
    if rules.inside is not None:
        left, top, right, bottom = rules.inside
        unwanted |= (x < left) | (y < top) | (x + width > right) | (y + height > bottom)
    return replace(labelled, xywh=xywh, ignored=labelled.ignored | unwanted)
