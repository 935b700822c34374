"""Rules of the log-average miss rate (MR^-2) of pedestrian benchmarks, in its published forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from rgbtbench.cards.rules.base import FamilyRules, Sentence

_OCCLUSIONS: Final = {-1: "not stated", 0: "none", 1: "partial", 2: "heavy"}


class MissRateRules(FamilyRules):
    """How boxes become miss rates against false positives per image (FPPI), and those one number.

    The defaults are the Reasonable setting of KAIST as Dollár's MATLAB toolbox computes it. The rules from
    `max_detections` on are what the Python script of MLPD, which others copied, does differently.
    """

    metric: Literal["miss_rate"] = "miss_rate"
    class_id: int = Field(1, description="what is to be found, in ids of the label space")
    heights: tuple[float, float | None] = Field(
        (55.0, None), description="pixels, both ends inclusive; null: no upper end. Others are ignore regions"
    )
    occlusions: tuple[Literal[-1, 0, 1, 2], ...] = Field(
        (0, 1), min_length=1, description="0 none, 1 partial, 2 heavy, -1 not stated. Others are ignore regions"
    )
    inside: tuple[float, float, float, float] | None = Field(
        (5.0, 5.0, 635.0, 507.0),
        description="left, top, right, bottom; boxes that reach beyond are ignore regions. Null: none are",
    )
    vertical_stretch: float = Field(1.0, gt=0, description="y and height of the labels are divided by it first")
    frame_file_shift: float = Field(
        1.0, description="added to x and y of files with one frame's detections, which count from 0, not from 1"
    )
    overlap: float = Field(0.5, gt=0, le=1, description="IoU from which on a detection finds a box, inclusive")
    max_detections: int | None = Field(None, ge=1, description="best-scored ones per image that count; null: all")
    floor: float = Field(1e-10, ge=0, lt=1, description="miss rates below it are raised to it before the logarithm")
    undetected_images: Literal["counted", "left_out"] = Field(
        "counted", description="left_out: boxes of images without any detection are not missed"
    )
    references: Literal["exact", "four_decimals"] = Field(
        "exact", description="ten to the power of -2, -1.75, … 0 FPPI, or the same rounded"
    )
    early_false_positive: Literal["all_missed", "last_recall"] = Field(
        "all_missed", description="what counts at a reference that the first false positive already exceeds"
    )
    first_box: Literal["found", "never_found"] = Field(
        "found", description="never_found: who detects the very first box of the labels has a false positive"
    )
    headline: Literal["miss_rate"] = "miss_rate"

    @model_validator(mode="after")
    def _ranges_are_not_empty(self) -> Self:
        low, high = self.heights
        if high is not None and high < low:
            raise ValueError(f"heights from {low:g} to {high:g} hold nothing")
        if self.inside is not None:
            left, top, right, bottom = self.inside
            if right <= left or bottom <= top:
                raise ValueError("inside is left, top, right, bottom, and holds nothing")
        return self

    def in_words(self, classes: Mapping[int, str], labels: str) -> tuple[Sentence, ...]:
        """See `FamilyRules.in_words`."""
        low, high = self.heights
        heights = f"{low:g} pixels or more" if high is None else f"{low:g} to {high:g} pixels, ends included"
        occlusions = ", ".join(_OCCLUSIONS[level] for level in self.occlusions)
        borders = "anywhere" if self.inside is None else "inside {:g}, {:g} to {:g}, {:g}".format(*self.inside)
        asked = f"{classes.get(self.class_id, str(self.class_id))}: {heights}; occlusion {occlusions}; {borders}"
        facts = [
            ("Metric", "log-average miss rate over nine reference points from 0.01 to 1 FPPI, in percent"),
            ("Labels", labels),
            ("To be found", asked),
            ("Everything else labelled", "is an ignore region; a detection in it counts neither way"),
            ("A box is found", f"by the best-scored free detection, from an IoU of {self.overlap:g} on"),
            ("Lowest miss rate", f"{self.floor:g}" if self.floor else "none: one perfect point makes the mean 0"),
        ]
        if self.vertical_stretch != 1:
            facts.append(("Labels are shrunk", f"y and height by {self.vertical_stretch:g}"))
        if self.max_detections is not None:
            facts.append(("Detections", f"at most {self.max_detections} per image"))
        return (*facts, *self._deviations())

    def _deviations(self) -> tuple[Sentence, ...]:
        deviations = (
            (self.undetected_images == "left_out", "boxes of images without any detection are not missed"),
            (self.references == "four_decimals", "reference points are rounded to four decimals"),
            (self.early_false_positive == "last_recall", "where the first false positive exceeds a reference point, "
             "the last recall counts"),
            (self.first_box == "never_found", "who detects the very first box has a false positive"),
        )  # fmt: skip
        return tuple(("Unlike the MATLAB toolbox", said) for deviates, said in deviations if deviates)
