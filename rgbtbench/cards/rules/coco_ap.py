"""Rules of COCO average precision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from rgbtbench.cards.rules.base import FamilyRules, Sentence


class CocoRules(FamilyRules):
    """COCO average precision as pycocotools computes it."""

    metric: Literal["coco_ap"] = "coco_ap"
    max_detections: tuple[Literal[1], Literal[10], Annotated[int, Field(ge=10)]] = (1, 10, 100)
    ignore_as_crowd: bool = Field(True, description="boxes marked ignore become crowd regions")
    headline: Literal["ap", "ap50", "ap75"] = "ap"

    def in_words(self, classes: Mapping[int, str], labels: str) -> tuple[Sentence, ...]:
        """See `FamilyRules.in_words`."""
        crowd = "become crowd regions, neither hit nor miss" if self.ignore_as_crowd else "count as objects"
        return (
            ("Metric", "COCO average precision, IoU 0.50 to 0.95, 101 recall points, in percent"),
            ("Labels", labels),
            ("Detections", f"at most {self.max_detections[-1]} per image"),
            ("Boxes marked ignore", crowd),
        )
