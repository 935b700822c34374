"""`rgbtbench predict`: weights and prepared data to prediction files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rgbtbench.cli.places import DataOption
from rgbtbench.cli.train import DeviceName, DeviceOption, WorkersOption

WeightsArgument = Annotated[Path, typer.Argument(help="Run folder, or a .safetensors file.")]
ConditionOption = Annotated[
    str, typer.Option(help="What is done to the input, such as missing:rgb/zero_norm; see docs/conditions.md.")
]
BatchOption = Annotated[int, typer.Option(min=1, help="Samples per forward pass.")]


def predict(
    weights: WeightsArgument,
    data: DataOption,
    out: Annotated[Path, typer.Option(help="Folder for the predictions, new or empty.")],
    split: Annotated[str, typer.Option(help="Split to predict.")] = "test",
    condition: ConditionOption = "none",
    batch_size: BatchOption = 8,
    workers: WorkersOption = 0,
    device: DeviceOption = DeviceName.AUTO,
) -> None:
    """Write the predictions of a split as files that anyone can score.

    Example: rgbtbench predict runs/mfnet --data shards/mfnet --out predictions/mfnet
    """
    from rgbtbench.cli.progress import make_progress
    from rgbtbench.cli.torch_extra import require_torch

    require_torch()
    from rgbtbench.prediction import predict_weights

    with make_progress() as progress:
        predict_weights(
            weights,
            data,
            split,
            out,
            condition=condition,
            batch_size=batch_size,
            workers=workers,
            device=device.value,
            progress=progress,
        )
    typer.echo(out)
