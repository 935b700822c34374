"""`rgbtbench needed`: which modality was needed, object by object or pixel by pixel."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rgbtbench.cli.output import JsonOption, print_json, print_table, require_out
from rgbtbench.cli.places import PLACE


def needed(
    protocol: Annotated[str, typer.Argument(help="Protocol of boxes (average precision) or of semantic masks.")],
    rgb: Annotated[Path, typer.Option(help="Predictions of a model that sees RGB alone.")],
    thermal: Annotated[Path, typer.Option(help="Predictions of a model that sees the other modality alone.")],
    fusion: Annotated[Path, typer.Option(help="Predictions of a model that sees both.")],
    data: Annotated[Path, typer.Option(help="Prepared dataset: a folder or an address.", **PLACE)],
    false_alarms: Annotated[
        float, typer.Option(min=0.0, help="Boxes: false alarms per image and class at which each model counts.")
    ] = 0.1,
    html: Annotated[Path | None, typer.Option(help="Write one self-contained page here.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Say which modality each object or pixel needed, what fusion gains and what it loses.

    Broken down by class, size, occlusion, local contrast in both cameras, local misregistration and attributes.

    Example: rgbtbench needed llvip/ap@v2 --rgb rgb.json --thermal lwir.json --fusion both.json --data shards/llvip
    """
    from rgbtbench.cli.progress import make_progress
    from rgbtbench.evaluation import open_truth
    from rgbtbench.modality_need.analysis import modality_need
    from rgbtbench.modality_need.tables import sentence, tables

    require_out(html)
    rules, split = open_truth(data, protocol)
    with make_progress() as progress:
        found = modality_need(
            rules,
            split,
            {"rgb": rgb, "thermal": thermal, "fusion": fusion},
            false_alarms=false_alarms,
            progress=progress,
        )
    if html is not None:
        from rgbtbench.modality_need.page import write_page

        write_page(found, html)
    if as_json:
        print_json(found.as_json())
        return
    for place, table in enumerate(tables(found)):
        if place:
            typer.echo("")
        print_table(table.columns, table.rows, title=table.title)
    if sentence(found):
        typer.echo(f"\n{sentence(found)}")
    if html is not None:
        typer.echo(f"page: {html.resolve()}")
