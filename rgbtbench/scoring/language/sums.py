"""The two numbers that IRGPT's tables end with: psum and nsum (Cao et al., ICCV 2025, section 5.1 and Table 2)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.rules.language import NEGATIVE, POSITIVE


def sums(numbers: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    """Return `psum` and `nsum`, each only where all of its tasks are there: a sum of fewer compares with nothing.

    Args:
        numbers: task to its number, or to numbers of one shape.
    """
    parts = {"psum": POSITIVE, "nsum": NEGATIVE}
    return {
        name: np.sum([numbers[task] for task in tasks], axis=0)
        for name, tasks in parts.items()
        if set(tasks) <= set(numbers)
    }
