"""The two numbers that IRGPT's tables end with: psum and nsum (Cao et al., ICCV 2025, section 5.1 and Table 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

#: Tasks whose numbers are shares of right answers in percent; higher is better.
POSITIVE: Final = ("scene", "recognition", "grounding", "relationship", "reid", "security")
#: Tasks whose numbers are mean absolute errors; lower is better. They are in thousandths of the image and in objects,
#: and are added as they are.
NEGATIVE: Final = ("location", "aerial_counting", "pedestrian_counting")


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
