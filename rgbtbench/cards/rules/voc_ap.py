"""Rules of average precision in the style of PASCAL VOC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import Field

from rgbtbench.cards.rules.base import FamilyRules, Sentence

_INTEGRATION: Final = {
    "eleven_points": "mean of the highest precision at or after 11 recalls, 0 to 1 (VOC 2007)",
    "area": "area under the highest precision at or after each recall (VOC 2010 and later)",
}
_OVERLAP: Final = {"above": "IoU above 0.5", "at_least": "IoU of 0.5 or more"}


class VocRules(FamilyRules):
    """Average precision at IoU 0.5 in the style of PASCAL VOC.

    A detection looks at the one ground truth that it overlaps most, and is false where that is taken already.
    """

    metric: Literal["voc_ap"] = "voc_ap"
    integration: Literal["eleven_points", "area"] = "area"
    overlap: Literal["above", "at_least"] = Field("above", description="whether an IoU of exactly 0.5 is a match")
    last_pixel: bool = Field(False, description="the far edges belong to boxes: 1 is added to widths and heights")
    shape: Literal["upright", "oriented"] = "upright"
    headline: Literal["ap50"] = "ap50"

    def in_words(self, classes: Mapping[int, str], labels: str) -> tuple[Sentence, ...]:
        """See `FamilyRules.in_words`."""
        edges = "1 is added to widths and heights" if self.last_pixel else "widths and heights as they are"
        return (
            (
                "Metric",
                f"VOC average precision, {_OVERLAP[self.overlap]}, {_INTEGRATION[self.integration]}, in percent",
            ),
            ("Labels", labels),
            ("Matching", "each detection with the object it overlaps most; false if that is taken"),
            ("Detections", "all"),
            ("Boxes", f"{self.shape}; {edges}"),
            ("Boxes marked ignore", "neither hit nor miss, as VOC's difficult objects"),
        )
