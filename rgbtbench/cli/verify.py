"""`rgbtbench verify`: does stored data or a record still hold what it claims?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rgbtbench.cli.places import PLACE


def verify(
    path: Annotated[
        Path,
        typer.Argument(help="A prepared dataset (folder, address or manifest.json), or a record (.json).", **PLACE),
    ],
    predictions: Annotated[Path | None, typer.Option(help="For a record: score these predictions again.")] = None,
    data: Annotated[
        Path | None, typer.Option(help="For a record with predictions: the prepared dataset.", **PLACE)
    ] = None,
) -> None:
    """Recompute every hash of a prepared dataset, or every number of a record.

    Exit code 2 and the first faults when something differs.

    Example: rgbtbench verify shards/mfnet
    """
    from rgbtbench.shards.manifest import prepared_folder

    folder = prepared_folder(path)
    if folder is None:
        from rgbtbench.leaderboard.verify import verify_record

        report = verify_record(path, predictions=predictions, data=data)
        typer.echo(f"{path}: {report}")
    else:
        from rgbtbench.cli.progress import make_progress
        from rgbtbench.shards.verify import require_intact

        with make_progress() as progress:
            manifest = require_intact(folder, progress=progress)
        samples = sum(split.samples for split in manifest.splits.values())
        typer.echo(f"{folder}: intact, {samples} pairs of {manifest.dataset} ({manifest.edition})")
