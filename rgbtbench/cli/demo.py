"""`rgbtbench demo`: the whole flow on the embedded dataset."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from rgbtbench.cli.output import print_table


def demo(
    out: Annotated[
        Path | None, typer.Option(help="Folder for everything; demo or demo-study in this one by default.")
    ] = None,
    study: Annotated[
        bool, typer.Option("--study", help="Three seeds and twice the training: about 20 minutes.")
    ] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes that render; all cores by default.")] = None,
) -> None:
    """Raw files, shards, training, scores and a leaderboard page, on rendered street scenes.

    Compares RGB with thermal against RGB, thermal, and the controls of equal size, by day and night and by what each
    camera shows. A second run uses again what the first one left.

    Example: rgbtbench demo --out demo
    """
    from rgbtbench.cli.progress import make_progress
    from rgbtbench.cli.torch_extra import require_torch

    require_torch()
    from rgbtbench.demo import demonstrate
    from rgbtbench.leaderboard.terminal import terminal_table

    folder = out or Path("demo-study" if study else "demo")
    with make_progress() as progress:
        result = demonstrate(
            folder,
            study="mfnet/inputs-seeds" if study else "mfnet/inputs",
            workers=workers or len(os.sched_getaffinity(0)),
            progress=progress,
        )
    for section in result.site.board.sections:
        title, columns, rows = terminal_table(section)
        print_table(columns, rows, title=title)
    typer.echo(f"\npage: {result.site.page.resolve()}")
    typer.echo(f"look at the data: rgbtbench inspect {result.shards} --html {folder / 'viewer'}")
