"""The numbers of a section as grids of cells: which columns, which number is best, and how each is tinted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rgbtbench.leaderboard.naming import extent, metric_title, number
from rgbtbench.leaderboard.rank import Section
from rgbtbench.leaderboard.rows import Figure
from rgbtbench.scoring import metrics

#: Lowest and highest value of a scale.
Range = tuple[float, float]
#: Steps of the tint by which a column group shows low and high.
TINTS = 6
#: Attributes whose subsets stand in the main table; the table of subsets has all.
MAIN_SUBSETS = 2


@dataclass(frozen=True, slots=True)
class Column:
    """A column of numbers.

    Attributes:
        group: heading shared with its neighbours.
        label: its own heading.
        metric: key of its metric.
        scale: columns that are tinted together share it; null for no tint.
    """

    group: str
    label: str
    metric: str
    scale: str | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """A number ready to be shown.

    Attributes:
        text: the number, or an en dash where there is none.
        extent: `56.1 to 60.2` for an interval, `± 0.4` for seeds, empty where there is neither.
        value: the number itself, by which columns are sorted.
        best: no other line of the column is better; says nothing about significance.
        tint: 0 (lowest of the column group) to `TINTS` - 1 (highest), in the metric's good direction.
    """

    text: str = "–"
    extent: str = ""
    value: float | None = None
    best: bool = False
    tint: int | None = None


@dataclass(frozen=True, slots=True)
class Grid:
    """Columns, and one tuple of cells per entry of the section."""

    columns: tuple[Column, ...]
    lines: tuple[tuple[Cell, ...], ...]

    @property
    def groups(self) -> list[tuple[str, int]]:
        """Group headings with the number of columns that each spans."""
        spans: list[tuple[str, int]] = []
        for column in self.columns:
            if spans and spans[-1][0] == column.group:
                spans[-1] = (column.group, spans[-1][1] + 1)
            else:
                spans.append((column.group, 1))
        return spans


def main_grid(section: Section) -> Grid:
    """The headline, the two subsets of most interest, then the other metrics."""
    parts = _parts(section, list(section.subsets)[:MAIN_SUBSETS])
    overall = [Column("all", metric_title(metric), metric) for metric in section.metrics]
    columns = [*overall[:1], *(column for column, _ in parts), *overall[1:]]
    figures = [
        [
            *(entry.metrics.get(column.metric) for column in overall[:1]),
            *(entry.subsets.get(name, {}).get(column.metric) for column, name in parts),
            *(entry.metrics.get(column.metric) for column in overall[1:]),
        ]
        for entry in section.entries
    ]
    return _grid(columns, figures, section)


def class_grid(section: Section) -> Grid:
    """Every metric of every class."""
    tables = [entry.per_class for entry in section.entries]
    keys = _metric_keys(figures for table in tables for figures in table.values())
    columns = [
        Column(metric_title(metric), _spoken(name), metric, f"{metric}:{name}")
        for metric in keys
        for name in section.classes
    ]
    figures = [[table.get(name, {}).get(metric) for metric in keys for name in section.classes] for table in tables]
    return _grid(columns, figures, section)


def subset_grid(section: Section) -> Grid:
    """Every subset by the one metric that its attribute is compared by."""
    parts = _parts(section, section.subsets)
    figures = [[entry.subsets.get(name, {}).get(column.metric) for column, name in parts] for entry in section.entries]
    return _grid([column for column, _ in parts], figures, section)


def _parts(section: Section, attributes: Iterable[str]) -> list[tuple[Column, str]]:
    """Return a column for every value of some attributes, with the name of its subset."""
    return [
        (
            Column(_heading(section, attribute, metric), _spoken(value), metric, f"{attribute} {metric}"),
            f"{attribute}={value}",
        )
        for attribute in attributes
        for value in section.subsets[attribute]
        for metric in [_value_metric(section, attribute, value)]
    ]


def _value_metric(section: Section, attribute: str, value: str) -> str:
    """The metric of one subset: the headline where the attribute is compared by it, otherwise its own first one."""
    shared = subset_metric(section, attribute)
    if shared == section.headline:
        return shared
    figures = (entry.subsets.get(f"{attribute}={value}", {}) for entry in section.entries)
    return next((next(iter(found)) for found in figures if found), shared)


def subset_metric(section: Section, attribute: str) -> str:
    """The metric that subsets of an attribute are compared by: the headline, or the first that all of them have."""
    tables = [
        figures
        for entry in section.entries
        for name, figures in entry.subsets.items()
        if name.startswith(f"{attribute}=")
    ]
    keys = _metric_keys(tables)
    shared = [key for key in keys if all(key in figures for figures in tables)]
    return section.headline if section.headline in keys else (shared or keys)[0]


def higher_is_better(metric: str) -> bool:
    """Direction of a metric; a key that no table knows is taken for a score."""
    return metric not in metrics.METRICS or metrics.METRICS[metric].better == "higher"


def _heading(section: Section, attribute: str, metric: str) -> str:
    own = "" if metric == section.headline else f" ({metric_title(metric)})"
    return _spoken(attribute) + own


def _spoken(name: str) -> str:
    return name.replace("_", " ")


def _metric_keys(tables: Iterable[Mapping[str, Figure]]) -> list[str]:
    seen = {metric for table in tables for metric in table}
    return [key for key in metrics.METRICS if key in seen] + sorted(seen - set(metrics.METRICS))


def _grid(columns: Sequence[Column], figures: Sequence[Sequence[Figure | None]], section: Section) -> Grid:
    # Under an unknown protocol nobody competes.
    competes = [section.state != "unknown" and entry.competes for entry in section.entries]
    ranges = _ranges(columns, figures)
    by_column = [
        _cells(column, [line[position] for line in figures], competes, ranges.get(column.scale))
        for position, column in enumerate(columns)
    ]
    return Grid(tuple(columns), tuple(zip(*by_column, strict=True)))


def _ranges(columns: Sequence[Column], figures: Sequence[Sequence[Figure | None]]) -> dict[str | None, Range]:
    seen: dict[str | None, list[float]] = defaultdict(list)
    for line in figures:
        for column, figure in zip(columns, line, strict=True):
            if figure and column.scale:
                seen[column.scale].append(figure.value)
    return {scale: (min(values), max(values)) for scale, values in seen.items()}


def _cells(column: Column, figures: Sequence[Figure | None], competes: Sequence[bool], of: Range | None) -> list[Cell]:
    sign = 1 if higher_is_better(column.metric) else -1
    best = max(
        (sign * figure.value for figure, can in zip(figures, competes, strict=True) if figure and can), default=None
    )
    return [
        Cell()
        if figure is None
        else Cell(
            text=number(figure, column.metric),
            extent=extent(figure, column.metric),
            value=figure.value,
            best=can and sign * figure.value == best,
            tint=None if of is None else _tint(figure.value, of, sign),
        )
        for figure, can in zip(figures, competes, strict=True)
    ]


def _tint(value: float, of: Range, sign: int) -> int:
    low, high = of
    if high == low:
        return 0
    share = (value - low) / (high - low)
    return round((TINTS - 1) * (share if sign > 0 else 1 - share))
