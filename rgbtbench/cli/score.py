"""`rgbtbench score`: anyone's predictions under a protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rgbtbench.cli.output import JsonOption
from rgbtbench.cli.places import DataOption
from rgbtbench.cli.result import RecordsOption, report, require_records


def score(
    protocol: Annotated[str, typer.Argument(help="Protocol, as `rgbtbench protocols list` prints it.")],
    predictions: Annotated[Path, typer.Argument(help="Folder, .zip or .tar of masks, or COCO results JSON.")],
    data: DataOption,
    method: Annotated[str | None, typer.Option(help="What made the predictions; their own word by default.")] = None,
    variant: Annotated[str | None, typer.Option(help="What sets this row apart within the method.")] = None,
    source: Annotated[str | None, typer.Option(help="Paper or address that the predictions come from.")] = None,
    records: RecordsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Score predictions that any program wrote; needs no torch. Every image must be there, and none besides.

    Example: rgbtbench score mfnet/miou-9 predictions.zip --data shards/mfnet --method MyNet
    """
    from rgbtbench.cli.progress import make_progress
    from rgbtbench.evaluation import score_predictions

    require_records(records)
    with make_progress() as progress:
        evaluation = score_predictions(
            predictions, data, protocol, method=method, variant=variant, source=source, progress=progress
        )
    report(evaluation, records, as_json=as_json)
