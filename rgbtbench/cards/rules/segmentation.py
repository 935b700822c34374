"""Rules of mIoU and its relatives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from rgbtbench.cards.rules.base import FamilyRules, Sentence
from rgbtbench.cards.schema import Name

_BACKGROUND: Final = {
    "included": "class 0 counts like any other",
    "mean_excluded": "class 0 is left out of the means only",
    "ignored": "pixels labelled 0 are not scored; predicting 0 elsewhere is an error",
    "deleted": "class 0 is removed from labels and predictions",
}
_ABSENT: Final = {
    "gt_present": "classes that do not occur in the labels are left out of the means",
    "union": "classes that occur in neither labels nor predictions are left out of the means",
    "zero": "classes that do not occur count as 0 in the means",
    "one": "classes that do not occur count as 1 in the means",
}


class SegmentationRules(FamilyRules):
    """How a confusion matrix becomes mIoU, mAcc and the others.

    `background` follows the four rules that give four numbers: `included` counts class 0 like any other,
    `mean_excluded` leaves it out of the means only, `ignored` drops pixels labelled 0 but still punishes
    predictions of 0 elsewhere, `deleted` removes both row and column.
    `absent` says what a class does that does not occur: `gt_present` leaves out classes without labels,
    `union` leaves out classes that are in neither labels nor predictions (nanmean), `zero` counts 0, `one` 100 %.
    `label_size`, `hidden_by` and `window` say which pixels are scored, in this order: labels are resized, pixels hidden
    by another label set go, then those outside the window.
    """

    metric: Literal["segmentation"] = "segmentation"
    classes: tuple[int, ...] | None = Field(None, description="native ids in the means; null: all of the card")
    ignore_ids: tuple[int, ...] = (255,)
    background: Literal["included", "mean_excluded", "ignored", "deleted"] = "included"
    absent: Literal["gt_present", "union", "zero", "one"] = "gt_present"
    label_size: tuple[int, int] | None = Field(
        None, description="height, width to which labels are resized by `label_sampling`; predictions have this size"
    )
    label_sampling: Literal["corner", "centre"] = Field(
        "corner", description="nearest label pixel: of the corner (OpenCV, torch), or of the centre (Pillow)"
    )
    hidden_by: Name | None = Field(None, description="semantic label set; where its id is not 0, no pixel is scored")
    window: tuple[int, int, int, int] | None = Field(
        None, description="left, top, right, bottom, half-open, in pixels of the (resized) label; others are not scored"
    )
    strata: Name | None = Field(
        None, description="semantic label set whose ids divide the pixels; class recall is reported in each"
    )
    headline: Literal["miou"] = "miou"

    @model_validator(mode="after")
    def _window_holds_pixels(self) -> Self:
        if self.window and not (0 <= self.window[0] < self.window[2] and 0 <= self.window[1] < self.window[3]):
            raise ValueError(f"window {self.window} holds no pixel")
        return self

    @property
    def divided_by(self) -> str | None:
        """The strata."""
        return self.strata

    def in_words(self, classes: Mapping[int, str], labels: str) -> tuple[Sentence, ...]:
        """See `FamilyRules.in_words`."""
        ids = tuple(classes) if self.classes is None else self.classes
        in_means = ", ".join(classes.get(number, str(number)) for number in ids)
        never = ", ".join(str(number) for number in self.ignore_ids) or "none"
        facts = [
            ("Metric", "mean IoU from one confusion matrix over all images, in percent"),
            ("Labels", labels),
            ("Classes", f"{len(ids)} in the means: {in_means}"),
            ("Background", _BACKGROUND[self.background]),
            ("Absent classes", _ABSENT[self.absent]),
            ("Ignored ids", never),
        ]
        if self.label_size:
            height, width = self.label_size
            facts.append(("Label size", f"labels resized to {width}x{height}, nearest by the {self.label_sampling}"))
        if self.hidden_by:
            facts.append(("Hidden pixels", f"those that label set {self.hidden_by} marks are not scored"))
        if self.window:
            left, top, right, bottom = self.window
            facts.append(("Window", f"columns {left} to {right - 1} and rows {top} to {bottom - 1}"))
        if self.strata:
            facts.append(("Strata", f"pixels are divided by label set {self.strata}; class recall is reported in each"))
        return tuple(facts)
