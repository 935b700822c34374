"""Numbers, boxes and points in freely worded answers, as they are written; units are for the protocol to say."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.scoring.language.single import only

#: More digits are no count and no coordinate, and their values may have no end.
_NUMBER: Final = r"[-+]?\d{1,9}(?:\.\d{1,9})?"
_GAP: Final = r"\s*,\s*"
_PAIR: Final = rf"\(\s*({_NUMBER}){_GAP}({_NUMBER})\s*\)|\[\s*({_NUMBER}){_GAP}({_NUMBER})\s*\]"
_FOUR: Final = rf"({_NUMBER}){_GAP}({_NUMBER}){_GAP}({_NUMBER}){_GAP}({_NUMBER})"
_POINT: Final = re.compile(_PAIR)
_BOX: Final = re.compile(rf"\[\s*{_FOUR}\s*\]|\(\s*{_FOUR}\s*\)")
_CORNERS: Final = re.compile(rf"(?:{_PAIR}){_GAP}(?:{_PAIR})")
_BARE_BOX: Final = re.compile(rf"\s*{_FOUR}\s*\.?\s*")
_MARKED_COUNT: Final = re.compile(r"<num>([^<]*)</num>")
_COUNT: Final = re.compile(r"\d{1,9}(?:\.\d{1,9})?")
_THOUSANDS: Final = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3}){1,2}(?![\d,])")
_EVERY_NUMBER: Final = re.compile(r"[-+]?\d+(?:[.,]\d+)*")
#: Brackets with nothing in them, white space taken out: an answer that states that there is no point.
_NO_POINTS: Final = re.compile(r"(?:<ref>[^<>]*</ref>at)?(?:<pos>)?\[\](?:</pos>)?\.?")


def stated_count(answer: str) -> float | None:
    """Return the number that an answer states; None when it states none, several, or one that is no count.

    Marked numbers (`<num>21</num>`) count alone; without marks the whole text may hold one number. A repeated number
    is one, `1,234` is a thousand and more, and a count below zero is none.

    Args:
        answer: as the model gave it.
    """
    marked = _MARKED_COUNT.findall(answer)
    text = " ".join(marked) if marked else answer
    number = only(_EVERY_NUMBER.findall(_THOUSANDS.sub(lambda number: number[0].replace(",", ""), text)))
    return float(number) if _COUNT.fullmatch(number) else None


def stated_boxes(answer: str) -> NDArray[np.float64] | None:
    """Return the boxes that an answer states, in its order; None when it states none.

    Read are four numbers in brackets or parentheses, wherever they stand; two points after one another as corners;
    and four numbers alone.

    Returns:
        float64 (N, 4), `x1 y1 x2 y2` as written; corners are not put in order.
    """
    for form in (_BOX, _CORNERS):
        if found := [_numbers(match) for match in form.finditer(answer)]:
            return np.array(found, np.float64)
    bare = _BARE_BOX.fullmatch(answer)
    return np.array([_numbers(bare)], np.float64) if bare else None


def stated_points(answer: str) -> NDArray[np.float64] | None:
    """Return the points that an answer states; None when it states none.

    Read are two numbers in parentheses or brackets, wherever they stand. An empty list states that there is no point.

    Returns:
        float64 (N, 2), `x y` as written.
    """
    found = [_numbers(match) for match in _POINT.finditer(answer)]
    if found or _NO_POINTS.fullmatch("".join(answer.split())):
        return np.array(found, np.float64).reshape(-1, 2)
    return None


def _numbers(match: re.Match[str]) -> list[float]:
    return [float(group) for group in match.groups() if group is not None]
