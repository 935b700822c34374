"""What the answers of IR-TD state, by task: points and boxes in both units, numbers, chosen options.

The files count boxes in pixels of a 640x512 image and points in thousandths of the image's width and height.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from rgbtbench.formats.instruction_json import Instruction
from rgbtbench.formats.marked_answer import read_boxes, read_count, read_options, read_points

#: Width and height of the images whose pixels boxes are written in.
BOX_IMAGE: Final = (640, 512)
_THOUSAND: Final = 1000.0

_SOUGHT = re.compile(r"<image>\nDetect the bounding box of the (?:nearest )?(\w+) located .*\.")
_LOCATED = re.compile(r"<image>\n Locate all (\w+) from left to right\.")
_HOLDS: Final = {"yes": True, "no": False}


def target_of(task: str, row: Instruction, size: tuple[int, int]) -> dict[str, Any]:
    """Return what a row's answer states, as JSON values.

    Points and boxes stand in pixels of the image (`points`, `boxes`: corners `x1 y1 x2 y2`) and in thousandths of its
    width and height (`points_thousandths`, `boxes_thousandths`), whichever of the two the answer is written in.

    Args:
        task: as the card's attribute `task` has it.
        row: question and answer.
        size: width and height of the image.

    Raises:
        ValueError: the question or the answer is not of the task's form.
    """
    return _READERS[task](row, size)


def _grounding(row: Instruction, size: tuple[int, int]) -> dict[str, Any]:
    if size != BOX_IMAGE:
        raise ValueError(f"a box in pixels of a {BOX_IMAGE[0]}x{BOX_IMAGE[1]} image, and {size[0]}x{size[1]} was found")
    boxes = read_boxes(row.answer)
    if any(x2 <= x1 or y2 <= y1 for x1, y1, x2, y2 in boxes):
        raise ValueError(f"a box without extent: {row.answer!r}")
    return {
        "label": _named(_SOUGHT, row.question),
        "boxes": [list(box) for box in boxes],
        "boxes_thousandths": [_scaled(box, _THOUSAND / size[0], _THOUSAND / size[1]) for box in boxes],
    }


def _location(row: Instruction, size: tuple[int, int]) -> dict[str, Any]:
    label, points = read_points(row.answer)
    if label != _named(_LOCATED, row.question):
        raise ValueError(f"an answer about {label!r} to {row.question!r}")
    return {
        "label": label,
        "points": [_scaled(point, size[0] / _THOUSAND, size[1] / _THOUSAND) for point in points],
        "points_thousandths": [list(point) for point in points],
    }


def _counting(row: Instruction, size: tuple[int, int]) -> dict[str, Any]:
    return {"count": read_count(row.answer)}


def _options(row: Instruction, size: tuple[int, int]) -> dict[str, Any]:
    options, chosen = read_options(row.question.rpartition("\n")[2]), read_options(row.answer)
    if not chosen.items() <= options.items():
        raise ValueError(f"{row.answer!r} is no choice of {row.question!r}")
    return {"options": options, "chosen": sorted(chosen)}


def _relationship(row: Instruction, size: tuple[int, int]) -> dict[str, Any]:
    if row.answer not in _HOLDS:
        raise ValueError(f"{row.answer!r} is neither yes nor no")
    return {"holds": _HOLDS[row.answer]}


def _re_identification(row: Instruction, size: tuple[int, int]) -> dict[str, Any]:
    if row.answer not in set("2345678"):
        raise ValueError(f"{row.answer!r} is no number of a tile from 2 to 8")
    return {"tile": int(row.answer)}


def _named(pattern: re.Pattern[str], question: str) -> str:
    found = pattern.fullmatch(question)
    if found is None:
        raise ValueError(f"{question!r} does not say what is sought")
    return found[1]


def _scaled(numbers: Sequence[float], x: float, y: float) -> list[float]:
    return [number * (y if axis % 2 else x) for axis, number in enumerate(numbers)]


_READERS: Final[Mapping[str, Callable[[Instruction, tuple[int, int]], dict[str, Any]]]] = {
    "location": _location,
    "grounding": _grounding,
    "scene": _options,
    "recognition": _options,
    "security": _options,
    "relationship": _relationship,
    "reid": _re_identification,
    "pedestrian_counting": _counting,
    "aerial_counting": _counting,
}
