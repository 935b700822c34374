"""Counts as rows of a table: of what, which value, in which unit, and how many in each split."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rgbtbench.cards.dataset import SplitFacts
from rgbtbench.description.statistics import SplitStatistics

#: Attribute or label set, value or class, unit, and one count per split; None where a split has none.
Row = tuple[str, str, str, tuple[int | None, ...]]
_Cell = tuple[str, str, str]


def count_rows(splits: Sequence[SplitFacts] | Sequence[SplitStatistics]) -> list[Row]:
    """Return what is expected of splits, or was counted in them, beyond the pairs of each."""
    columns = [dict(_cells(split)) for split in splits]
    cells = list(dict.fromkeys(cell for column in columns for cell in column))
    groups = list(dict.fromkeys((what, unit) for what, _, unit in cells))
    # A value that only a later split has still stands beside the others of its kind.
    cells.sort(key=lambda cell: groups.index((cell[0], cell[2])))
    return [(*cell, tuple(column.get(cell) for column in columns)) for cell in cells]


def _cells(split: SplitFacts | SplitStatistics) -> Iterable[tuple[_Cell, int]]:
    yield from _of(split.attributes, "pairs")
    yield from _of(split.objects, "boxes")
    yield from _of(split.images, "pairs")
    if isinstance(split, SplitStatistics):
        yield from (((name, "ignored", "boxes"), count) for name, count in split.ignored.items())
        yield from (((name, "any", "texts"), count) for name, count in split.captions.items())
        yield from (((name, "any", "distinct values"), count) for name, count in split.distinct.items())


def _of(counts: Mapping[str, Mapping[str, int]], unit: str) -> Iterable[tuple[_Cell, int]]:
    return (((name, value, unit), count) for name, values in counts.items() for value, count in values.items())
