"""Enhanced-alignment measure (Fan et al., IJCAI 2018) of binary maps, from counts alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def alignment(
    selected: NDArray[np.float64], present: NDArray[np.float64], truths: NDArray[np.float64], *, epsilon: float
) -> NDArray[np.float64]:
    """Return the E-measure of binary maps.

    A perfect map gets N / (N - 1), a little more than 1, as in all tools.

    Args:
        selected: (G, ...), pixels that a map selects, by the value of the mask there.
        present: (G, ...), all pixels by the value of the mask; broadcast against `selected`.
        truths: (G,), those values, from 0 to 1.
        epsilon: keeps denominators from 0.

    Returns:
        (...,).
    """
    truths = truths.reshape(-1, *[1] * (selected.ndim - 1))
    pixels, chosen = present.sum(axis=0), selected.sum(axis=0)
    mean_map, mean_mask = chosen / pixels, (present * truths).sum(axis=0) / pixels
    at_mask = truths - mean_mask
    total = selected * _enhanced(1 - mean_map, at_mask, epsilon)
    total = (total + (present - selected) * _enhanced(-mean_map, at_mask, epsilon)).sum(axis=0)
    total = np.where(mean_mask == 0, pixels - chosen, np.where(mean_mask == 1, chosen, total))
    return np.asarray(total / (pixels - 1 + epsilon), np.float64)


def _enhanced(at_map: NDArray[np.float64], at_mask: NDArray[np.float64], epsilon: float) -> NDArray[np.float64]:
    aligned = 2 * (at_map * at_mask) / (at_map**2 + at_mask**2 + epsilon)
    return np.asarray((aligned + 1) ** 2 / 4, np.float64)
