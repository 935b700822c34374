"""Geometry of the plots: positions in percent of the width, so that the browser scales lines and never text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rgbtbench.leaderboard.entries import Entry
from rgbtbench.leaderboard.naming import axis_title, label, named_inputs
from rgbtbench.leaderboard.rank import Section
from rgbtbench.leaderboard.rows import Figure
from rgbtbench.leaderboard.tables import subset_metric

#: Published lines beyond this many are left to the table.
MAX_LANES = 24
#: About how many steps an axis has.
TICKS = 5
#: How the values of an attribute look, by place: colour and shape.
LOOKS = ("one", "two", "three", "four", "five", "six")


@dataclass(frozen=True, slots=True)
class Point:
    """A mark on a lane: where, what it looks like (kind of row, or place in the legend), and its words."""

    at: float
    look: str
    words: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One line of a plot: a label, a bar from `low` to `high` (percent; null for none), and points."""

    entry: Entry
    label: str
    low: float | None
    high: float | None
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """A horizontal dot plot.

    Attributes:
        title: what is plotted.
        caption: what the bars are; empty where there are none.
        ticks: position in percent and text.
        lanes: lines from top to bottom.
        legend: look and meaning, where the points differ by more than the kind of row.
        left_out: published lines that the plot does not show.
    """

    title: str
    caption: str
    ticks: tuple[tuple[float, str], ...]
    lanes: tuple[Lane, ...]
    legend: tuple[tuple[str, str], ...] = ()
    left_out: int = 0


def headline_plot(section: Section) -> Plot | None:
    """The headline of every line with its interval (or the spread over seeds); null without a headline."""
    metric = section.headline
    if metric is None:
        return None
    entries = [entry for entry in section.entries if metric in entry.metrics and entry.first.ablation is None]
    shown = _prominent(entries)
    axis = _Axis([bound for entry in shown for bound in _bounds(entry.metrics[metric])])
    lanes = [
        Lane(
            entry,
            name,
            *_bar(entry.metrics[metric], axis),
            (Point(axis.at(entry.metrics[metric].value), entry.first.kind, entry.standing),),
        )
        for entry, name in zip(shown, _names(shown), strict=True)
    ]
    return Plot(
        axis_title(metric), _caption(lanes, metric), axis.ticks, tuple(lanes), left_out=len(entries) - len(shown)
    )


def subset_plots(section: Section) -> list[Plot]:
    """One plot per attribute with two to six values: a point per value, joined by a line."""
    return [
        _subset_plot(section, attribute)
        for attribute, values in section.subsets.items()
        if 1 < len(values) <= len(LOOKS)
    ]


def _subset_plot(section: Section, attribute: str) -> Plot:
    metric = subset_metric(section, attribute)
    values = section.subsets[attribute]
    with_any = []
    for entry in section.entries:
        parts = {value: entry.subsets.get(f"{attribute}={value}", {}).get(metric) for value in values}
        if any(parts.values()) and entry.first.ablation is None:
            with_any.append((entry, {value: figure for value, figure in parts.items() if figure}))
    shown = _prominent([entry for entry, _ in with_any])
    drawn = [(entry, parts) for entry, parts in with_any if any(entry is one for one in shown)]
    axis = _Axis([figure.value for _, parts in drawn for figure in parts.values()])
    looks = dict(zip(values, LOOKS, strict=False))
    lanes = [
        Lane(
            entry,
            name,
            axis.at(min(figure.value for figure in parts.values())),
            axis.at(max(figure.value for figure in parts.values())),
            tuple(Point(axis.at(figure.value), looks[value], value) for value, figure in parts.items()),
        )
        for (entry, parts), name in zip(drawn, _names(shown), strict=True)
    ]
    title = f"{axis_title(metric)} by {attribute.replace('_', ' ')}"
    legend = tuple((look, value.replace("_", " ")) for value, look in looks.items())
    return Plot(title, "", axis.ticks, tuple(lanes), legend, left_out=len(with_any) - len(drawn))


def _prominent(entries: Sequence[Entry]) -> list[Entry]:
    """Return all lines, or, when they are many, all but the published ones of the lower places."""
    own = sum(entry.first.kind != "published" for entry in entries)
    room = max(0, MAX_LANES - own)
    shown = []
    for entry in entries:
        if entry.first.kind != "published":
            shown.append(entry)
        elif room:
            shown.append(entry)
            room -= 1
    return shown


def _names(entries: Sequence[Entry]) -> list[str]:
    """Return a label per line, without the method where all lines share it and are told apart by their variant."""
    shared = len({entry.first.method for entry in entries}) == 1 and all(entry.first.variant for entry in entries)
    names = [label(entry).removeprefix(f"{entry.first.method} ") if shared else label(entry) for entry in entries]
    augmented = ["augmented" if "test-time-augmentation" in entry.marks else None for entry in entries]
    return [
        ", ".join(part for part in parts if part) for parts in zip(names, named_inputs(entries), augmented, strict=True)
    ]


def _caption(lanes: Sequence[Lane], metric: str) -> str:
    figures = [lane.entry.metrics[metric] for lane in lanes if lane.low is not None]
    meanings = {
        "interval over test images": any(figure.spread is None for figure in figures),
        "± one standard deviation over seeds": any(figure.spread is not None for figure in figures),
    }
    stated = " or ".join(meaning for meaning, occurs in meanings.items() if occurs)
    return f"bar: {stated}" if stated else ""


def _bounds(figure: Figure) -> tuple[float, float]:
    if figure.spread is not None:
        return figure.value - figure.spread, figure.value + figure.spread
    if figure.low is not None and figure.high is not None:
        return figure.low, figure.high
    return figure.value, figure.value


def _bar(figure: Figure, axis: _Axis) -> tuple[float | None, float | None]:
    low, high = _bounds(figure)
    return (None, None) if low == high else (axis.at(low), axis.at(high))


class _Axis:
    """A linear axis over values, with round ticks and a margin on both sides."""

    def __init__(self, values: Sequence[float]) -> None:
        low, high = min(values), max(values)
        span = high - low or max(abs(high), 1.0) * 0.1
        step = _round_step(span / TICKS)
        self._low = math.floor(low / step) * step - step * 0.4
        self._high = math.ceil(high / step) * step + step * 0.4
        digits = max(0, -math.floor(math.log10(step)))
        first = math.floor(low / step) * step
        count = math.ceil(high / step) - math.floor(low / step) + 1
        self.ticks = tuple((self.at(first + step * i), f"{first + step * i:.{digits}f}") for i in range(count))

    def at(self, value: float) -> float:
        """Position of a value in percent of the width."""
        return round(100 * (value - self._low) / (self._high - self._low), 3)


def _round_step(rough: float) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten that is at least `rough`."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= rough * (1 - 1e-9))
