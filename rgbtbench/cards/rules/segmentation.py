"""Rules of mIoU and its relatives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import Field

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
}


class SegmentationRules(FamilyRules):
    """How a confusion matrix becomes mIoU, mAcc and the others.

    `background` follows the four rules that give four numbers: `included` counts class 0 like any other,
    `mean_excluded` leaves it out of the means only, `ignored` drops pixels labelled 0 but still punishes
    predictions of 0 elsewhere, `deleted` removes both row and column.
    `absent` says what a class does that does not occur: `gt_present` leaves out classes without labels,
    `union` leaves out classes that are in neither labels nor predictions (nanmean), `zero` counts 0.
    """

    metric: Literal["segmentation"] = "segmentation"
    classes: tuple[int, ...] | None = Field(None, description="native ids in the means; null: all of the card")
    ignore_ids: tuple[int, ...] = (255,)
    background: Literal["included", "mean_excluded", "ignored", "deleted"] = "included"
    absent: Literal["gt_present", "union", "zero"] = "gt_present"
    strata: Name | None = Field(
        None, description="semantic label set whose ids divide the pixels; class recall is reported in each"
    )
    headline: Literal["miou"] = "miou"

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
        if self.strata:
            facts.append(("Strata", f"pixels are divided by label set {self.strata}; class recall is reported in each"))
        return tuple(facts)
