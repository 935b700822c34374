"""From statistics to the miss rates at the nine reference points and their logarithmic mean, for resamples alike.

A resample is a weight per image; an image drawn twice repeats its detections in place. Between two hits only the number
of false positives matters, so sorting happens once and the curve is looked at where it rises.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.rules.miss_rate import MissRateRules

#: False positives per image at which miss rates are read.
REFERENCES: Final = 10.0 ** np.arange(-2.0, 0.01, 0.25)
#: The same, rounded: also their names in results.
ROUNDED_REFERENCES: Final = np.round(REFERENCES, 4)
#: 60 points per decade: the references are among them.
_GRID: Final = 10.0 ** np.linspace(-3.0, 1.0, 241)


@dataclass(frozen=True)
class Detected:
    """What the detections of N images amount to: the sufficient statistics of miss rates.

    Detections stand by falling score, equal ones by image. Those that are dropped, and those after the last hit, change
    no number and are left out.

    Attributes:
        positives: int32 (N,), boxes to be found in each image.
        has_detections: bool (N,), the image has any detection, dropped ones included.
        images: int32 (D,), index of each detection's image.
        hits: bool (D,), it found a box; otherwise it is a false positive.
    """

    positives: NDArray[np.int32]
    has_detections: NDArray[np.bool_]
    images: NDArray[np.int32]
    hits: NDArray[np.bool_]

    def of_images(self, chosen: NDArray[np.bool_]) -> Detected:
        """Return the statistics of some images, bool (N,), numbered anew."""
        if chosen.all():
            return self
        kept = chosen[self.images]
        return Detected(
            positives=self.positives[chosen],
            has_detections=self.has_detections[chosen],
            images=(np.cumsum(chosen) - 1)[self.images[kept]].astype(np.int32),
            hits=self.hits[kept],
        )


@dataclass(frozen=True)
class Recalls:
    """Recall as fractions; NaN where nothing is to be found.

    Attributes:
        at_references: float64 (R, 9).
        final: float64 (R,), with all detections.
    """

    at_references: NDArray[np.float64]
    final: NDArray[np.float64]


def recalls(detected: Detected, weights: NDArray[np.float64], rules: MissRateRules) -> Recalls:
    """Return the recall at the reference points and at the end of the curve.

    The curve has a point after each detection. At a reference the last point counts whose FPPI does not exceed it; a
    curve that ends before a reference keeps its last recall there.

    Args:
        detected: the statistics.
        weights: float64 (R, N), how often each image counts; whole numbers.
        rules: of the protocol.
    """
    positives = weights @ _positives(detected, rules)
    drawn = weights[:, detected.images[detected.hits]]
    found = np.zeros((len(weights), drawn.shape[1] + 1))
    np.cumsum(drawn, axis=1, out=found[:, 1:])
    final = found[:, -1]
    images = weights.sum(axis=1, keepdims=True)
    fppi = _false_before_hits(detected, weights) / np.where(images > 0, images, 1.0)
    references = REFERENCES if rules.references == "exact" else ROUNDED_REFERENCES
    reached = np.array([np.searchsorted(curve, references, side="right") for curve in fppi])
    at_references = found[np.arange(len(weights))[:, None], reached]
    if rules.early_false_positive == "last_recall":
        first_is_false = (np.where(drawn > 0, fppi, np.inf).min(axis=1, initial=np.inf) > 0)[:, None]
        exceeded = first_is_false & (references * images < 1.0)
        at_references = np.where(exceeded, final[:, None], at_references)
    defined = positives > 0
    divisor = np.where(defined, positives, np.nan)
    return Recalls(at_references=at_references / divisor[:, None], final=final / divisor)


def log_average(miss_rates: NDArray[np.float64], rules: MissRateRules) -> NDArray[np.float64]:
    """Return the geometric mean of miss rates (..., 9) from 0 to 1, none below the floor; NaN where one is undefined.

    With a floor of 0, one perfect reference point makes the mean 0.
    """
    with np.errstate(divide="ignore"):
        return np.asarray(np.exp(np.log(np.maximum(miss_rates, rules.floor)).mean(axis=-1)))


def fppi_curve(detected: Detected, rules: MissRateRules) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return false positives per image and the miss rate there, at most 242 points, for drawing.

    The miss rate at a given FPPI is that of the last curve point that does not exceed it. The curve ends at its last
    hit, after which it is level.

    Returns:
        FPPI, ascending, and miss rate from 0 to 1, each float64 (P,); empty where nothing is to be found.
    """
    positives = float(_positives(detected, rules).sum())
    images = len(detected.positives)
    if positives == 0 or images == 0:
        return np.zeros(0), np.zeros(0)
    fppi = _false_before_hits(detected, np.ones((1, images)))[0] / images
    end = fppi[-1] if len(fppi) else 0.0
    drawn = np.append(_GRID[: np.searchsorted(_GRID, end)], end)
    return drawn, 1.0 - np.searchsorted(fppi, drawn, side="right") / positives


def _positives(detected: Detected, rules: MissRateRules) -> NDArray[np.float64]:
    counted = detected.positives.astype(np.float64)
    return counted if rules.undetected_images == "counted" else counted * detected.has_detections


def _false_before_hits(detected: Detected, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return float64 (R, H): how many false positives score higher than each hit."""
    false = ~detected.hits
    if len(weights) == 1:
        return np.cumsum(weights[0, detected.images] * false)[None, detected.hits]
    from scipy.sparse import csr_array

    # One row per hit, of the false positives between it and the hit before; those after the last hit change nothing.
    before = np.cumsum(detected.hits)[false]
    hits = int(detected.hits.sum())
    rows = np.concatenate([[0], np.cumsum(np.bincount(before, minlength=hits + 1)[:hits])])
    images = detected.images[false][: rows[-1]]
    between = csr_array((np.ones(len(images)), images, rows), shape=(hits, weights.shape[1]))
    return np.cumsum(np.asarray((between @ weights.T).T), axis=1)
