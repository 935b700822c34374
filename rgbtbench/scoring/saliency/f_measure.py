"""Precision, recall and F-measure (Achanta et al., CVPR 2009) of binary maps, from counts alone."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

BETA_SQUARED: Final = 0.3


def precision_recall(
    hits: NDArray[np.float64], selected: NDArray[np.float64], foreground: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return precision and recall; both are 0 where nothing can be hit.

    Args:
        hits: selected foreground, in pixels or sums of grey values.
        selected: selected pixels.
        foreground: foreground that is to be found.
    """
    return hits / np.where(selected > 0, selected, 1), hits / np.where(foreground > 0, foreground, 1)


def f_measure(precision: NDArray[np.float64], recall: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the F-measure with beta squared 0.3; 0 where precision or recall is."""
    above = (1 + BETA_SQUARED) * precision * recall
    return np.asarray(above / np.where(above == 0, 1, BETA_SQUARED * precision + recall), np.float64)
