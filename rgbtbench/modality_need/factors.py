"""What objects and pixels are divided by."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Factor:
    """A number of each object or pixel, in steps.

    Attributes:
        name: for programs.
        title: with its unit, for people.
        edges: ascending; a number on an edge belongs to the step above it.
        labels: one per step, from below the first edge.
    """

    name: str
    title: str
    edges: tuple[float, ...]
    labels: tuple[str, ...]

    @property
    def steps(self) -> tuple[str, ...]:
        """Labels of all steps, the last for numbers that are not known."""
        return (*self.labels, UNKNOWN)

    def step_of(self, values: NDArray[np.floating]) -> NDArray[np.int64]:
        """Return the step of each number; NaN is unknown."""
        return np.where(np.isnan(values), len(self.labels), np.digitize(values, self.edges)).astype(np.int64)


def _in_steps(name: str, title: str, *edges: float) -> Factor:
    between = [f"{low:g} to {high:g}" for low, high in pairwise(edges)]
    return Factor(name, title, edges, (f"below {edges[0]:g}", *between, f"{edges[-1]:g} and more"))


#: COCO's area ranges, so that sizes are those of `ap_small`, `ap_medium` and `ap_large`.
SIZE: Final = Factor(
    "size", "size, square pixels", (32.0**2, 96.0**2), ("small, below 32²", "medium, below 96²", "large, 96² and more")
)
OCCLUSION: Final = Factor("occlusion", "occlusion", (0.5, 1.5), ("none", "partial", "heavy"))
#: Distance of the mean grey levels of an object and of a ring around it, over their standard deviation.
OBJECT_CONTRAST: Final = {
    "rgb": _in_steps("rgb_contrast", "local contrast in RGB, standard deviations", 0.25, 0.5, 1.0, 2.0),
    "thermal": _in_steps("thermal_contrast", "local contrast in thermal, standard deviations", 0.25, 0.5, 1.0, 2.0),
}
#: Standard deviation of the grey levels around a pixel.
PIXEL_CONTRAST: Final = {
    "rgb": _in_steps("rgb_contrast", "local contrast in RGB, grey levels", 4, 8, 16, 32),
    "thermal": _in_steps("thermal_contrast", "local contrast in thermal, grey levels", 4, 8, 16, 32),
}
MISREGISTRATION: Final = _in_steps("misregistration", "local misregistration, pixels", 1, 2, 4, 8)
