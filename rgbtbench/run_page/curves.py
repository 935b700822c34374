"""Curves of a run's log, as lines in a box of 100 by 100."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

#: Points of a line; of longer logs each point is the mean of as many steps.
_MOST_POINTS: Final = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One quantity.

    Attributes:
        name: of the quantity.
        points: as SVG takes them; a single one stands twice, so that something is drawn.
        last: value.
        is_point: whether it is a single one.
    """

    name: str
    points: str
    last: float
    is_point: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """Quantities of one unit over the steps.

    Attributes:
        title: what they are.
        lines: in the order of the legend.
        low, high: values at the bottom and at the top.
        first, last: steps at the left and at the right.
    """

    title: str
    lines: tuple[Line, ...]
    low: float
    high: float
    first: int
    last: int


def chart(title: str, series: Mapping[str, Sequence[tuple[int, float]]]) -> Chart | None:
    """Return a chart of series of step and value; values that are no numbers are left out. None without any."""
    finite = {name: [(step, value) for step, value in points if np.isfinite(value)] for name, points in series.items()}
    known = {name: _thinned(points) for name, points in finite.items() if points}
    if not known:
        return None
    steps = [step for points in known.values() for step, _ in points]
    values = [value for points in known.values() for _, value in points]
    first, last, low, high = min(steps), max(steps), min(values), max(values)

    def placed(points: Iterable[tuple[float, float]]) -> str:
        across, up = max(1, last - first), (high - low) or 1.0
        return " ".join(
            f"{100 * (step - first) / across:.2f},{100 - 100 * (value - low) / up:.2f}" for step, value in points
        )

    lines = tuple(
        Line(name, placed(points if len(points) > 1 else points * 2), points[-1][1], is_point=len(points) == 1)
        for name, points in known.items()
    )
    return Chart(title, lines, low, high, round(first), round(last))


def log_charts(lines: Sequence[Mapping[str, Any]]) -> list[Chart]:
    """Return the charts of a log: terms of the loss, each metric of the validation, learning rate."""
    terms = dict.fromkeys(name for line in lines for name in line["losses"])
    metrics = dict.fromkeys(name for line in lines for name in line.get("validation", {}))
    charts = [
        chart("loss in training", {name: _series(lines, "losses", name) for name in terms}),
        *(chart(f"validation: {name}", {name: _series(lines, "validation", name)}) for name in metrics),
        chart("learning rate", {"lr": [(line["step"], line["lr"]) for line in lines]}),
    ]
    return [one for one in charts if one is not None]


def _series(lines: Sequence[Mapping[str, Any]], part: str, name: str) -> list[tuple[int, float]]:
    found = ((line["step"], line.get(part, {}).get(name)) for line in lines)
    return [(step, float(value)) for step, value in found if value is not None]


def _thinned(points: Sequence[tuple[int, float]]) -> list[tuple[float, float]]:
    parts = np.array_split(np.array(points, np.float64), min(len(points), _MOST_POINTS))
    return [(float(part[:, 0].mean()), float(part[:, 1].mean())) for part in parts]
