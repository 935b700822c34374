"""From the statistics of images to their numbers and curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.rules.saliency import SaliencyRules
from rgbtbench.scoring.saliency.alignment import alignment
from rgbtbench.scoring.saliency.f_measure import f_measure, precision_recall
from rgbtbench.scoring.saliency.image import ImageStatistics
from rgbtbench.scoring.saliency.levels import WHITE, normalised
from rgbtbench.scoring.saliency.tables import Tables, at_or_above, binary_tables

_BINARY: Final = np.array([0.0, 1.0])


@dataclass(frozen=True, slots=True)
class Scores:
    """N images; all from 0 to 1, E a little above for a perfect map.

    Attributes:
        mae, s_measure, e_adaptive, f_adaptive: float64 (N,).
        f_weighted: float64 (N,), NaN where the rules leave an image without foreground out.
        e_curve, f_curve, precision, recall: float64 (N, T), at each threshold from the lowest up.
        has_foreground: bool (N,), the mask is not all background.
    """

    mae: NDArray[np.float64]
    s_measure: NDArray[np.float64]
    e_adaptive: NDArray[np.float64]
    f_adaptive: NDArray[np.float64]
    f_weighted: NDArray[np.float64]
    e_curve: NDArray[np.float64]
    f_curve: NDArray[np.float64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    has_foreground: NDArray[np.bool_]


def scores_of(images: Sequence[ImageStatistics], rules: SaliencyRules) -> Scores:
    """Return what the statistics of images say under the rules that made them."""
    count, thresholds = len(images), rules.thresholds
    mae = np.zeros(count)
    # What reaches the adaptive threshold stands behind what reaches each of the others.
    above_e, above_f = (np.zeros((2, count, thresholds + 1)) for _ in range(2))
    for at, image in enumerate(images):
        if image.measured is None:
            tables = _tables_of_levels(image.histogram, rules)
            mae[at] = tables.mae
            above_e[:, at, :-1] = tables.reaching.T
            above_e[:, at, -1], above_f[:, at, -1] = tables.above_e, tables.above_f
        else:
            mae[at] = image.measured.mae
            above_e[:, at, :-1] = at_or_above(image.histogram[:thresholds]).T / image.measured.parts
    above_f[..., :-1] = above_e[..., :-1]
    present = above_e[..., :1]
    e_measures = alignment(above_e, present, _BINARY, epsilon=rules.epsilon)
    precision, recall = precision_recall(above_f[1], above_f.sum(axis=0), present[1])
    f_measures = f_measure(precision, recall)
    for at, image in enumerate(images):
        if image.measured is not None:
            e_measures[at, -1], f_measures[at, -1] = image.measured.e_adaptive, image.measured.f_adaptive
            if image.measured.e_curve is not None:
                e_measures[at, :-1] = image.measured.e_curve
    return Scores(
        mae=mae,
        s_measure=np.array([image.s_measure for image in images], np.float64),
        e_adaptive=e_measures[:, -1],
        f_adaptive=f_measures[:, -1],
        f_weighted=np.array([image.f_weighted for image in images], np.float64),
        e_curve=e_measures[:, :-1],
        f_curve=f_measures[:, :-1],
        precision=precision[:, :-1],
        recall=recall[:, :-1],
        has_foreground=np.asarray(present[1, :, 0] > 0, np.bool_),
    )


def _tables_of_levels(histogram: NDArray[np.int64], rules: SaliencyRules) -> Tables:
    occurring = np.flatnonzero(histogram[:, 0] + histogram[:, 1])
    levels = normalised(int(occurring[0]), int(occurring[-1]), WHITE, rules.normalisation)
    return binary_tables(histogram[levels.floor :], levels, rules)
