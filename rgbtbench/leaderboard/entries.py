"""From rows to lines: runs that differ in their seed alone become their mean."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rgbtbench.leaderboard.rows import MARKS, Figure, Figures, Mark, Row

#: Fewest seeds that stand for a method.
MIN_SEEDS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a section: a row, or the mean over the seeds of a group.

    Attributes:
        rows: the row, or the group's rows by seed.
        metrics, per_class, subsets: as in `Row`; of a group the means, with the sample standard deviation.
        standing: what the line is, in words: `published`, `checkpoint`, `mean of 3 seeds`.
        rank: place among the ranked lines of the same kind, from 1; null where no ranking is claimed.
        marks: warnings of any of the rows.
    """

    rows: tuple[Row, ...]
    metrics: Figures
    per_class: Mapping[str, Figures]
    subsets: Mapping[str, Figures]
    standing: str
    rank: int | None = None

    @property
    def first(self) -> Row:
        """The row that names the line: kind, method, variant and condition are those of every row."""
        return self.rows[0]

    @property
    def competes(self) -> bool:
        """Whether the line is a result of the method itself: no part of an ablation, no input changed on purpose."""
        return self.first.ablation is None and "altered-input" not in self.marks

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Warnings of any of the rows, in the order of `MARKS`."""
        return tuple(mark for mark in MARKS if any(mark in row.marks for row in self.rows))


def entries_of(rows: Iterable[Row]) -> list[Entry]:
    """Return one line per row, or per seed group of at least `MIN_SEEDS` seeds; of a seed the newest row counts."""
    return [entry for group in _by_run(rows) for entry in _lines(group)]


def _by_run(rows: Iterable[Row]) -> Iterable[list[Row]]:
    """Group the rows that differ in their seed alone; a row without a seed group stands alone."""
    groups: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    for row in rows:
        alone = row.name if row.seed_group is None or row.seed is None else None
        groups[row.kind, row.method, row.variant, row.condition, row.seed_group, alone].append(row)
    return groups.values()


def _lines(group: Sequence[Row]) -> Iterable[Entry]:
    newest: dict[int | None, Row] = {}
    for row in sorted(group, key=lambda row: row.created or ""):
        newest[row.seed] = row
    if len(newest) >= MIN_SEEDS:
        yield _mean([newest[seed] for seed in sorted(newest, key=lambda seed: seed or 0)])
        return
    for row in group:
        standing = "published" if row.kind == "published" else "checkpoint"
        yield Entry(rows=(row,), metrics=row.metrics, per_class=row.per_class, subsets=row.subsets, standing=standing)


def _mean(rows: Sequence[Row]) -> Entry:
    return Entry(
        rows=tuple(rows),
        metrics=_mean_figures([row.metrics for row in rows]),
        per_class=_mean_tables([row.per_class for row in rows]),
        subsets=_mean_tables([row.subsets for row in rows]),
        standing=f"mean of {len(rows)} seeds",
    )


def _mean_tables(tables: Sequence[Mapping[str, Figures]]) -> dict[str, Figures]:
    common = [name for name in tables[0] if all(name in table for table in tables)]
    return {name: _mean_figures([table[name] for table in tables]) for name in common}


def _mean_figures(figures: Sequence[Figures]) -> Figures:
    common = [metric for metric in figures[0] if all(metric in other for other in figures)]
    values = {metric: [other[metric].value for other in figures] for metric in common}
    return {metric: Figure(statistics.fmean(seeds), spread=statistics.stdev(seeds)) for metric, seeds in values.items()}
