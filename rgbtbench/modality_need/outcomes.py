"""What three models make of one object or pixel, and what that says of the modalities."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

#: The three models, in the order of the bits of an outcome.
MODELS: Final = ("rgb", "thermal", "fusion")
#: An outcome is a number of 3 bits: bit m is set where model m finds the object, or names the pixel's class.
OUTCOMES: Final = 1 << len(MODELS)

_RGB, _THERMAL, _FUSION = (np.arange(OUTCOMES) >> bit & 1 == 1 for bit in range(len(MODELS)))
#: Share to the outcomes that it counts. The first four add up to one.
SHARES: Final = MappingProxyType(
    {
        "rgb_only": _RGB & ~_THERMAL,
        "thermal_only": _THERMAL & ~_RGB,
        "either": _RGB & _THERMAL,
        "neither": ~_RGB & ~_THERMAL,
        "fusion": _FUSION,
        "gained": _FUSION & ~_RGB & ~_THERMAL,
        "lost": ~_FUSION & (_RGB | _THERMAL),
    }
)
MEANINGS: Final = MappingProxyType(
    {
        "rgb_only": "found with RGB alone and not with thermal alone",
        "thermal_only": "found with thermal alone and not with RGB alone",
        "either": "found with each of them alone",
        "neither": "found with neither alone",
        "fusion": "found by fusion",
        "gained": "found by fusion though with neither alone",
        "lost": "not found by fusion though with one of them alone",
    }
)


def outcome(*found: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the outcome of each object or pixel.

    Args:
        *found: whether each of `MODELS` finds it, bool of one shape.
    """
    return np.asarray(sum(one.astype(np.int64) << bit for bit, one in enumerate(found)), np.int64)


def shares_of(counts: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Return every share in percent.

    Args:
        counts: float64 (R, 8), objects or pixels by outcome.

    Returns:
        Share to float64 (R,); NaN where nothing was counted.
    """
    total = counts.sum(axis=1)
    safe = np.where(total > 0, total, 1.0)
    return {
        name: np.where(total > 0, 100 * counts[:, chosen].sum(axis=1) / safe, np.nan) for name, chosen in SHARES.items()
    }
