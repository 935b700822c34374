"""How `eval` and `score` show and store a result."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from rgbtbench.cli.output import print_json, print_table

if TYPE_CHECKING:
    from rgbtbench.evaluation import Evaluation
    from rgbtbench.overview import Entry
    from rgbtbench.scoring.score import Score

#: What is longer is said once.
_ONE_LINE: Final = 100
_FIRST: Final = "(the others are described by what sets them apart)"
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
    _report_evaluation(evaluation, path)


def report_conditions(evaluations: Sequence[tuple[Evaluation, Path | None]], *, as_json: bool) -> None:
    """Print the numbers of evaluations under one or several conditions, each with the file of its record."""
    if as_json:
        records = [evaluation.record.model_dump(mode="json") for evaluation, _ in evaluations]
        print_json(records[0] if len(records) == 1 else records)
        return
    for evaluation, path in evaluations:
        _report_evaluation(evaluation, path)


def _report_evaluation(evaluation: Evaluation, path: Path | None) -> None:
    record = evaluation.record
    under = "" if record.condition == "none" else f", {record.condition}"
    _print_numbers(evaluation.score, f"{record.method}{under}")
    _print_notes(record.notes)
    if path is not None:
        typer.echo(f"record: {path}")


def report_score(score: Score, method: str, *, as_json: bool) -> None:
    """Print the numbers of a score that makes no record."""
    if as_json:
        print_json({"method": method, **score.as_json()})
        return
    _print_numbers(score, method)
    _print_notes(score.notes)


def report_overview(entries: Sequence[Entry], *, as_json: bool) -> None:
    """Print one set of predictions under all protocols of a dataset, and what sets these apart."""
    from rgbtbench.scoring.metrics import METRICS

    if as_json:
        print_json(
            {
                entry.protocol.id: {"differs": list(entry.differs), "reason": entry.reason}
                | (entry.score.as_json() if entry.score else {})
                for entry in entries
            }
        )
        return
    rows = []
    left_out: dict[str, list[str]] = {}
    said: dict[str, str] = {}
    for entry in entries:
        shown = METRICS[entry.protocol.rules.headline]
        if entry.score is None:
            left_out.setdefault(entry.reason, []).append(entry.protocol.id)
        else:
            why = "; ".join(entry.differs)
            first = said.setdefault(why, entry.protocol.id)
            why = why if first == entry.protocol.id or len(why) < _ONE_LINE else f"the same as for {first}"
            rows.append([entry.protocol.id, shown.title, shown.text(entry.headline), why or _FIRST])
    print_table(["protocol", "metric", "value", "what sets it apart"], rows)
    for reason, names in left_out.items():
        typer.echo(f"\nnot scored: {', '.join(names)}\n  {reason}")


def _print_notes(notes: Iterable[str]) -> None:
    for note in notes:
        typer.echo(f"note: {note}")


def _print_numbers(score: Score, method: str) -> None:
    from rgbtbench.scoring.metrics import METRICS

    rows: list[list[object]] = []
    for name, value in score.metrics.items():
        interval = score.intervals.get(name)
        shown = METRICS[name]
        extent = f"{shown.text(interval.low)} to {shown.text(interval.high)}" if interval else ""
        rows.append([shown.title, shown.text(value), extent])
    level = f"{score.protocol.intervals.level:.0%} interval"
    print_table(["metric", "value", level], rows, title=f"{method} under {score.protocol.id}")
    if score.per_class:
        names = list(next(iter(score.per_class.values())))
        typer.echo("")
        print_table(
            ["class", *(METRICS[name].title for name in names)],
            [[label, *(METRICS[name].text(row[name]) for name in names)] for label, row in score.per_class.items()],
        )
    if score.subsets:
        first = score.protocol.rules.headline
        typer.echo("")
        print_table(
            ["subset", "images", "metric", "value"],
            [
                [label, subset.images, METRICS[name].title, METRICS[name].text(subset.metrics[name])]
                for label, subset in score.subsets.items()
                for name in [first if first in subset.metrics else next(iter(subset.metrics))]
            ],
        )
