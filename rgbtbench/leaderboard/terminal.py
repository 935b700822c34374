"""Sections as tables of plain text, narrow and short enough for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rgbtbench.leaderboard.naming import label, metric_title, section_title
from rgbtbench.leaderboard.rank import Leaderboard, Section
from rgbtbench.leaderboard.rows import MARKS
from rgbtbench.leaderboard.tables import Cell, Column, main_grid

#: Lines of a section that a terminal shows.
MAX_LINES: Final = 20

#: Title, headings, rows.
Table = tuple[str, list[str], list[list[str]]]


def terminal_tables(board: Leaderboard) -> Iterator[Table]:
    """Return a table per section whose rules are known; what nobody can compare is left to the page."""
    return (terminal_table(section) for section in board.sections if section.state != "unknown")


def terminal_table(section: Section) -> Table:
    """Return title, headings and rows of plain text, best row first, at most `MAX_LINES`, without ablations.

    The interval follows the headline only, and of the other metrics only the first is shown: the page has them all.
    """
    grid = main_grid(section)
    overall = [place for place, column in enumerate(grid.columns) if column.group == "all"]
    shown = [place for place in range(len(grid.columns)) if place not in overall[2:]]
    rows = [
        [
            "" if entry.rank is None else str(entry.rank),
            label(entry),
            entry.first.kind if len(entry.rows) == 1 else f"{entry.first.kind}, {entry.standing}",
            *(_with_extent(line[place]) if place == 0 else line[place].text for place in shown),
            ", ".join(MARKS[mark][0] for mark in entry.marks),
        ]
        for entry, line in zip(section.entries, grid.lines, strict=True)
        if entry.first.ablation is None
    ]
    headings = [_terminal_heading(grid.columns[place], section) for place in shown]
    more = f", the first {MAX_LINES} of {len(rows)} rows" if len(rows) > MAX_LINES else ""
    return section_title(section) + more, ["rank", "row", "kind", *headings, "marks"], rows[:MAX_LINES]


def _terminal_heading(column: Column, section: Section) -> str:
    """Name another metric than the headline; a value such as `night` says by itself what it is a value of."""
    if column.group == "all" or column.metric == section.headline:
        return column.label
    return f"{column.label} {metric_title(column.metric)}"


def _with_extent(cell: Cell) -> str:
    if not cell.extent:
        return cell.text
    return f"{cell.text} {cell.extent}" if cell.extent.startswith("±") else f"{cell.text} [{cell.extent}]"
