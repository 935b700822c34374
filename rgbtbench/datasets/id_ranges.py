"""What is known of runs of consecutive ids: small tables in `datasets_cards/<name>.csv`.

Frames of one video have consecutive numbers in several datasets, so that a fact about each of thousands of images fits
a few lines: `first,last` and whatever is known of the ids from the one to the other.
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Mapping
from functools import cache

from rgbtbench.resources import data_root


@cache
def _rows(name: str) -> tuple[Mapping[str, str], ...]:
    with (data_root() / "datasets_cards" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        return tuple(sorted(rows, key=lambda row: int(row["first"])))


def run_of(name: str, number: int) -> Mapping[str, str] | None:
    """Return the row of the table `name` whose run holds an id; None when no run does."""
    rows = _rows(name)
    place = bisect_right(rows, number, key=lambda row: int(row["first"])) - 1
    return rows[place] if place >= 0 and number <= int(rows[place]["last"]) else None
