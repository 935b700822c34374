"""What MAE, E- and F-measure need of one image: pixels by what the map and the mask say there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.rules.saliency import SaliencyRules
from rgbtbench.scoring.saliency.alignment import alignment
from rgbtbench.scoring.saliency.f_measure import precision_recall
from rgbtbench.scoring.saliency.levels import WHITE, Levels, Map, first_heights, threshold_bins

Number = TypeVar("Number", np.int64, np.float64)
_BINARY: Final = np.array([0, WHITE])
_GREY: Final = np.arange(WHITE + 1)


@dataclass(frozen=True, slots=True)
class Tables:
    """One image, pixels by the value of the mask.

    Attributes:
        truths: int64 (G,), values of the mask, from 0 to 255.
        reaching: int64 (T, G), pixels that reach each threshold.
        above_e, above_f: int64 (G,), pixels that reach the adaptive thresholds of E and F.
        mae: mean absolute error of the map.
    """

    truths: NDArray[np.int64]
    reaching: NDArray[np.int64]
    above_e: NDArray[np.int64]
    above_f: NDArray[np.int64]
    mae: float

    @property
    def binned(self) -> NDArray[np.int64]:
        """Pixels by the number of thresholds beyond the first that the map reaches, int64 (T, G)."""
        return self.reaching - np.vstack([self.reaching[1:], np.zeros_like(self.reaching[:1])])

    def e_measures(self, epsilon: float) -> NDArray[np.float64]:
        """Return the E-measure at each threshold and, last, at the adaptive one, float64 (T + 1,)."""
        present = self.reaching[0].astype(np.float64)[:, None]
        return alignment(self._selected(self.above_e).T, present, self.truths / WHITE, epsilon=epsilon)

    def precision_recall(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return precision and recall at each threshold and, last, at the adaptive one, float64 (T + 1,) each."""
        selected, shares = self._selected(self.above_f), self.truths / WHITE
        return precision_recall(selected @ shares, selected.sum(axis=1), self.reaching[0] @ shares)

    def _selected(self, adaptively: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.vstack([self.reaching, adaptively]).astype(np.float64)


def at_or_above(binned: NDArray[Number]) -> NDArray[Number]:
    """Return what reaches each threshold, from what ends at each: sums from there to the last, along the first axis."""
    return binned[::-1].cumsum(axis=0)[::-1]


def binary_tables(by_height: NDArray[np.int64], levels: Levels, rules: SaliencyRules) -> Tables:
    """Return the tables of a mask that is only background and foreground.

    Args:
        by_height: int64 (L, 2), background and foreground pixels by levels above the floor.
        levels: what levels mean.
        rules: the protocol's.
    """
    reaching = np.zeros((len(by_height) + 1, 2), np.int64)
    reaching[:-1] = at_or_above(by_height)
    # Each pixel is counted once for each level up to its own.
    background, foreground = reaching[1:].sum(axis=0).tolist()
    black, white = reaching[0].tolist()
    cuts = _adaptive_cuts(background + foreground, black + white, levels, rules)
    above_e, above_f = (reaching[min(cut, len(by_height))] for cut in cuts)
    return Tables(
        truths=_BINARY,
        reaching=reaching.take(first_heights(levels, rules.thresholds), axis=0),
        above_e=above_e,
        above_f=above_f,
        mae=(background + levels.span * white - foreground) / (levels.span * (black + white)),
    )


def grey_tables(prediction: Map, truth: NDArray[np.uint8], levels: Levels, rules: SaliencyRules) -> Tables:
    """Return the tables of a mask with grey values, uint8 (H, W), that count as parts of a pixel."""
    values = len(_GREY)
    heights = prediction.astype(np.int64) - levels.floor
    bins = threshold_bins(levels, rules.thresholds)[prediction]
    cut_e, cut_f = _adaptive_cuts(int(heights.sum()), heights.size, levels, rules)
    joint = np.bincount((bins * values + truth).ravel(), minlength=rules.thresholds * values)
    return Tables(
        truths=_GREY,
        reaching=at_or_above(joint.reshape(rules.thresholds, values)),
        above_e=np.bincount(truth[heights >= cut_e], minlength=values),
        above_f=np.bincount(truth[heights >= cut_f], minlength=values),
        mae=float(np.abs(heights / levels.span - truth / WHITE).mean()),
    )


def _adaptive_cuts(total: int, pixels: int, levels: Levels, rules: SaliencyRules) -> tuple[int, int]:
    """Return the heights from which pixels are selected by the adaptive thresholds of E and F.

    Each is twice the mean height, exactly; a pixel right at it is selected.

    Args:
        total: heights of all pixels, added up.
        pixels: how many.
        levels: what levels mean.
        rules: say which threshold is at most 1.
    """
    twice = -(-2 * total // pixels)
    capped = min(twice, levels.span)
    return (capped if rules.adaptive_cap == "both" else twice), capped
