"""Checking a folder of published tables: numbers that contradict each other, and names that nobody lists."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rgbtbench.leaderboard.consistency import find_inconsistencies
from rgbtbench.leaderboard.listed_names import find_unknown_names
from rgbtbench.leaderboard.published import PublishedRow, read_published


@dataclass(frozen=True, slots=True)
class Check:
    """Something that a reader of the tables must know, or that is wrong.

    Attributes:
        rows: `<file>:<line> <method>` of each row that it concerns.
        found: in words, with the numbers.
        flagged: the table says so itself, in the column `flag`. Names that nobody lists cannot be excused so.
    """

    rows: tuple[str, ...]
    found: str
    flagged: bool


def check_tables(folder: Path) -> list[Check]:
    """Return everything that is to be said about the tables of a folder, what no flag explains first.

    Raises:
        RecordError: a table breaks the schema.
    """
    rows = read_published(folder)
    found = [Check((_place(row),), reason, flagged=False) for row, reason in find_unknown_names(rows)]
    found += [
        Check(tuple(_place(row) for row in one.rows), one.reason, one.flagged) for one in find_inconsistencies(rows)
    ]
    return sorted(found, key=lambda check: check.flagged)


def _place(row: PublishedRow) -> str:
    return f"{row.file}:{row.line} {row.method}"
