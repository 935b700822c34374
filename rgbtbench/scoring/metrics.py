"""The one table of metrics: what each key means, in which unit, and which direction is better."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from rgbtbench.errors import UnknownNameError, did_you_mean


@dataclass(frozen=True, slots=True)
class Metric:
    """How to read and print one metric.

    Attributes:
        key: as records and tables write it.
        title: as column heads show it.
        meaning: one clause.
        unit: `percent` (0 to 100) or `fraction` (0 to 1).
        better: which direction is better.
        digits: after the decimal point, as papers print it.
    """

    key: str
    title: str
    meaning: str
    unit: Literal["percent", "fraction"] = "percent"
    better: Literal["higher", "lower"] = "higher"
    digits: int = 1

    def text(self, value: float | None) -> str:
        """Return the value as tables print it, `–` where it is undefined."""
        return "–" if value is None else f"{value:.{self.digits}f}"


METRICS: Final = MappingProxyType(
    {
        metric.key: metric
        for metric in (
            Metric("miou", "mIoU", "mean intersection over union of the classes"),
            Metric("macc", "mAcc", "mean recall of the classes"),
            Metric("aacc", "aAcc", "share of pixels with the right class"),
            Metric("fwiou", "fwIoU", "IoU weighted by the classes' frequency"),
            Metric("f1", "F1", "mean F1 (Dice) of the classes"),
            Metric("iou", "IoU", "intersection over union of a class"),
            Metric("acc", "Acc", "recall of a class"),
            Metric("ap", "AP", "average precision over IoU 0.50 to 0.95"),
            Metric("ap50", "AP50", "average precision at IoU 0.50"),
            Metric("ap75", "AP75", "average precision at IoU 0.75"),
            Metric("ap_small", "APs", "average precision of boxes up to 32² pixels"),
            Metric("ap_medium", "APm", "average precision of boxes from 32² to 96² pixels"),
            Metric("ap_large", "APl", "average precision of boxes from 96² pixels"),
            Metric("ar1", "AR1", "average recall with one detection per image and class"),
            Metric("ar10", "AR10", "average recall with ten detections per image and class"),
            Metric("ar", "AR", "average recall with all scored detections"),
            Metric("ar_small", "ARs", "average recall of boxes up to 32² pixels"),
            Metric("ar_medium", "ARm", "average recall of boxes from 32² to 96² pixels"),
            Metric("ar_large", "ARl", "average recall of boxes from 96² pixels"),
        )
    }
)


def metric(key: str) -> Metric:
    """Return the table's row for a metric key.

    Raises:
        UnknownNameError: no such metric; names the closest.
    """
    if key not in METRICS:
        raise UnknownNameError(f"no metric {key!r}", remedy=did_you_mean(key, METRICS))
    return METRICS[key]
