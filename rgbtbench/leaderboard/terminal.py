"""A section as a table of plain text, narrow enough for a terminal."""

from __future__ import annotations

from rgbtbench.leaderboard.naming import label, metric_title, section_title
from rgbtbench.leaderboard.rank import Section
from rgbtbench.leaderboard.rows import MARKS
from rgbtbench.leaderboard.tables import Cell, Column, main_grid


def terminal_table(section: Section) -> tuple[str, list[str], list[list[str]]]:
    """Return title, headings and rows of plain text, best row first, narrow enough for a terminal.

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
    ]
    headings = [_terminal_heading(grid.columns[place], section) for place in shown]
    return section_title(section), ["rank", "row", "kind", *headings, "marks"], rows


def _terminal_heading(column: Column, section: Section) -> str:
    """Name another metric than the headline; a value such as `night` says by itself what it is a value of."""
    if column.group == "all" or column.metric == section.headline:
        return column.label
    return f"{column.label} {metric_title(column.metric)}"


def _with_extent(cell: Cell) -> str:
    if not cell.extent:
        return cell.text
    return f"{cell.text} {cell.extent}" if cell.extent.startswith("±") else f"{cell.text} [{cell.extent}]"
