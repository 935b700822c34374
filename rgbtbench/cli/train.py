"""`rgbtbench train`: a recipe and prepared data to weights."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from rgbtbench.cli.output import JsonOption, print_facts, print_json
from rgbtbench.cli.places import PLACE


class DeviceName(StrEnum):
    """Where to run."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


DeviceOption = Annotated[DeviceName, typer.Option(help="auto takes a GPU where there is one.")]
WorkersOption = Annotated[int, typer.Option(min=0, help="Processes that decode; 0: in this one.")]


def train(
    recipe: Annotated[str, typer.Argument(help="`<method>/<recipe>`, or a path to a YAML file.")],
    data: Annotated[
        list[Path], typer.Option(help="Prepared dataset: a folder or an address; once for each that is mixed.", **PLACE)
    ],
    out: Annotated[Path, typer.Option(help="Run folder: recipe, log, checkpoints, weights.")],
    override: Annotated[
        list[str] | None, typer.Option("--set", help="Change a value: optimiser.lr=0.001; may be repeated.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in the folder.")] = False,
    device: DeviceOption = DeviceName.AUTO,
    devices: Annotated[int, typer.Option(min=1, help="How many.")] = 1,
    precision: Annotated[
        str | None, typer.Option(help="32-true, bf16-mixed or 16-mixed; the recipe's by default.")
    ] = None,
    workers: WorkersOption = 0,
    cache: Annotated[bool, typer.Option("--cache", help="Keep decoded images in memory.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the resolved recipe and train nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Train a model as a recipe says, and write weights that `eval` and `predict` read.

    A run that was stopped, killed or sent SIGTERM goes on with --resume, to the same weights bit for bit.

    Example: rgbtbench train mfnet/mfnet --data shards/mfnet --out runs/mfnet --set seed=1
    """
    from rgbtbench.cards.recipe import load_recipe, recipe_yaml

    changes = [*(override or []), *([f"precision={precision}"] if precision else [])]
    loaded = load_recipe(recipe, changes)
    if dry_run:
        if as_json:
            print_json(loaded.model_dump(mode="json"))
        else:
            typer.echo(recipe_yaml(loaded), nl=False)
        return

    from rgbtbench.cli.progress import make_progress
    from rgbtbench.cli.torch_extra import require_torch

    require_torch()
    from rgbtbench.training.run import train as run_training

    with make_progress() as progress:
        result = run_training(
            loaded,
            data,
            out,
            resume=resume,
            device=device.value,
            devices=devices,
            workers=workers,
            cached=cache,
            progress=progress,
        )
    if as_json:
        facts = result.info.model_dump(mode="json")
        print_json({"folder": str(result.folder), "metrics": result.metrics, "reused": result.reused, "weights": facts})
        return
    print_facts(
        [
            ("weights", result.weights),
            ("parameters", f"{result.info.parameters:,}"),
            *(
                (f"validation {name}", None if value is None else f"{value:.4g}")
                for name, value in result.metrics.items()
            ),
        ]
    )
