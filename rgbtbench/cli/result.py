"""How `eval` and `score` show and store a result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rgbtbench.cli.output import print_json, print_table

if TYPE_CHECKING:
    from rgbtbench.evaluation import Evaluation

RecordsOption = Annotated[Path | None, typer.Option(help="Store a record here, for the leaderboard.")]


def require_records(records: Path | None) -> None:
    """Make sure that a record can be stored, before the work that leads to it."""
    from rgbtbench.outputs import require_folder

    if records is not None:
        require_folder(records)


def report(evaluation: Evaluation, records: Path | None, *, as_json: bool) -> None:
    """Store the record when asked to, and print the numbers."""
    from rgbtbench.leaderboard.store import write_record

    record = evaluation.record
    path = None
    if records is not None:
        path = write_record(record, records, statistics=evaluation.score.statistics)
    if as_json:
        print_json(record.model_dump(mode="json"))
        return
    _print_numbers(evaluation)
    for note in record.notes:
        typer.echo(f"note: {note}")
    if path is not None:
        typer.echo(f"record: {path}")


def _print_numbers(evaluation: Evaluation) -> None:
    from rgbtbench.scoring.metrics import METRICS

    record = evaluation.record
    rows: list[list[object]] = []
    for name, value in record.metrics.items():
        interval = record.intervals.get(name)
        shown = METRICS[name]
        extent = f"{shown.text(interval.low)} to {shown.text(interval.high)}" if interval else ""
        rows.append([shown.title, shown.text(value), extent])
    level = f"{evaluation.score.protocol.intervals.level:.0%} interval"
    print_table(["metric", "value", level], rows, title=f"{record.method} under {record.protocol}")
    if record.per_class:
        names = list(next(iter(record.per_class.values())))
        typer.echo("")
        print_table(
            ["class", *(METRICS[name].title for name in names)],
            [[label, *(METRICS[name].text(row[name]) for name in names)] for label, row in record.per_class.items()],
        )
    if record.subsets:
        first = evaluation.score.protocol.rules.headline
        typer.echo("")
        print_table(
            ["subset", "images", "metric", "value"],
            [
                [label, subset.images, METRICS[name].title, METRICS[name].text(subset.metrics[name])]
                for label, subset in record.subsets.items()
                for name in [first if first in subset.metrics else next(iter(subset.metrics))]
            ],
        )
