"""What the scoring scripts of IRGPT do with one answer (repository WheatCao/ICCV2025-IRGPT, `test_utils/`).

Each function states the script's rule, quirks included, in words of our own. Where the script stops with an error,
`StoppedError` is raised: the script has no number then, for no sample at all.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Sequence
from typing import Any, Final

_COUNT: Final = re.compile(r"<num>(\d+)</num>")
#: The square of a longer number is more than a float holds.
_MOST_DIGITS: Final = 150
#: What `ast.literal_eval` raises beside what the scripts expect.
_NO_ANSWER: Final = (TypeError, MemoryError, RecursionError)
Point = tuple[float, float]


class StoppedError(Exception):
    """The script stops at this answer and prints no number."""


def same_text(answer: str, label: str) -> bool:
    """Return whether two texts are equal but for white space around them.

    `Recognition.py`: case, full stops, brackets and everything else count; `A` is not `(A) person`.
    """
    return answer.strip() == label.strip()


def marked_count(answer: str) -> int | None:
    """Return the first whole number in `<num>` marks without spaces, None where there is none.

    `Counting.py`: samples without a number are dropped, so that errors are averaged over the others.

    Raises:
        StoppedError: the number has so many digits that no error can be computed.
    """
    found = _COUNT.search(answer)
    if found is None:
        return None
    if len(found[1]) > _MOST_DIGITS:
        raise StoppedError
    return int(found[1])


def listed_boxes(answer: str) -> Any:
    """Return what stands between the first `[` and the last `]` as a Python value, missing `]` added at its end.

    `Detection.py`: the value is not checked; see `found_boxes`.

    Raises:
        StoppedError: it is no Python value.
    """
    text = answer if "]" in answer else answer + "]"
    listed = text[text.find("[") : text.rfind("]") + 1]
    listed += "]" * (listed.count("[") - listed.count("]"))
    try:
        return ast.literal_eval(listed)
    except (ValueError, SyntaxError, *_NO_ANSWER) as error:
        raise StoppedError from error


def found_boxes(boxes: Any, truth: Sequence[Sequence[float]], *, min_iou: float = 0.5) -> float:
    """Return the share of the true boxes that are found, from 0 to 1.

    `Detection.py`: each true box in turn takes the box that overlaps it most, the first of equals, and has found it
    from an IoU of `min_iou`; that box, or the first one equal to it, is taken away. Boxes beyond cost nothing, so this
    is a recall, although the paper calls it mAP@0.5. Corners in the wrong order make a negative area.

    Args:
        boxes: from `listed_boxes`.
        truth: `x1 y1 x2 y2` each.
        min_iou: from which overlap on.

    Raises:
        StoppedError: a value that is no list of lists of four numbers, or boxes without area.
    """
    try:
        hits = 0
        for true in truth:
            best, most = None, 0.0
            for box in boxes:
                overlap = _iou(true, box)
                if overlap > most:
                    best, most = box, overlap
            if most >= min_iou:
                hits += 1
                boxes.remove(best)
        return hits / len(truth)
    except (TypeError, IndexError, KeyError, AttributeError, ZeroDivisionError, OverflowError) as error:
        raise StoppedError from error


def listed_points(answer: str) -> list[Point]:
    """Return the points of a list of pairs between the first `<pos>` and the next `</pos>` on one line.

    `Location.py`: anything else is an image without points, so that an answer that cannot be read misses every true
    point and costs no false one.

    Raises:
        StoppedError: Python stops at what stands there with an error that the script does not expect.
    """
    for line in answer.split("\n"):
        start = line.find("<pos>")
        end = line.find("</pos>", start + 5)
        if start >= 0 and end >= 0:
            try:
                points = ast.literal_eval(line[start + 5 : end])
            except (ValueError, SyntaxError):
                return []
            except _NO_ANSWER as error:
                raise StoppedError from error
            paired = isinstance(points, list) and all(isinstance(point, tuple) and len(point) == 2 for point in points)
            return points if paired else []
    return []


def first_come_matches(truth: Sequence[Point], points: Sequence[Point], *, within: float = 5.0) -> list[float]:
    """Return the distances of the points that are matched.

    `Location.py`: each true point in turn takes the nearest point that nobody has taken, at most `within` away. A true
    point that comes first may take what a later one would have needed, and no distance exceeds `within`.

    Raises:
        StoppedError: a point that is no pair of numbers.
    """
    free = list(points)
    distances: list[float] = []
    try:
        for x, y in truth:
            nearest, least = None, math.inf
            for at, point in enumerate(free):
                distance = math.sqrt((x - point[0]) ** 2 + (y - point[1]) ** 2)
                if distance < least and distance <= within:
                    nearest, least = at, distance
            if nearest is not None:
                distances.append(least)
                del free[nearest]
    except (TypeError, OverflowError) as error:
        raise StoppedError from error
    return distances


def _iou(first: Any, second: Any) -> float:
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    shared = max(0, width) * max(0, height)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (first, second))
    return float(shared / (areas - shared))
