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


def heat_map(counts: NDArray[np.float64], *, highest: float | None = None) -> str:
    """Return a picture with one pixel per cell, as a data address.

    Args:
        counts: (rows, columns), 0 or more.
        highest: what has the brightest colour; None for the largest count.
    """
    highest = float(counts.max(initial=0.0)) if highest is None else highest
    share = counts / highest if highest > 0 else np.zeros_like(counts)
    place = share * (len(_RAMP) - 1)
    colours = np.stack([np.interp(place, np.arange(len(_RAMP)), channel) for channel in _RAMP.T], axis=-1)
    return png_address(np.ascontiguousarray(colours.round(), np.uint8))
