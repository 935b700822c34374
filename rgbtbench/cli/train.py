"""`rgbtbench train`: a recipe and prepared data to weights."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rgbtbench.cli.output import JsonOption, print_facts, print_json
from rgbtbench.cli.places import PLACE

if TYPE_CHECKING:
    from rgbtbench.cards.recipe import Recipe


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
    devices: Annotated[int, typer.Option(min=1, help="How many; under torchrun it says how many.")] = 1,
    shard: Annotated[
        bool, typer.Option("--shard", help="Share weights and optimiser out among the devices: more room on each.")
    ] = False,
    precision: Annotated[
        str | None, typer.Option(help="32-true, bf16-mixed or 16-mixed; the recipe's by default.")
    ] = None,
    workers: WorkersOption = 0,
    cache: Annotated[bool, typer.Option("--cache", help="Keep decoded images in memory.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print recipe and parameter groups, train nothing.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Train a model as a recipe says, and write weights that `eval` and `predict` read.

    A run that was stopped, killed or sent SIGTERM goes on with --resume, to the same weights bit for bit.

    Example: rgbtbench train mfnet/mfnet --data shards/mfnet --out runs/mfnet --set seed=1
    """
    from rgbtbench.cards.recipe import load_recipe
    from rgbtbench.cli.progress import make_progress
    from rgbtbench.cli.torch_extra import require_torch

    changes = [*(override or []), *([f"precision={precision}"] if precision else [])]
    loaded = load_recipe(recipe, changes)
    require_torch()
    if dry_run:
        _show(loaded, data, as_json=as_json)
        return

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
            sharded=shard,
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
            ("init", result.info.training and result.info.training.initial_weights),
            *(
                (f"validation {name}", None if value is None else f"{value:.4g}")
                for name, value in result.metrics.items()
            ),
        ]
    )


def _show(recipe: Recipe, data: list[Path], *, as_json: bool) -> None:
    """Print the recipe as resolved, and what each stage trains; as YAML the latter is a comment."""
    from rgbtbench.cards.recipe import recipe_yaml
    from rgbtbench.training.outline import outline
    from rgbtbench.training.resolution import resolve_training

    training = resolve_training(recipe, data)
    stages = outline(training)
    if as_json:
        shown = [
            {"name": stage.name, "steps": stage.span.steps, "samples": stage.span.samples, "groups": stage.rows()}
            for stage in stages
        ]
        print_json({"recipe": training.recipe.model_dump(mode="json"), "stages": shown})
        return
    typer.echo(recipe_yaml(training.recipe), nl=False)
    for stage in stages:
        typer.echo(f"# {stage.headline}")
        for row in stage.rows():
            rates = "frozen" if row["lr"] is None else f"lr {row['lr']:.4g}, weight decay {row['weight_decay']:.4g}"
            where = ", ".join(row["in"])
            typer.echo(f"#   {row['parameters']:>13,} parameters in {row['tensors']} tensors, {rates}: {where}")
