"""Rules of answers in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from rgbtbench.cards.rules.base import FamilyRules, Sentence
from rgbtbench.cards.schema import Name

#: What is asked for: one of lettered options; all that apply; yes or no; a tile by its number; a number of objects; a
#: box; points.
AnswerKind = Literal["option", "options", "yes_no", "tile", "count", "box", "points"]
#: Tasks of IRGPT whose numbers are shares in percent, which its psum adds up, and those whose numbers are mean errors,
#: which its nsum adds up as they are, in thousandths of the image and in objects (Cao et al., ICCV 2025, section 5.1).
POSITIVE: Final = ("scene", "recognition", "grounding", "relationship", "reid", "security")
NEGATIVE: Final = ("location", "aerial_counting", "pedestrian_counting")
_ASKED: Final[Mapping[AnswerKind, str]] = {
    "option": "one of the options; share of right choices",
    "options": "all options that apply; share of answers with exactly those",
    "yes_no": "yes or no; share of right answers",
    "tile": "number of a tile; share of right numbers",
    "count": "number of objects; mean absolute error",
    "box": "box of one object; AP at IoU {min_iou}, mean over what is sought",
    "points": "points of all objects; mean distance in thousandths of the image, {cutoff:g} for each without a partner",
}
_ASKED_OF_AUTHORS: Final[Mapping[AnswerKind, str]] = {
    **_ASKED,
    "count": "number of objects; mean absolute error of the answers that hold a number",
    "box": "box of one object; mean share of true boxes that some stated box overlaps by {min_iou}",
    "points": "points of all objects; mean over images of the mean distance of points matched within 5 thousandths, "
    "first come first served, images without a match left out",
}
_READING: Final = {
    "stated": "what they state beyond doubt, however it is worded; one that cannot be read is wrong",
    "authors": "as the scripts of IRGPT do: texts equal to the letter, marks as in the labels; where a script would "
    "stop with an error, the answer is wrong",
}


class LanguageRules(FamilyRules):
    """How answers in words become accuracy, errors and their sums.

    Which question was asked of a sample says its attribute `task`. `stated` reads what an answer says beyond doubt and
    counts every sample; `authors` does what the scoring scripts of IRGPT do.
    """

    metric: Literal["language"] = "language"
    headline: Literal["accuracy", "ap50", "recall", "location_mae", "count_mae", "psum", "nsum"]
    answers: dict[Name, AnswerKind] = Field(min_length=1, description="task to what is asked for")
    reading: Literal["stated", "authors"] = "stated"
    questions: Name = Field("question", description="label set that holds what is asked")
    box_units: Literal["pixels", "thousandths"] = Field("pixels", description="in which answers give boxes")
    min_iou: float = Field(0.5, gt=0, le=1, description="from which overlap on a box is found")
    max_boxes: int = Field(100, ge=1, le=1000, description="boxes of one answer that count; the first")
    cutoff: float = Field(100.0, gt=0, description="what a point without a partner costs, in thousandths")

    @model_validator(mode="after")
    def _headline_is_what_the_answers_give(self) -> Self:
        tasks = set(self.answers)
        given = {"psum": tasks == set(POSITIVE), "nsum": tasks == set(NEGATIVE)}
        given |= {self.number_of(task): True for task in tasks if len(tasks) == 1}
        if not given.get(self.headline, False):
            raise ValueError(f"{self.headline} is not what answers to {', '.join(self.answers)} are measured by")
        return self

    @property
    def shown(self) -> str | None:
        """The questions."""
        return self.questions

    def number_of(self, task: str) -> str:
        """Return the metric that a task is measured by."""
        match self.answers[task]:
            case "count":
                return "count_mae"
            case "points":
                return "location_mae"
            case "box":
                return "ap50" if self.reading == "stated" else "recall"
            case _:
                return "accuracy"

    def in_words(self, classes: Mapping[int, str], labels: str) -> tuple[Sentence, ...]:
        """See `FamilyRules.in_words`."""
        asked = _ASKED if self.reading == "stated" else _ASKED_OF_AUTHORS
        tasks = tuple(
            (task.replace("_", " ").capitalize(), asked[kind].format(min_iou=self.min_iou, cutoff=self.cutoff))
            for task, kind in self.answers.items()
        )
        boxes = (("Boxes", f"in {self.box_units}"),) if "box" in self.answers.values() else ()
        return (("Labels", labels), ("Answers", _READING[self.reading]), *tasks, *boxes)
