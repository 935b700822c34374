"""What MAE, E- and F-measure need of one image: pixels by what the map and the mask say there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.rules.saliency import SaliencyRules
from rgbtbench.scoring.saliency.alignment import alignment
from rgbtbench.scoring.saliency.f_measure import precision_recall
from rgbtbench.scoring.saliency.levels import WHITE, Levels, Map, threshold_bins

Number = TypeVar("Number", np.int64, np.float64)
_BINARY: Final = np.array([0, WHITE])
_GREY: Final = np.arange(WHITE + 1)


@dataclass(frozen=True, slots=True)
class Tables:
    """One image, pixels by the value of the mask.

    Attributes:
        truths: int64 (G,), values of the mask, from 0 to 255.
        binned: int64 (T, G), by the number of thresholds beyond the first that the map reaches.
        above_e, above_f: int64 (G,), pixels that reach the adaptive thresholds of E and F.
        mae: mean absolute error of the map.
    """

    truths: NDArray[np.int64]
    binned: NDArray[np.int64]
    above_e: NDArray[np.int64]
    above_f: NDArray[np.int64]
    mae: float

    def e_measures(self, epsilon: float) -> NDArray[np.float64]:
        """Return the E-measure at each threshold and, last, at the adaptive one, float64 (T + 1,)."""
        present = self.binned.sum(axis=0).astype(np.float64)
        return alignment(self._selected(self.above_e), present, self.truths / WHITE, epsilon=epsilon)

    def precision_recall(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return precision and recall at each threshold and, last, at the adaptive one, float64 (T + 1,) each."""
        selected, shares = self._selected(self.above_f), self.truths / WHITE
        return precision_recall(selected @ shares, selected.sum(axis=1), self.binned.sum(axis=0) @ shares)

    def _selected(self, adaptively: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.vstack([at_or_above(self.binned), adaptively]).astype(np.float64)


def at_or_above(binned: NDArray[Number], *, axis: int = 0) -> NDArray[Number]:
    """Return what reaches each threshold, from what ends at each: sums from there to the last along an axis."""
    return np.flip(np.flip(binned, axis).cumsum(axis=axis), axis)


def binary_tables(by_height: NDArray[np.int64], levels: Levels, rules: SaliencyRules) -> Tables:
    """Return the tables of a mask that is only background and foreground.

    Args:
        by_height: int64 (L, 2), background and foreground pixels by levels above the floor.
        levels: what levels mean.
        rules: the protocol's.
    """
    background, foreground = (int(total) for total in np.arange(len(by_height)) @ by_height)
    pixels, white = int(by_height.sum()), int(by_height[:, 1].sum())
    bins = threshold_bins(levels, rules.thresholds)[levels.floor :]
    binned = [np.bincount(bins, weights=counts, minlength=rules.thresholds) for counts in by_height.T]
    cut_e, cut_f = _adaptive_cuts(background + foreground, pixels, levels, rules)
    return Tables(
        truths=_BINARY,
        binned=np.stack(binned, axis=1).astype(np.int64),
        above_e=by_height[cut_e:].sum(axis=0),
        above_f=by_height[cut_f:].sum(axis=0),
        mae=(background + levels.span * white - foreground) / (levels.span * pixels),
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
        binned=joint.reshape(rules.thresholds, values),
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
