"""`rgbtbench match`: features of both cameras, matched and held against known homographies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rgbtbench.cli.output import JsonOption, print_json, print_table
from rgbtbench.cli.places import PLACE


def match(
    protocol: Annotated[
        str, typer.Argument(help="Protocol of matching, as `rgbtbench protocols list --dataset matching` prints it.")
    ],
    features: Annotated[Path, typer.Argument(help="Folder that `rgbtbench features` wrote under this protocol.")],
    data: Annotated[Path, typer.Option(help="Prepared dataset that they are of: a folder or an address.", **PLACE)],
    as_json: JsonOption = False,
) -> None:
    """Match features of both cameras by mutual nearest neighbours; our own protocol, needs no torch and no labels.

    Example: rgbtbench match matching/aligned-480x640 features/hog --data shards/llvip
    """
    from rgbtbench.cli.progress import make_progress
    from rgbtbench.matching.evaluate import match as run
    from rgbtbench.matching.wording import rows_of

    with make_progress() as progress:
        result = run(protocol, features, data, progress=progress)
    if as_json:
        print_json(result.as_json())
        return
    typer.echo(f"{result.protocol.id}, {result.images} pairs of {result.features.dataset}/{result.features.split}")
    print_table(["", result.features.source, f"{result.protocol.intervals.level:.0%}"], rows_of(result))
