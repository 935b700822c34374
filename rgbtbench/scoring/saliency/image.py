"""One map against one mask: the little that is kept of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.rules.saliency import SaliencyRules
from rgbtbench.scoring.saliency.errors import missed_of, raised_of
from rgbtbench.scoring.saliency.f_measure import f_measure
from rgbtbench.scoring.saliency.foreground import blocks_at_centroid, foreground_of
from rgbtbench.scoring.saliency.histograms import blocks_of, levels_counted
from rgbtbench.scoring.saliency.levels import WHITE, Levels, Map, levels_of
from rgbtbench.scoring.saliency.structure import structure_measure
from rgbtbench.scoring.saliency.tables import Tables, binary_tables, grey_tables
from rgbtbench.scoring.saliency.weighted_f import weighted_f_measure


@dataclass(frozen=True, slots=True)
class Measured:
    """What a histogram of 256 levels cannot say: of maps of 16 bits and of masks with grey values.

    Attributes:
        parts: of a pixel that the histogram counts, 255 where the mask is grey, else 1.
        mae, e_adaptive, f_adaptive: from 0 to 1.
        e_curve: float64 (T,), E-measure at each threshold where the mask is grey; else None.
    """

    parts: int
    mae: float
    e_adaptive: float
    f_adaptive: float
    e_curve: NDArray[np.float64] | None


@dataclass(frozen=True, slots=True)
class ImageStatistics:
    """One image.

    Attributes:
        histogram: int64 (256, 2), background and foreground pixels by the level that the map has there. Where
            something is `measured` directly, by the number of thresholds beyond the first that the map reaches, in
            parts of a pixel; a grey pixel is part of both.
        s_measure: from 0 to 1.
        f_weighted: from 0 to 1; NaN where the rules leave an image without foreground out.
        measured: what the histogram does not say; None where it says all.
    """

    histogram: NDArray[np.int64]
    s_measure: float
    f_weighted: float
    measured: Measured | None


def reduce_image(prediction: Map, truth: NDArray[np.uint8], rules: SaliencyRules) -> ImageStatistics:
    """Reduce one map to statistics.

    Args:
        prediction: uint8 or uint16 (H, W).
        truth: uint8 (H, W) of grey values from 0 to 255.
        rules: the protocol's.
    """
    levels = levels_of(prediction, rules.normalisation)
    foreground = foreground_of(truth, rules.truth)
    raised = raised_of(prediction, foreground, levels)
    missed = missed_of(prediction, foreground, levels) if foreground.count else None
    by_height = levels_counted(foreground, raised, missed, levels)
    if missed is not None:
        split = blocks_at_centroid(foreground, rules.centroid)
        beta_squared = rules.f_weighted_beta2
        f_weighted = weighted_f_measure(foreground, raised, missed, levels, beta_squared=beta_squared)
    else:
        split = (0, 0)
        f_weighted = _f_weighted_of_nothing(by_height[:, 0], levels, rules)
    is_grey = rules.truth == "grey" and bool(((truth > 0) & (truth < WHITE)).any())
    histogram, measured = np.zeros((WHITE + 1, 2), np.int64), None
    if is_grey or levels.top > WHITE:
        tables = grey_tables(prediction, truth, levels, rules) if is_grey else binary_tables(by_height, levels, rules)
        parts = WHITE if is_grey else 1
        sides = np.stack([WHITE - tables.truths, tables.truths], axis=1)
        histogram[: rules.thresholds] = tables.binned @ sides * parts // WHITE
        measured = _measured(tables, rules, parts)
    else:
        histogram[levels.floor :] = by_height
    blocks = blocks_of(foreground, raised, missed, levels, split)
    structure = structure_measure(blocks, span=levels.span, epsilon=rules.epsilon)
    return ImageStatistics(histogram, structure, f_weighted, measured)


def _f_weighted_of_nothing(by_height: NDArray[np.int64], levels: Levels, rules: SaliencyRules) -> float:
    mean = int(np.arange(len(by_height)) @ by_height) / (levels.span * int(by_height.sum()))
    return {"zero": 0.0, "skip": math.nan, "one_minus_mean": 1 - mean}[rules.empty_truth_weighted]


def _measured(tables: Tables, rules: SaliencyRules, parts: int) -> Measured:
    e_measures, f_measures = tables.e_measures(rules.epsilon), f_measure(*tables.precision_recall())
    return Measured(
        parts=parts,
        mae=tables.mae,
        e_adaptive=float(e_measures[-1]),
        f_adaptive=float(f_measures[-1]),
        e_curve=e_measures[:-1] if parts > 1 else None,
    )
