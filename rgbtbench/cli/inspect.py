"""`rgbtbench inspect`: look at prepared data, in a page that opens anywhere or in FiftyOne."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rgbtbench.cli.places import PLACE


def inspect(
    data: Annotated[Path, typer.Argument(help="Prepared dataset: a folder or an address.", **PLACE)],
    split: Annotated[str, typer.Option(help="Split to look at.")] = "test",
    html: Annotated[Path | None, typer.Option(help="Write a viewer here; `viewer` beside the data by default.")] = None,
    samples: Annotated[int, typer.Option(min=1, help="How many samples the viewer shows.")] = 48,
    predictions: Annotated[Path | None, typer.Option(help="Predictions to lay over the labels.")] = None,
    label_set: Annotated[str | None, typer.Option(help="Label set that the predictions belong to.")] = None,
    condition: Annotated[
        str, typer.Option(help="Show what is done to the input, such as corrupt:rgb/fog/3; see docs/conditions.md.")
    ] = "none",
    app: Annotated[bool, typer.Option("--app", help="Build a FiftyOne dataset and open its app.")] = False,
    build_only: Annotated[
        bool, typer.Option("--build-only", help="With --app: build the dataset, open nothing.")
    ] = False,
) -> None:
    """Write a static viewer: side by side, blended, labels and predictions overlaid. Or open FiftyOne.

    Example: rgbtbench inspect shards/mfnet --html viewer

    Example: rgbtbench inspect shards/mfnet --condition corrupt:rgb/fog/3+shift:lwir/4,0 --html viewer
    """
    from rgbtbench.cli.progress import make_progress
    from rgbtbench.inspection.choice import under_condition
    from rgbtbench.loading.prepared import open_split
    from rgbtbench.locations import beside

    opened = under_condition(open_split(data, split), condition)
    with make_progress() as progress:
        if not app:
            from rgbtbench.inspection.html import write_viewer

            page = write_viewer(
                opened,
                html or beside(data, "-viewer"),
                samples=samples,
                predictions=predictions,
                label_set=label_set,
                progress=progress,
            )
            typer.echo(f"page: {page.resolve()}")
            return
        from rgbtbench.inspection.fiftyone import build_dataset, launch_app

        dataset = build_dataset(
            opened,
            beside(data, "-media"),
            predictions=predictions,
            label_set=label_set,
            progress=progress,
        )
    typer.echo(f"FiftyOne dataset: {dataset.name}")
    if not build_only:
        launch_app(dataset)
