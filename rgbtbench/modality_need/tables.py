"""Which modality was needed as tables of plain text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rgbtbench.modality_need.analysis import Need, Part
from rgbtbench.modality_need.outcomes import MEANINGS, SHARES


@dataclass(frozen=True, slots=True)
class Table:
    """A table: a title above it, headings, and rows of as many cells."""

    title: str
    columns: tuple[str, ...]
    rows: list[list[object]]


def tables(found: Need) -> Iterator[Table]:
    """Yield the shares of everything with their intervals, then those of every part."""
    yield Table(
        f"{found.overall.count:,} {found.unit} of {found.images:,} images",
        ("share", "percent", "interval", "meaning"),
        [
            [name, _digits(value), _interval(found, name), MEANINGS[name]]
            for name, value in found.overall.shares.items()
        ],
    )
    for name, parts in found.parts.items():
        yield Table(found.titles[name], ("", found.unit, *SHARES), list(_rows(parts)))


def sentence(found: Need) -> str:
    """Return at which scores detectors count; empty for masks."""
    if found.false_alarms is None:
        return ""
    return f"Each detector counts at the score where it raises {found.false_alarms:g} false alarms per image and class."


def _rows(parts: Mapping[str, Part]) -> Iterator[list[object]]:
    for value, part in parts.items():
        yield [value, part.count, *map(_digits, part.shares.values())]


def _digits(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _interval(found: Need, name: str) -> str | None:
    interval = found.intervals.get(name)
    return None if interval is None else f"{interval.low:.1f} to {interval.high:.1f}"
