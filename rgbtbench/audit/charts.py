"""Geometry of the page's charts, in percent, so that the browser scales bars and never text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: where it begins, how wide and high it is, and what it says."""

    x: float
    width: float
    height: float
    words: str


@dataclass(frozen=True, slots=True)
class Histogram:
    """A histogram.

    Attributes:
        title: what is counted.
        bars: from left to right, side by side.
        ticks: position in percent and text.
        caption: what the axis is.
    """

    title: str
    bars: tuple[Bar, ...]
    ticks: tuple[tuple[float, str], ...]
    caption: str


@dataclass(frozen=True, slots=True)
class Stack:
    """A bar that is divided: parts as begin, width and place in the legend."""

    label: str
    parts: tuple[tuple[float, float, int], ...]
    words: str


def histogram(
    title: str, counts: Sequence[int], edges: Sequence[str], *, caption: str, spoken: Sequence[str] | None = None
) -> Histogram | None:
    """Return a histogram of equally wide bars; null when nothing was counted.

    Args:
        title: what is counted.
        counts: per bar.
        edges: text at the left edge of each bar; empty for none.
        caption: what the axis is.
        spoken: what each bar is of; `edges` by default.
    """
    highest = max(counts, default=0)
    if not highest:
        return None
    step = 100 / len(counts)
    bars = tuple(
        Bar(place * step, step, 100 * count / highest, f"{name}: {count:,}")
        for place, (count, name) in enumerate(zip(counts, spoken or edges, strict=True))
    )
    ticks = tuple((place * step, text) for place, text in enumerate(edges) if text)
    return Histogram(title, bars, ticks, caption)


def stack(label: str, shares: Sequence[float]) -> Stack:
    """Return a divided bar of shares from 0 to 1."""
    parts, begin = [], 0.0
    for place, share in enumerate(shares):
        parts.append((100 * begin, 100 * share, place))
        begin += share
    return Stack(label, tuple(parts), ", ".join(f"{100 * share:.0f} %" for share in shares))
