"""Counts of outcomes: per image, and per value of everything that outcomes are divided by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rgbtbench.modality_need.factors import Factor
from rgbtbench.modality_need.outcomes import OUTCOMES


@dataclass
class Tally:
    """Outcomes of N images.

    Attributes:
        images: int64 (8,) of each image.
        titles: name of what divides to its title.
        parts: name of what divides to value to int64 (8,).
    """

    images: list[NDArray[np.int64]] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)
    parts: dict[str, dict[str, NDArray[np.int64]]] = field(default_factory=dict)

    def add_image(self, outcomes: NDArray[np.int64]) -> None:
        """Count the outcomes of a further image."""
        self.images.append(np.bincount(outcomes, minlength=OUTCOMES))

    def add_factor(self, factor: Factor, values: NDArray[np.floating], outcomes: NDArray[np.int64]) -> None:
        """Count outcomes, each (n,), by the step that a number falls in."""
        steps = factor.steps
        counts = np.bincount(factor.step_of(values) * OUTCOMES + outcomes, minlength=len(steps) * OUTCOMES)
        self._add(factor.name, factor.title, dict(zip(steps, counts.reshape(len(steps), OUTCOMES), strict=True)))

    def add_names(
        self, name: str, title: str, values: NDArray[np.int64], names: Mapping[int, str], outcomes: NDArray[np.int64]
    ) -> None:
        """Count outcomes, each (n,), by the name of a number."""
        counts = {label: np.bincount(outcomes[values == number], minlength=OUTCOMES) for number, label in names.items()}
        self._add(name, title, counts)

    def add_value(self, name: str, value: str, counts: NDArray[np.int64]) -> None:
        """Add the counts (8,) of an image that has a value of an attribute."""
        self._add(name, name.replace("_", " "), {value: counts})

    def _add(self, name: str, title: str, counts: Mapping[str, NDArray[np.int64]]) -> None:
        self.titles.setdefault(name, title)
        part = self.parts.setdefault(name, {})
        for value, found in counts.items():
            part[value] = part.get(value, np.zeros(OUTCOMES, np.int64)) + found
