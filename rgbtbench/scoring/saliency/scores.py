"""From the statistics of one image to its numbers and curves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.rules.saliency import SaliencyRules
from rgbtbench.scoring.saliency.alignment import alignment
from rgbtbench.scoring.saliency.f_measure import f_measure, precision_recall
from rgbtbench.scoring.saliency.image import ImageStatistics, Measured
from rgbtbench.scoring.saliency.levels import WHITE, normalised
from rgbtbench.scoring.saliency.tables import at_or_above, binary_tables

_BINARY: Final = np.array([0.0, 1.0])


@dataclass(frozen=True, slots=True)
class ImageScores:
    """One image; all from 0 to 1, E a little above for a perfect map.

    Attributes:
        mae, s_measure, e_adaptive, f_adaptive: numbers.
        f_weighted: NaN where the rules leave an image without foreground out.
        e_curve, f_curve, precision, recall: float64 (T,), at each threshold from the lowest up.
        has_foreground: the mask is not all background.
    """

    mae: float
    s_measure: float
    e_adaptive: float
    f_adaptive: float
    f_weighted: float
    e_curve: NDArray[np.float64]
    f_curve: NDArray[np.float64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    has_foreground: bool


def scores_of(image: ImageStatistics, rules: SaliencyRules) -> ImageScores:
    """Return what the statistics of an image say under the rules that made them."""
    binned, measured = image.histogram[: rules.thresholds], image.measured
    if measured is None:
        binned, measured = _of_levels(image.histogram, rules)
    above, present = at_or_above(binned) / measured.parts, binned.sum(axis=0) / measured.parts
    precision, recall = precision_recall(above[:, 1], above.sum(axis=1), present[1])
    e_curve = measured.e_curve
    if e_curve is None:
        e_curve = alignment(above, present, _BINARY, epsilon=rules.epsilon)
    return ImageScores(
        mae=measured.mae,
        s_measure=image.s_measure,
        e_adaptive=measured.e_adaptive,
        f_adaptive=measured.f_adaptive,
        f_weighted=image.f_weighted,
        e_curve=e_curve,
        f_curve=f_measure(precision, recall),
        precision=precision,
        recall=recall,
        has_foreground=bool(present[1] > 0),
    )


def _of_levels(histogram: NDArray[np.int64], rules: SaliencyRules) -> tuple[NDArray[np.int64], Measured]:
    """Return the histogram by thresholds and the measures of one by levels."""
    occurring = np.flatnonzero(histogram.any(axis=1))
    levels = normalised(int(occurring[0]), int(occurring[-1]), WHITE, rules.normalisation)
    tables = binary_tables(histogram[levels.floor :], levels, rules)
    e_measures = tables.e_measures(rules.epsilon)
    return tables.binned, Measured(1, tables.mae, float(e_measures[-1]), tables.f_adaptive(), e_measures[:-1])
