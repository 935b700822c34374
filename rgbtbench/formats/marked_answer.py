"""Answers of vision-language models that mark what they state: points, boxes, numbers and lettered options.

`<ref>car</ref> at <pos>[(48, 628), (311, 495)]</pos>`, `<box>[[500, 223, 512, 238]]</box>`, `<num>21</num>` and
`(A) scooter (B) motor`. Numbers come back as written; which unit they are in is for the dataset to say.
"""

from __future__ import annotations

import re
from typing import Final

#: Longer ones are no coordinates, and their values may have no end.
_NUMBER: Final = r"-?\d{1,9}(?:\.\d{1,9})?"
_POINT: Final = re.compile(rf"\(\s*({_NUMBER})\s*,\s*({_NUMBER})\s*\)")
_POINTS: Final = re.compile(rf"<ref>([^<>]+)</ref> at <pos>\[{_POINT.pattern}(?:, {_POINT.pattern})*\]</pos>")
_BOX: Final = re.compile(rf"\[\s*({_NUMBER})" + rf"\s*,\s*({_NUMBER})" * 3 + r"\s*\]")
_BOXES: Final = re.compile(rf"[^<>]*<box>\[{_BOX.pattern}(?:, {_BOX.pattern})*\]</box>[^<>]*")
_COUNT: Final = re.compile(r"<num>(\d{1,9})</num>")
_OPTION: Final = re.compile(r"\(([A-Z])\) (.+?)(?= \([A-Z]\) |$)")


def read_points(answer: str) -> tuple[str, list[tuple[float, float]]]:
    """Return the label and the points `x, y` of an answer; raises `ValueError` when it is no such answer."""
    found = _POINTS.fullmatch(answer)
    if found is None:
        raise ValueError(f"{answer[:80]!r} does not state points")
    return found[1], [(float(x), float(y)) for x, y in _POINT.findall(answer)]


def read_boxes(answer: str) -> list[tuple[float, float, float, float]]:
    """Return the boxes, four numbers each; raises `ValueError` when the answer states none."""
    if _BOXES.fullmatch(answer) is None:
        raise ValueError(f"{answer[:80]!r} does not state boxes")
    return [(float(a), float(b), float(c), float(d)) for a, b, c, d in _BOX.findall(answer)]


def read_count(answer: str) -> int:
    """Return the number; raises `ValueError` when the answer states none."""
    found = _COUNT.fullmatch(answer.strip())
    if found is None:
        raise ValueError(f"{answer[:80]!r} does not state a number")
    return int(found[1])


def read_options(text: str) -> dict[str, str]:
    """Return letter to name of a line of options; raises `ValueError` for another text or a letter used twice."""
    options = _OPTION.findall(text)
    if not options or " ".join(f"({letter}) {name}" for letter, name in options) != text:
        raise ValueError(f"{text[:80]!r} is no line of options like (A) person (B) car")
    if len(dict(options)) < len(options):
        raise ValueError(f"{text[:80]!r} uses a letter twice")
    return dict(options)
