"""The leaderboard as JSON for programs and as CSV for spreadsheets."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from rgbtbench.leaderboard.entries import Entry
from rgbtbench.leaderboard.rank import Leaderboard, Section
from rgbtbench.leaderboard.rows import Figure, Figures, Row

FORMAT: Final = "rgbtbench-leaderboard"
VERSION: Final = 1

#: A spreadsheet takes text that starts like this for a formula.
_FORMULA = re.compile(r"[=+\-@\t\r]")
_PLAIN_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def to_json(board: Leaderboard) -> dict[str, Any]:
    """Return the whole leaderboard as plain data, superseded rows listed apart."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "sections": [_section(section) for section in board.sections],
        "superseded": [_row(row) for row in board.superseded],
    }


def to_csv(board: Leaderboard) -> str:
    """Return one line per record or published row.

    Columns of numbers are named as in published tables: `miou`, `iou:car`, `miou@time_of_day=day`; bounds of
    intervals follow as `miou.low` and `miou.high`. Text that a spreadsheet would run as a formula gets a leading
    apostrophe; numbers stay numbers.
    """
    lines = [
        _facts(section, entry, row) | _numbers(row)
        for section in board.sections
        for entry in section.entries
        for row in entry.rows
    ]
    lines += [_facts(None, None, row) | _numbers(row) for row in board.superseded]
    columns = dict.fromkeys(name for line in lines for name in line)
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([guarded(name) for name in columns])
    writer.writerows([guarded(line.get(name, "")) for name in columns] for line in lines)
    return file.getvalue()


def guarded(cell: str | float) -> str:
    """Return a cell's text such that no spreadsheet takes it for a formula."""
    text = str(cell)
    return f"'{text}" if _FORMULA.match(text) and not _PLAIN_NUMBER.fullmatch(text) else text


def _section(section: Section) -> dict[str, Any]:
    return {
        "protocol": section.protocol,
        "protocol_version": section.version,
        "protocol_hash": section.hash,
        "state": section.state,
        "dataset": section.dataset,
        "headline": section.headline,
        "rules": section.rules.model_dump(mode="json") if section.rules else None,
        "entries": [_entry(entry) for entry in section.entries],
    }


def _entry(entry: Entry) -> dict[str, Any]:
    first = entry.first
    return {
        "rank": entry.rank,
        "standing": entry.standing,
        "kind": first.kind,
        "method": first.method,
        "variant": first.variant,
        "condition": first.condition,
        "ablation": first.ablation,
        "inputs": list(first.inputs),
        "marks": list(entry.marks),
        "metrics": _figures(entry.metrics),
        "per_class": {name: _figures(figures) for name, figures in entry.per_class.items()},
        "subsets": {name: _figures(figures) for name, figures in entry.subsets.items()},
        "rows": [_row(row) for row in entry.rows],
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "name": row.name,
        "address": row.address,
        "kind": row.kind,
        "method": row.method,
        "variant": row.variant,
        "protocol": row.protocol,
        "seed": row.seed,
        "created": row.created,
        "supersedes": row.supersedes,
        "metrics": _figures(row.metrics),
        "facts": [list(fact) for fact in row.facts],
    }


def _figures(figures: Figures) -> dict[str, dict[str, float]]:
    return {metric: _figure(figure) for metric, figure in figures.items()}


def _figure(figure: Figure) -> dict[str, float]:
    parts = {"value": figure.value, "low": figure.low, "high": figure.high, "std_over_seeds": figure.spread}
    return {name: value for name, value in parts.items() if value is not None}


def _facts(section: Section | None, entry: Entry | None, row: Row) -> dict[str, str | float]:
    return {
        "protocol": row.protocol,
        "protocol_version": row.protocol_version or "",
        "protocol_hash": (section.hash if section else row.protocol_hash) or "",
        "dataset": row.dataset or "",
        "kind": row.kind,
        "method": row.method,
        "variant": row.variant or "",
        "condition": row.condition,
        "ablation": row.ablation or "",
        "inputs": "+".join(row.inputs),
        "rank": (entry.rank if entry else None) or "",
        "standing": entry.standing if entry else "superseded",
        "seed": "" if row.seed is None else row.seed,
        "marks": " ".join(row.marks),
        "record": row.address,
    }


def _numbers(row: Row) -> dict[str, str | float]:
    tables: list[tuple[str, Mapping[str, Figure]]] = [("", row.metrics)]
    tables += [(f"@{name}", figures) for name, figures in row.subsets.items()]
    tables += [(f":{name}", figures) for name, figures in row.per_class.items()]
    return {name: value for suffix, figures in tables for name, value in _columns(suffix, figures)}


def _columns(suffix: str, figures: Figures) -> Iterator[tuple[str, float]]:
    for metric, figure in figures.items():
        yield f"{metric}{suffix}", figure.value
        if figure.low is not None and figure.high is not None:
            yield f"{metric}{suffix}.low", figure.low
            yield f"{metric}{suffix}.high", figure.high
