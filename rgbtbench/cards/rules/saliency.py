"""Rules of salient object detection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import Field

from rgbtbench.cards.rules.base import FamilyRules, Sentence

Normalisation = Literal["min_max", "none"]
Truth = Literal["above_128", "at_least_128", "nonzero", "grey"]
Centroid = Literal["half_even", "half_up", "zero_based"]
EmptyTruth = Literal["zero", "skip", "one_minus_mean"]

_NORMALISATION: Final = {
    "min_max": "each map is stretched so that its darkest pixel is 0 and its brightest 1; a constant map is not",
    "none": "maps count as they are stored, over 255 or 65535",
}
_TRUTH: Final = {
    "above_128": "foreground where above 128",
    "at_least_128": "foreground where at least 128",
    "nonzero": "foreground where not 0",
    "grey": "MAE, E and F keep grey values; S and weighted F take at least 128 as foreground",
}
_CENTROID: Final = {
    "half_even": "rounded to whole pixels, halves to the even one (PySODMetrics)",
    "half_up": "rounded to whole pixels, halves upwards (MATLAB)",
    "zero_based": "rounded to whole pixels counted from 0, so that blocks end one pixel earlier",
}
_EMPTY: Final = {"zero": "count 0", "skip": "are left out", "one_minus_mean": "count one minus the map's mean"}
_MISMATCH: Final = {"error": "is refused", "resize": "is resized to the mask's, bilinear as Pillow does it"}


class SaliencyRules(FamilyRules):
    """How maps and masks become MAE, S-, E- and F-measures. The defaults are those of PySODMetrics 1.6.

    `thresholds` are 256 (a level of 0 to 255 each, compared with the map times 255, cut to whole numbers) or 255
    (0, 1/254, ..., 1). `epsilon` keeps denominators of S and E from 0.
    """

    metric: Literal["saliency"] = "saliency"
    normalisation: Normalisation = "min_max"
    thresholds: Literal[256, 255] = 256
    truth: Truth = "above_128"
    centroid: Centroid = "half_even"
    epsilon: float = Field(2.0**-52, ge=0, lt=1e-6, description="keeps denominators of S and E from 0")
    f_weighted_beta2: float = Field(1.0, gt=0, description="beta squared of the weighted F-measure; that of F is 0.3")
    empty_truth: Literal["zero", "skip"] = Field("zero", description="F of an image without foreground")
    empty_truth_weighted: EmptyTruth = Field("zero", description="weighted F of an image without foreground")
    adaptive_cap: Literal["both", "f_only"] = Field("both", description="whose adaptive threshold is at most 1")
    size_mismatch: Literal["error", "resize"] = Field("error", description="a map of another size than its mask")
    headline: Literal["s_measure", "mae", "e_max", "f_max", "f_weighted"] = "s_measure"

    @property
    def of_empty_masks(self) -> str:
        """Say what images without foreground count."""
        return f"they {_EMPTY[self.empty_truth]} in F and {_EMPTY[self.empty_truth_weighted]} in weighted F"

    def in_words(self, classes: Mapping[int, str], labels: str) -> tuple[Sentence, ...]:
        """See `FamilyRules.in_words`."""
        del classes
        last = "0 to 255" if self.thresholds == 256 else "0, 1/254, ..., 1"
        capped = "of E and F at most 1" if self.adaptive_cap == "both" else "of F at most 1, of E without a limit"
        return (
            ("Metric", "MAE, S (alpha 0.5), E, F (beta squared 0.3) and weighted F, mean over images, from 0 to 1"),
            ("Labels", labels),
            ("Maps", _NORMALISATION[self.normalisation]),
            ("Masks", _TRUTH[self.truth]),
            ("Thresholds", f"{self.thresholds}: {last}; maximum and mean are taken from the mean curve"),
            ("Adaptive threshold", f"twice the map's mean, {capped}"),
            ("Centroid", _CENTROID[self.centroid]),
            ("Weighted F", f"beta squared {self.f_weighted_beta2:g}"),
            ("Images without foreground", self.of_empty_masks),
            ("A map of another size", _MISMATCH[self.size_mismatch]),
            ("Epsilon", f"{self.epsilon:.3g} in denominators of S and E"),
        )
