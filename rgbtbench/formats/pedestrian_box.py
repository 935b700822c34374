"""One box as pedestrian benchmarks write it: with an occlusion level and, in some formats, the visible part."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards.dataset import LabelSetFacts
from rgbtbench.errors import InputFileError
from rgbtbench.formats.box_list import plain_boxes, raw_numbers, xyxy_of_xywh
from rgbtbench.formats.coco_json import CocoBox
from rgbtbench.pair import Boxes

Form = Literal["xywh", "cxcywh", "xyxy"]
_Four = tuple[float, float, float, float]
_LEVELS: Final = {"0": 0, "1": 1, "2": 2}


@dataclass(frozen=True, slots=True)
class PedestrianBox:
    """One object of an annotation file.

    Attributes:
        name: class name as written.
        numbers: four, as written.
        form: what they are: `x y width height` of a corner, `cx cy width height` of the centre, or `x1 y1 x2 y2`.
        occlusion: 0 none, 1 partial, 2 heavy; -1 where the format does not state it.
        ignore: the file itself marks the box as neither hit nor miss.
        visible: `x y width height` of the visible part, zeros where it is not stated; None where the format has no such
            columns.
    """

    name: str
    numbers: _Four
    form: Form
    occlusion: int
    ignore: bool = False
    visible: _Four | None = None


def occlusion_level(text: str, what: str, *, path: Path, line: int | None = None) -> int:
    """Return an occlusion level that a file states; raises `InputFileError` when it is none. `what` names the box."""
    if text not in _LEVELS:
        raise InputFileError(
            f"{what} has the occlusion {text!r}",
            expected="0 none, 1 partial or 2 heavy",
            path=path,
            line=line,
            remedy="correct the annotation",
        )
    return _LEVELS[text]


def boxes_of_instances(boxes: Sequence[CocoBox]) -> tuple[PedestrianBox, ...]:
    """Return the boxes of an instances file, whose occlusion and `ignore` some pedestrian benchmarks write there."""
    return tuple(PedestrianBox(box.name, box.numbers, "xywh", box.occlusion, box.ignore) for box in boxes)


def pedestrian_boxes(
    written: Sequence[PedestrianBox],
    facts: LabelSetFacts,
    *,
    ignored: Collection[str],
    source: str,
    path: Path,
) -> Boxes:
    """Return the boxes of one file, numbers as written taken as half-open intervals.

    Args:
        written: the objects.
        facts: the card's label set; its class names give the ids.
        ignored: class names whose boxes are regions to ignore.
        source: name of the format, the first word of `Boxes.convention`.
        path: the annotation file, named in errors.

    Raises:
        LabelError: a class name that the card does not have.
        InputFileError: boxes of two forms in one file.
    """
    forms = {box.form for box in written}
    if len(forms) > 1:
        raise InputFileError(
            f"boxes are written in several forms: {', '.join(sorted(forms))}",
            expected="one",
            path=path,
            remedy="take the file from the release",
        )
    numbers = raw_numbers(written)
    form: Form = forms.pop() if forms else "xywh"
    boxes = plain_boxes(
        written,
        _corners(numbers, form),
        facts,
        convention=f"{source}-{form} as written, half-open",
        path=path,
        ignore=[box.ignore or box.name in ignored for box in written],
    )
    occlusion = np.array([box.occlusion for box in written], np.int64)
    return replace(boxes, occlusion=occlusion, raw=np.hstack([numbers, _visible_parts(written)]))


def _corners(numbers: NDArray[np.float64], form: Form) -> NDArray[np.float64]:
    match form:
        case "xyxy":
            return numbers
        case "xywh":
            return xyxy_of_xywh(numbers)
        case "cxcywh":
            half = numbers[:, 2:] / 2
            return np.hstack([numbers[:, :2] - half, numbers[:, :2] + half])


def _visible_parts(written: Sequence[PedestrianBox]) -> NDArray[np.float64]:
    parts = [box.visible for box in written if box.visible is not None]
    return np.array(parts, np.float64).reshape(len(written), -1) if parts else np.zeros((len(written), 0))
