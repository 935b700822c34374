"""Per-image statistics of miss rates, and the numbers that follow from them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.rules import MissRateRules
from rgbtbench.scoring.family import Arrays, Classes, Counts, Measure, Values
from rgbtbench.scoring.miss_rate.curve import ROUNDED_REFERENCES, Detected, fppi_curve, log_average, recalls
from rgbtbench.scoring.results import Curve, finite

_PERCENT: Final = 100.0
#: Metric keys of the nine miss rates, by their FPPI: `miss_rate_at_0.01` to `miss_rate_at_1`.
REFERENCE_KEYS: Final = tuple(f"miss_rate_at_{reference:g}" for reference in ROUNDED_REFERENCES)


@dataclass(frozen=True)
class MissRateCounts(Counts[MissRateRules]):
    """Statistics of miss rates.

    Attributes:
        detected: what the detections amount to.
    """

    detected: Detected

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """See `Counts.to_arrays`."""
        return {f"miss_{field.name}": getattr(self.detected, field.name) for field in fields(Detected)}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """See `Counts.from_arrays`."""
        return cls(
            Detected(
                positives=arrays["miss_positives"].astype(np.int32),
                has_detections=arrays["miss_has_detections"].astype(np.bool_),
                images=arrays["miss_images"].astype(np.int32),
                hits=arrays["miss_hits"].astype(np.bool_),
            )
        )

    def measure(self, rules: MissRateRules, classes: Classes, images: NDArray[np.bool_]) -> Measure:
        """See `Counts.measure`; the keys are `miss_rate`, `recall` and `REFERENCE_KEYS`, all in percent."""
        chosen = self.detected.of_images(images)

        def measured(weights: NDArray[np.float64], resampled: bool) -> dict[str, NDArray[np.float64]]:
            return miss_rate_metrics(chosen, weights, rules, resampled=resampled)

        return measured

    def per_class(self, rules: MissRateRules, classes: Classes) -> dict[str, Values]:
        """Return the miss rate and recall of the one class that is to be found."""
        metrics = miss_rate_metrics(self.detected, np.ones((1, len(self.detected.positives))), rules)
        name = dict(zip(classes.ids, classes.names, strict=True)).get(rules.class_id, str(rules.class_id))
        return {name: {key: finite(metrics[key][0]) for key in ("miss_rate", "recall")}}

    def curves(self, rules: MissRateRules, classes: Classes) -> dict[str, Curve]:
        """Return the miss rate in percent over false positives per image."""
        fppi, missed = fppi_curve(self.detected, rules)
        points = (_PERCENT * missed).tolist()
        return {"miss_rate": Curve(x_name="fppi", y_name="miss_rate", x=tuple(fppi.tolist()), y=tuple(points))}

    def notes(self, rules: MissRateRules, classes: Classes) -> tuple[str, ...]:
        """Say that nothing is to be found, or how many boxes are not missed as their images have no detection."""
        positives = self.detected.positives
        if not positives.any():
            return ("nothing is to be found: no labelled box has the class, height, occlusion and place",)
        lost = int(positives[~self.detected.has_detections].sum())
        if rules.undetected_images == "counted" or not lost:
            return ()
        return (f"{lost} of {positives.sum()} boxes are not missed: their images have no detection",)


def miss_rate_metrics(
    detected: Detected, weights: NDArray[np.float64], rules: MissRateRules, *, resampled: bool = False
) -> dict[str, NDArray[np.float64]]:
    """Return all numbers, in percent.

    Args:
        detected: the statistics.
        weights: float64 (R, N), how often each image counts; whole numbers.
        rules: of the protocol.
        resampled: the weights are resamples of all images of `detected`. One that draws nothing to be found takes the
            recalls of the whole set, as other metrics do for a class that a resample leaves out.

    Returns:
        `miss_rate`, `recall` and `REFERENCE_KEYS`, each float64 (R,); NaN where nothing is to be found.
    """
    read = recalls(detected, weights, rules)
    at_references, final = read.at_references, read.final
    if resampled and np.isnan(final).any():
        whole = recalls(detected, np.ones((1, weights.shape[1])), rules)
        empty = np.isnan(final)
        final = np.where(empty, whole.final, final)
        at_references = np.where(empty[:, None], whole.at_references, at_references)
    missed = 1.0 - at_references
    nine = dict(zip(REFERENCE_KEYS, (_PERCENT * missed).T, strict=True))
    return {"miss_rate": _PERCENT * log_average(missed, rules), "recall": _PERCENT * final, **nine}
