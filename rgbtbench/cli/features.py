"""`rgbtbench features`: dense features of both images of every pair, as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rgbtbench.cli.places import PLACE
from rgbtbench.cli.train import DeviceName, DeviceOption


def features(
    source: Annotated[
        str,
        typer.Argument(
            help="Run folder or .safetensors file, of an encoder too; or a baseline: gradients, pixels or places."
        ),
    ],
    data: Annotated[Path, typer.Option(help="Prepared dataset: a folder or an address.", **PLACE)],
    out: Annotated[Path, typer.Option(help="Folder for the features, new or empty.")],
    split: Annotated[str, typer.Option(help="Split to describe.")] = "test",
    protocol: Annotated[
        str | None, typer.Option(help="Protocol of matching, which moves the images; as they are by default.")
    ] = None,
    size: Annotated[
        str | None, typer.Option(help="What a network sees, height x width: 480x640; as configured by default.")
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Pairs per forward pass.")] = 8,
    device: DeviceOption = DeviceName.AUTO,
) -> None:
    """Write dense features of each image by itself: `<modality>/<key>.npy`, float16 (channels, rows, columns).

    Example: rgbtbench features runs/pretrain --data shards/llvip --split test --size 480x640 --out features/llvip

    Example: rgbtbench features gradients --data shards/llvip --protocol matching/aligned-480x640 --out features/hog
    """
    from rgbtbench.cli.progress import make_progress
    from rgbtbench.features.baselines import BASELINES
    from rgbtbench.features.extract import extract, read_size

    where = "cpu"
    if source not in BASELINES or Path(source).exists():
        from rgbtbench.cli.torch_extra import require_torch

        require_torch()
        from rgbtbench.prediction import torch_device

        where = torch_device(device.value)
    with make_progress() as progress:
        extract(
            source,
            data,
            split,
            out,
            protocol=protocol,
            input_size=None if size is None else read_size(size),
            batch_size=batch_size,
            device=where,
            progress=progress,
        )
    typer.echo(out)
