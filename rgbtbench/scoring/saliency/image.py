"""One map against one mask: everything that is kept of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.rules.saliency import SaliencyRules
from rgbtbench.scoring.saliency.alignment import alignment
from rgbtbench.scoring.saliency.f_measure import f_measure, precision_recall
from rgbtbench.scoring.saliency.foreground import blocks_at_centroid, foreground_of
from rgbtbench.scoring.saliency.histograms import block_histograms, salient_background
from rgbtbench.scoring.saliency.levels import Map, levels_of
from rgbtbench.scoring.saliency.structure import structure_measure
from rgbtbench.scoring.saliency.tables import WHITE, Tables, binary_tables, grey_tables
from rgbtbench.scoring.saliency.weighted_f import weighted_f_measure


@dataclass(frozen=True, slots=True)
class ImageScores:
    """One image.

    Attributes:
        histogram: int64 (T, 2), background and foreground by the number of thresholds beyond the first that the map
            reaches there, in parts of a pixel; a grey pixel is part of both.
        parts: of a pixel, 1 where the mask is binary and 255 where it is grey.
        e_curve: float64 (T,), E-measure at each threshold where the mask is grey; None where it is binary, because
            the histogram says it.
        mae, s_measure, e_adaptive, f_adaptive: from 0 to 1.
        f_weighted: from 0 to 1; NaN where the rules leave an image without foreground out.
    """

    histogram: NDArray[np.int64]
    parts: int
    e_curve: NDArray[np.float64] | None
    mae: float
    s_measure: float
    e_adaptive: float
    f_adaptive: float
    f_weighted: float


def score_image(prediction: Map, truth: NDArray[np.uint8], rules: SaliencyRules) -> ImageScores:
    """Score one map.

    Args:
        prediction: uint8 or uint16 (H, W).
        truth: uint8 (H, W) of grey values from 0 to 255.
        rules: the protocol's.
    """
    levels = levels_of(prediction, rules.normalisation)
    foreground = foreground_of(truth, rules.truth)
    salient = salient_background(prediction, foreground, levels)
    blocks = blocks_at_centroid(foreground, rules.centroid) if foreground.count else (0, 0)
    by_block = block_histograms(prediction, foreground, salient, levels, blocks)
    by_height = by_block.sum(axis=0)
    is_grey = rules.truth == "grey" and bool(((truth > 0) & (truth < WHITE)).any())
    tables = grey_tables(prediction, truth, levels, rules) if is_grey else binary_tables(by_height, levels, rules)
    if foreground.count:
        beta_squared = rules.f_weighted_beta2
        f_weighted = weighted_f_measure(prediction, foreground, salient, levels, beta_squared=beta_squared)
    else:
        mean = int(by_height[0] @ np.arange(by_height.shape[1])) / (levels.span * prediction.size)
        f_weighted = {"zero": 0.0, "skip": math.nan, "one_minus_mean": 1 - mean}[rules.empty_truth_weighted]
    parts = WHITE if is_grey else 1
    return ImageScores(
        histogram=tables.binned @ np.stack([WHITE - tables.truths, tables.truths], axis=1) * parts // WHITE,
        parts=parts,
        e_curve=_e_curve(tables, rules.epsilon) if is_grey else None,
        mae=tables.mean_error,
        s_measure=structure_measure(by_block, span=levels.span, epsilon=rules.epsilon),
        e_adaptive=float(_e_measure(tables.above_e, tables, rules.epsilon)),
        f_adaptive=_adaptive_f(tables),
        f_weighted=f_weighted,
    )


def _e_curve(tables: Tables, epsilon: float) -> NDArray[np.float64]:
    return _e_measure(tables.binned[::-1].cumsum(axis=0)[::-1], tables, epsilon)


def _e_measure(selected: NDArray[np.int64], tables: Tables, epsilon: float) -> NDArray[np.float64]:
    present = tables.binned.sum(axis=0).astype(np.float64)
    return alignment(selected.astype(np.float64), present, tables.truths / WHITE, epsilon=epsilon)


def _adaptive_f(tables: Tables) -> float:
    hits = np.array(tables.above_f @ tables.truths / WHITE)
    foreground = np.array(tables.binned.sum(axis=0) @ tables.truths / WHITE)
    return float(f_measure(*precision_recall(hits, np.array(tables.above_f.sum(), np.float64), foreground)))
