"""Rules of average precision as YOLO code bases compute it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import Field

from rgbtbench.cards.rules.base import FamilyRules, Sentence

_INTEGRATION: Final = {
    "yolov5": "falls to 0 within 0.01 after the last recall (YOLOv5 up to v5, CFT, ICAFusion)",
    "yolov5_v6": "falls in a line from the last recall to recall 1 (YOLOv5 from v6 on)",
    "ultralytics": "falls to 0 at the last recall (Ultralytics from 2025 on)",
}
_MATCHING: Final = {
    "argmax": "each detection with the object it overlaps most, IoU above 0.50; false if that is taken, at every IoU",
    "free": "at each IoU, each detection with the free object it overlaps most",
}


class YoloRules(FamilyRules):
    """Average precision as YOLO code bases compute it: the area under 101 interpolated points of the curve."""

    metric: Literal["yolo_ap"] = "yolo_ap"
    integration: Literal["yolov5", "yolov5_v6", "ultralytics"] = "yolov5"
    matching: Literal["argmax", "free"] = "argmax"
    min_score: float = Field(0.001, ge=0.0, description="detections of this score and below are left out")
    max_detections: int = Field(300, ge=1, description="the best-scored ones of an image, of all classes together")
    headline: Literal["ap", "ap50", "ap75"] = "ap50"

    def in_words(self, classes: Mapping[int, str], labels: str) -> tuple[Sentence, ...]:
        """See `FamilyRules.in_words`."""
        return (
            ("Metric", "area under 101 interpolated points of the curve, IoU 0.50 to 0.95, in percent"),
            ("End of the curve", _INTEGRATION[self.integration]),
            ("Labels", labels),
            ("Matching", _MATCHING[self.matching]),
            ("Detections", f"scores above {self.min_score:g}, at most {self.max_detections} per image"),
            ("Boxes marked ignore", "left out; a detection there is false"),
        )
