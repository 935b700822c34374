"""Where labels lie: counts per cell as a picture."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.audit.thumbnails import png_address

#: Colours from none to most, red, green and blue: readable on light and dark ground, and in grey.
_RAMP: Final = np.array(
    [(20, 22, 40), (62, 30, 110), (140, 40, 120), (215, 70, 80), (250, 150, 60), (250, 230, 130)], np.float64
)


def heat_map(counts: NDArray[np.float64]) -> str:
    """Return counts (rows, columns) as the data address of a picture with one pixel per cell."""
    highest = float(counts.max(initial=0.0))
    share = counts / highest if highest > 0 else np.zeros_like(counts)
    place = share * (len(_RAMP) - 1)
    colours = np.stack([np.interp(place, np.arange(len(_RAMP)), channel) for channel in _RAMP.T], axis=-1)
    return png_address(np.ascontiguousarray(colours.round(), np.uint8))
