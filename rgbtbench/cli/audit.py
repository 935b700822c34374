"""`rgbtbench audit`: faults, duplicates, leaks, registration and label statistics of prepared data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rgbtbench.cli.output import JsonOption, print_json, print_table, require_out


def audit(
    data: Annotated[
        list[str],
        typer.Argument(
            metavar="DATA...",
            help="Prepared datasets, folders or addresses; or NAME=FILE, NAME/SPLIT=FILE for a list of a set's ids.",
        ),
    ],
    against: Annotated[
        list[str] | None,
        typer.Option(metavar="DATA", help="Look for DATA's images in this, by hashes or by ids; may be repeated."),
    ] = None,
    split: Annotated[list[str] | None, typer.Option(help="Audit this split only; may be repeated.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write one self-contained page with pictures here.")] = None,
    cmss: Annotated[
        bool, typer.Option("--cmss", help="Show where there is little to see: histogram, and maps on the page.")
    ] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; all cores by default.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Find faulty pairs, duplicates within and across splits, misregistration and uneven labels.

    With --against: find images of DATA inside a training set. Sets that are not at hand are compared by their id
    lists, where a rule in datasets_cards/contamination.yaml says how the ids of one name images of the other.

    Example: rgbtbench audit shards/mfnet --html audit.html

    Example: rgbtbench audit shards/mfnet --cmss --html audit.html

    Example: rgbtbench audit llvip/test=val.txt --against ir500k=seeds.json
    """
    from rgbtbench.audit.audit import audit as run
    from rgbtbench.cli.progress import make_progress

    require_out(html)
    with make_progress() as progress:
        found = run(data, against=against or (), only=split, workers=workers, progress=progress)
    if html is not None:
        from rgbtbench.audit.cmss_maps import cmss_maps
        from rgbtbench.audit.page import write_page

        write_page(found, html, maps=[cmss_maps(one.measures) for one in found.splits] if cmss else ())
    if as_json:
        from rgbtbench.audit.as_json import to_json

        print_json(to_json(found))
        return
    from rgbtbench.audit.tables import cmss_table, tables

    for place, table in enumerate([*tables(found), *([cmss_table(found.splits)] if cmss else [])]):
        if place:
            typer.echo("")
        print_table(table.columns, table.rows, title=table.title)
    for sentence in found.known:
        typer.echo(f"known: {sentence}")
    if html is not None:
        typer.echo(f"page: {html.resolve()}")
