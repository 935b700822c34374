"""How commands print: tables for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from rgbtbench.finite_json import finite

_PIPE_WIDTH = 180

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def print_json(value: Any) -> None:
    """Print `value` as indented JSON on standard output; numbers that are not finite become null, as JSON has none."""
    typer.echo(json.dumps(finite(value), indent=2, ensure_ascii=False, allow_nan=False))


def require_out(out: Path | None) -> None:
    """Make sure that a file can be written, before the work that leads to it.

    Raises:
        UserError: `out` is a folder, or its folder cannot be written to.
    """
    from rgbtbench.outputs import require_file

    if out is not None:
        require_file(out)


def write_or_print(text: str, out: Path | None) -> None:
    """Write a text as a file, whole or not at all, and say where; without `out`, print it."""
    from rgbtbench.atomic_file import atomic_file

    if out is None:
        typer.echo(text, nl=not text.endswith("\n"))
        return
    with atomic_file(out) as file:
        file.write(text.encode())
    typer.echo(out)


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None, cropped: str | None = None
) -> None:
    """Print rows under column heads; numbers are set to the right. Cells are plain text, never markup.

    Args:
        columns: the heads.
        rows: one cell per column; None is an empty cell.
        title: a line above the table.
        cropped: the column that gets what room the others leave, on one line each.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    rows = [list(row) for row in rows]
    if title is not None:
        # A title inside the table is broken to the table's width, which may be less than an id's.
        typer.echo(title)
    table = Table(header_style="bold", box=None, pad_edge=False, expand=cropped is not None)
    for position, column in enumerate(columns):
        cells = [row[position] for row in rows if row[position] is not None]
        numeric = bool(cells) and all(isinstance(cell, int | float) for cell in cells)
        table.add_column(
            column,
            justify="right" if numeric else "left",
            overflow="ellipsis" if column == cropped else "fold",
            no_wrap=column == cropped,
            ratio=1 if column == cropped else None,
        )
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    # A pipe has no width of its own, and a log is read on wide screens.
    Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH).print(table)


def print_facts(facts: Iterable[tuple[str, object]]) -> None:
    """Print labelled lines; empty values are left out."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in facts:
        if value not in (None, "", (), [], {}):
            table.add_row(label, Text(str(value)))
    Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH).print(table)
