"""The one table of metrics: what each key means, in which unit, and which direction is better."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from rgbtbench.errors import UnknownNameError, did_you_mean

#: `percent` is 0 to 100, `fraction` 0 to 1, `points` a sum of several numbers,
#: `thousandths` those of an image's width and height.
Unit = Literal["percent", "fraction", "points", "objects", "thousandths", "million", "billion", "millisecond"]

_HIGHEST: Final[dict[Unit, float]] = {"percent": 100.0, "fraction": 1.0}


@dataclass(frozen=True, slots=True)
class Metric:
    """How to read and print one metric.

    Attributes:
        key: as records and tables write it.
        title: as column heads show it.
        meaning: one clause.
        unit: of its numbers.
        better: which direction is better.
        digits: after the decimal point, as papers print it.
    """

    key: str
    title: str
    meaning: str
    unit: Unit = "percent"
    better: Literal["higher", "lower"] = "higher"
    digits: int = 1

    @property
    def highest(self) -> float:
        """Largest number that the unit allows; infinite where it sets no limit. The smallest is always 0."""
        return _HIGHEST.get(self.unit, math.inf)

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
            Metric("miss_rate", "MR", "log-average miss rate", better="lower", digits=2),
            *(
                Metric(f"miss_rate_at_{fppi}", f"MR at {fppi}", f"miss rate at {fppi} FPPI", better="lower", digits=2)
                for fppi in ("0.01", "0.0178", "0.0316", "0.0562", "0.1", "0.1778", "0.3162", "0.5623", "1")
            ),
            Metric("recall", "recall", "share of the objects that any detection finds"),
            Metric("s_measure", "S", "structure measure", "fraction", digits=3),
            Metric("mae", "MAE", "mean absolute error of the saliency map", "fraction", "lower", 3),
            Metric("e_max", "E max", "enhanced-alignment measure at the best of all thresholds", "fraction", digits=3),
            Metric("e_mean", "E mean", "enhanced-alignment measure, mean over thresholds", "fraction", digits=3),
            Metric("e_adaptive", "E adp", "enhanced-alignment measure at twice the map's mean", "fraction", digits=3),
            Metric("f_max", "F max", "F-measure (β² = 0.3) at the best of all thresholds", "fraction", digits=3),
            Metric("f_mean", "F mean", "F-measure (β² = 0.3), mean over thresholds", "fraction", digits=3),
            Metric("f_adaptive", "F adp", "F-measure (β² = 0.3) at twice the map's mean", "fraction", digits=3),
            Metric("f_weighted", "F wtd", "F-measure with errors weighted by their place", "fraction", digits=3),
            Metric("parse_rate", "read", "share of the answers that could be read", digits=2),
            Metric("accuracy", "Acc", "share of right answers", digits=2),
            Metric("count_mae", "MAE", "mean absolute error of a number of objects", "objects", "lower", 2),
            Metric(
                "count_rmse", "RMSE", "root of the mean squared error of a number of objects", "objects", "lower", 2
            ),
            Metric("location_mae", "MAE", "mean distance of stated from true points", "thousandths", "lower", 2),
            Metric("location_distance", "distance", "mean distance of matched points", "thousandths", "lower", 2),
            Metric("location_f1_5", "F1 5", "F1 of points matched within 5 thousandths", digits=2),
            Metric("location_f1_10", "F1 10", "F1 of points matched within 10 thousandths", digits=2),
            Metric("location_f1_25", "F1 25", "F1 of points matched within 25 thousandths", digits=2),
            Metric("location_precision", "precision", "share of stated points matched within 5 thousandths", digits=2),
            Metric("location_recall", "recall", "share of true points matched within 5 thousandths", digits=2),
            Metric("psum", "psum", "sum of the tasks in which more is better, each in percent", "points", digits=2),
            Metric("nsum", "nsum", "sum of the mean errors of the counting and locating tasks", "points", "lower", 2),
            Metric("feature_matching", "matching", "feature matching by a metric that the source does not name"),
            Metric("parameters", "params (M)", "parameters of the network", "million", "lower", 2),
            Metric("flops", "GFLOPs", "operations per input, as the source counts them", "billion", "lower", 2),
            Metric("latency", "ms", "time per input", "millisecond", "lower", 2),
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
