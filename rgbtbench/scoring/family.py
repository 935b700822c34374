"""What every family of metrics provides: a reduction of each image to statistics, and numbers from those."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.rules import FamilyRules
from rgbtbench.progress import Progress
from rgbtbench.scoring.results import Curve
from rgbtbench.scoring.truth import Truth

R = TypeVar("R", bound=FamilyRules)
Arrays = Mapping[str, NDArray[np.generic]]
#: Metric key to value, None where it is undefined.
Values = dict[str, float | None]
#: Weights of the n images of a part, float64 (R, n), and whether they are resamples of them, to metric key to values,
#: each float64 (R,), NaN where undefined. With resamples, lists of classes stay those of the whole part.
Measure = Callable[[NDArray[np.float64], bool], Mapping[str, NDArray[np.float64]]]


@dataclass(frozen=True)
class Classes:
    """The classes of the labels, in ascending order of ids; empty where labels have none."""

    ids: tuple[int, ...]
    names: tuple[str, ...]


class Counts(ABC, Generic[R]):
    """Per-image statistics of N images: all that is kept of labels and predictions, and enough for every number.

    Whole numbers are summed over images where the metric allows it, so that neither the order of images nor the number
    of processes changes a result.
    """

    @abstractmethod
    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return everything as named arrays; names are the family's own (docs/formats/record.md)."""

    @classmethod
    @abstractmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Rebuild what `to_arrays` returned, or its whole numbers in smaller types.

        Raises:
            KeyError, ValueError: an array is missing or of another shape.
        """

    @abstractmethod
    def measure(self, rules: R, classes: Classes, images: NDArray[np.bool_]) -> Measure:
        """Return all metrics of some images, bool (N,), as a function of how often each of them counts."""

    def per_class(self, rules: R, classes: Classes) -> dict[str, Values]:
        """Return class name to metrics; none unless the family has them."""
        return {}

    def strata(self, rules: R, classes: Classes) -> dict[str, tuple[NDArray[np.bool_], Measure]]:
        """Return further subsets than those by attributes: `label set=stratum` to its images and measure."""
        return {}

    def curves(self, rules: R, classes: Classes) -> dict[str, Curve]:
        """Return the curves behind the numbers, by name; none unless the family has them."""
        return {}

    def notes(self, rules: R, classes: Classes) -> tuple[str, ...]:
        """Return what a reader should know about these numbers."""
        return ()


class Collect(Protocol):
    """How labels and predictions become statistics; every fault of the predictions is found and named."""

    def __call__(
        self, rules: Any, truth: Truth, positions: Sequence[int], predictions: Path, *, progress: Progress
    ) -> tuple[Counts[Any], str]:
        """Reduce each image.

        Args:
            rules: of the protocol.
            truth: the labels.
            positions: of the images that are scored, by ascending image id.
            predictions: folder, archive or file of anyone.
            progress: is told of each image.

        Returns:
            Statistics in the order of `positions`, and the hash of the decoded predictions.

        Raises:
            PredictionError: an image is missing, or a prediction is malformed.
        """


@dataclass(frozen=True)
class Family:
    """One family of metrics.

    Attributes:
        collect: labels and predictions to statistics.
        counts: type of the statistics.
    """

    collect: Collect
    counts: type[Counts[Any]]
