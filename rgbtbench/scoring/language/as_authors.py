"""Answers judged as the scoring scripts of IRGPT do; where a script stops with an error, the answer is wrong."""

from __future__ import annotations

from rgbtbench.cards.rules.language import AnswerKind, LanguageRules
from rgbtbench.scoring.language.authors import (
    StoppedError,
    first_come_matches,
    found_boxes,
    listed_boxes,
    listed_points,
    marked_count,
    same_text,
)
from rgbtbench.scoring.language.judged import WITHIN, Judged


def judge(answer: str, label: str, kind: AnswerKind, rules: LanguageRules) -> Judged:
    """Return what an answer amounts to.

    Args:
        answer: as the model gave it.
        label: the right answer, as the dataset writes it.
        kind: what was asked for.
        rules: of the protocol.

    Raises:
        ValueError: the label itself cannot be read.
    """
    match kind:
        case "count":
            return _count(answer, label)
        case "box":
            return _box(answer, label, rules)
        case "points":
            return _points(answer, label)
        case _:
            return Judged(True, {"correct": same_text(answer, label)})


def _count(answer: str, label: str) -> Judged:
    true = marked_count(label)
    if true is None:
        raise ValueError(f"{label[:80]!r} holds no marked number")
    try:
        count = marked_count(answer)
    except StoppedError:
        return Judged(False, {"stopped": 1})
    # A sample without a number is dropped: only parsed ones are averaged.
    return Judged(False, {}) if count is None else Judged(True, {"error": abs(count - true)})


def _box(answer: str, label: str, rules: LanguageRules) -> Judged:
    try:
        truth = listed_boxes(label)
    except StoppedError as error:
        raise ValueError(f"{label[:80]!r} holds no boxes") from error
    try:
        return Judged(True, {"found": found_boxes(listed_boxes(answer), truth, min_iou=rules.min_iou)})
    except StoppedError:
        return Judged(False, {"stopped": 1})


def _points(answer: str, label: str) -> Judged:
    truth = listed_points(label)
    if not truth:
        raise ValueError(f"{label[:80]!r} holds no points")
    numbers: dict[str, float] = {"true": len(truth)}
    try:
        points = listed_points(answer)
        distances = first_come_matches(truth, points, within=WITHIN[0])
    except StoppedError:
        return Judged(False, {**numbers, "stopped": 1})
    numbers |= {"stated": len(points), f"pairs_{WITHIN[0]}": len(distances), "distance": sum(distances)}
    return Judged(bool(points), numbers)
