"""`rgbtbench compare`: is one result better than another, beyond the choice of test images?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rgbtbench.cli.output import JsonOption, print_json, print_table
from rgbtbench.cli.places import PLACE

if TYPE_CHECKING:
    from rgbtbench.scoring.comparison import Difference


def compare(
    first: Annotated[Path, typer.Argument(help="A record (.json), or predictions with --protocol.")],
    others: Annotated[list[Path], typer.Argument(help="What it is compared with; one or several of the same kind.")],
    protocol: Annotated[str | None, typer.Option(help="Score predictions under this protocol first.")] = None,
    data: Annotated[Path | None, typer.Option(help="For predictions: the prepared dataset.", **PLACE)] = None,
    ground_truth: Annotated[Path | None, typer.Option(help="For predictions: annotation files instead.")] = None,
    classes: Annotated[str | None, typer.Option(help="As for `score`.")] = None,
    metric: Annotated[
        list[str] | None, typer.Option(help="Metric to compare, repeatable; the headline by default.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Print paired differences with intervals and corrected p-values, on all images and on every subset.

    Resamples whole clusters (sequences) of images; below ten of them there is no p-value. A difference speaks of two
    sets of weights, not of two methods.

    Example: rgbtbench compare records/mfnet__miou-9/a-1f0.json records/mfnet__miou-9/b-77c.json

    Example: rgbtbench compare ours/ theirs/ --protocol mfnet/miou-9 --data shards/mfnet --json
    """
    from rgbtbench.cli.progress import make_progress
    from rgbtbench.comparison import compare_predictions, compare_records
    from rgbtbench.evaluation import class_names

    if protocol is None:
        found = compare_records(first, others, metrics=metric)
    else:
        with make_progress() as progress:
            found = compare_predictions(
                *(first, others, protocol),
                data=data,
                ground_truth=ground_truth,
                classes=class_names(classes),
                metrics=metric,
                progress=progress,
            )
    if as_json:
        print_json({name: [_as_json(row) for row in rows] for name, rows in found.items()})
        return
    for name, rows in found.items():
        _print(str(first), name, rows)


def _as_json(row: Difference) -> dict[str, object]:
    return asdict(row) | {"interval": None if row.interval is None else row.interval.model_dump()}


def _signed(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:+.{digits}f}"


def _print(first: str, second: str, rows: list[Difference]) -> None:
    from rgbtbench.scoring.metrics import METRICS

    table: list[list[object]] = []
    for row in rows:
        shown = METRICS[row.metric]
        low, high = (row.interval.low, row.interval.high) if row.interval else (None, None)
        change = _signed(row.difference, shown.digits)
        extent = f"{_signed(low, shown.digits)} to {_signed(high, shown.digits)}" if row.interval else ""
        chance = "" if row.corrected_p_value is None else f"{row.corrected_p_value:.3f}"
        table.append(
            [row.part, shown.title, shown.text(row.first), shown.text(row.second), change, extent, chance, row.clusters]
        )
    print_table(
        ["part", "metric", "first", "second", "difference", "interval", "p (Holm)", "clusters"],
        table,
        title=f"{first} against {second}",
    )
