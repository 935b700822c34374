"""Answers judged by what they state beyond doubt; one that cannot be read is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from rgbtbench.cards.rules.language import AnswerKind, LanguageRules
from rgbtbench.scoring.language.boxes import hits
from rgbtbench.scoring.language.choices import option_chosen, options_chosen, tile_chosen, yes_or_no
from rgbtbench.scoring.language.judged import WITHIN, Judged
from rgbtbench.scoring.language.points import matches, mean_distance
from rgbtbench.scoring.language.quantities import stated_boxes, stated_count, stated_points

#: What is true of a sample, as the label set `target` states it.
Target = Mapping[str, Any]


def judge(answer: str, target: Target, kind: AnswerKind, rules: LanguageRules) -> Judged:
    """Return what an answer amounts to.

    Args:
        answer: as the model gave it.
        target: JSON values: `options` and `chosen`, `holds`, `tile`, `count`, `label` and `boxes`, or `label` and
            `points_thousandths`.
        kind: what was asked for.
        rules: of the protocol.

    Raises:
        KeyError, TypeError, ValueError: the target is of another form.
    """
    return _JUDGES[kind](answer, target, rules)


def _option(answer: str, target: Target, rules: LanguageRules) -> Judged:
    (true,) = target["chosen"]
    chosen = option_chosen(answer, target["options"])
    return Judged(chosen is not None, {"correct": chosen == true}, label=target["options"][true])


def _options(answer: str, target: Target, rules: LanguageRules) -> Judged:
    chosen = options_chosen(answer, target["options"])
    return Judged(chosen is not None, {"correct": chosen == frozenset(target["chosen"])})


def _yes_no(answer: str, target: Target, rules: LanguageRules) -> Judged:
    says = yes_or_no(answer)
    return Judged(says is not None, {"correct": says == target["holds"]})


def _tile(answer: str, target: Target, rules: LanguageRules) -> Judged:
    tile = tile_chosen(answer)
    return Judged(tile is not None, {"correct": tile == target["tile"]})


def _count(answer: str, target: Target, rules: LanguageRules) -> Judged:
    """An answer without a number counts as 0 objects, and at least as one too few or too many."""
    true, count = float(target["count"]), stated_count(answer)
    return Judged(count is not None, {"error": max(true, 1.0) if count is None else abs(count - true)})


def _box(answer: str, target: Target, rules: LanguageRules) -> Judged:
    truth = np.array(target["boxes" if rules.box_units == "pixels" else "boxes_thousandths"], np.float64)
    boxes = stated_boxes(answer)
    found = np.zeros((0, 4)) if boxes is None else boxes[: rules.max_boxes]
    numbers = {"true": len(truth), "stated": len(found)}
    return Judged(boxes is not None, numbers, hits(found, truth, min_iou=rules.min_iou), target["label"])


def _points(answer: str, target: Target, rules: LanguageRules) -> Judged:
    truth = np.array(target["points_thousandths"], np.float64).reshape(-1, 2)
    points = stated_points(answer)
    found = np.zeros((0, 2)) if points is None else points
    paired = zip(WITHIN, matches(truth, found, within=WITHIN).tolist(), strict=True)
    numbers = {
        "distance": mean_distance(truth, found, cutoff=rules.cutoff),
        "true": len(truth),
        "stated": len(found),
        **{f"pairs_{within}": pairs for within, pairs in paired},
    }
    return Judged(points is not None, numbers, label=target["label"])


_JUDGES: Final[Mapping[AnswerKind, Callable[[str, Target, LanguageRules], Judged]]] = {
    "option": _option,
    "options": _options,
    "yes_no": _yes_no,
    "tile": _tile,
    "count": _count,
    "box": _box,
    "points": _points,
}
