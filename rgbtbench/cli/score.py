"""`rgbtbench score`: anyone's predictions under a protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rgbtbench.cli.output import JsonOption
from rgbtbench.cli.places import PLACE
from rgbtbench.cli.result import RecordsOption, report, report_overview, report_score, require_records


def score(
    protocol: Annotated[
        str, typer.Argument(help="Protocol, as `rgbtbench protocols list` prints it; or a dataset, for all of its own.")
    ],
    predictions: Annotated[Path, typer.Argument(help="Folder, .zip, .tar or file of predictions.")],
    data: Annotated[Path | None, typer.Option(help="Prepared dataset: a folder or an address.", **PLACE)] = None,
    ground_truth: Annotated[
        Path | None, typer.Option(help="Annotation files instead of a prepared dataset; makes no record.")
    ] = None,
    classes: Annotated[
        str | None, typer.Option(help="For generic/miou-…: the number of classes, or their names, as `road,person`.")
    ] = None,
    method: Annotated[str | None, typer.Option(help="What made the predictions; their own word by default.")] = None,
    variant: Annotated[
        str | None, typer.Option(help="With --data: what sets this row apart within the method.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="With --data: paper or address that the predictions come from.")
    ] = None,
    records: RecordsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Score predictions that any program wrote; needs no torch. Every image must be there, and none besides.

    Example: rgbtbench score mfnet/miou-9 predictions.zip --data shards/mfnet --method MyNet

    Example: rgbtbench score mfnet predictions.zip --data shards/mfnet

    Example: rgbtbench score generic/miou-present predictions/ --ground-truth labels/ --classes 9 --json
    """
    from rgbtbench.cli.progress import make_progress
    from rgbtbench.evaluation import class_names, require_one_truth, score_against_files, score_predictions
    from rgbtbench.overview import is_dataset, score_under_all

    require_records(records)
    require_one_truth(
        data, ground_truth, classes=classes, stored=records is not None, described=bool(variant or source)
    )
    if is_dataset(protocol, classes=classes, stored=records is not None, described=bool(method or variant or source)):
        with make_progress() as progress:
            entries = score_under_all(protocol, predictions, data=data, ground_truth=ground_truth, progress=progress)
        report_overview(entries, as_json=as_json)
    elif ground_truth is not None:
        with make_progress() as progress:
            result = score_against_files(
                predictions, ground_truth, protocol, classes=class_names(classes), progress=progress
            )
        report_score(result, method or predictions.stem, as_json=as_json)
    elif data is not None:
        with make_progress() as progress:
            evaluation = score_predictions(
                predictions, data, protocol, method=method, variant=variant, source=source, progress=progress
            )
        report(evaluation, records, as_json=as_json)
