"""`rgbtbench predict`: weights and prepared data to prediction files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rgbtbench.cli.output import print_facts
from rgbtbench.cli.places import PLACE
from rgbtbench.cli.train import DeviceName, DeviceOption, WorkersOption
from rgbtbench.errors import UserError

WeightsArgument = Annotated[Path, typer.Argument(help="Run folder, or a .safetensors file.")]
ConditionOption = Annotated[
    str, typer.Option(help="What is done to the input, such as missing:rgb/zero_norm; see docs/conditions.md.")
]
BatchOption = Annotated[int, typer.Option(min=1, help="Samples, or windows, per forward pass.")]
ScalesOption = Annotated[
    str | None, typer.Option(help="See each image at several scales and merge them: 0.75,1,1.25. Segmentation only.")
]
FlipOption = Annotated[bool, typer.Option("--flip", help="See its mirror image too.")]
WindowOption = Annotated[str | None, typer.Option(help="See it window by window, height x width: 480x640.")]
StrideOption = Annotated[str | None, typer.Option(help="From window to window, as a part of one; 2/3 by default.")]
MergeOption = Annotated[
    str | None, typer.Option(help="mean_softmax (mmsegmentation's, the default) or sum_exp (CMX's).")
]


def predict(
    weights: WeightsArgument,
    out: Annotated[Path, typer.Option(help="Folder for the predictions, new or empty.")],
    data: Annotated[Path | None, typer.Option(help="Prepared dataset: a folder or an address.", **PLACE)] = None,
    images: Annotated[
        Path | None, typer.Option(help="Instead: any folder with images in rgb/, lwir/, …, pairs by name.")
    ] = None,
    folder: Annotated[
        list[str] | None, typer.Option(help="With --images, another folder's name: rgb=visible; may be repeated.")
    ] = None,
    split: Annotated[str, typer.Option(help="Split to predict.")] = "test",
    condition: ConditionOption = "none",
    scales: ScalesOption = None,
    flip: FlipOption = False,
    window: WindowOption = None,
    stride: StrideOption = None,
    merge: MergeOption = None,
    batch_size: BatchOption = 8,
    workers: WorkersOption = 0,
    device: DeviceOption = DeviceName.AUTO,
) -> None:
    """Write the predictions of a split as files that anyone can score, or those of any images with pictures.

    Example: rgbtbench predict runs/mfnet --data shards/mfnet --out predictions/mfnet

    Several processes share the work when torchrun starts them: torchrun --nproc-per-node 4 -m rgbtbench predict …

    Example: rgbtbench predict runs/mfnet --data shards/mfnet --out predictions/views --scales 0.75,1,1.25 --flip

    Example: rgbtbench predict runs/mfnet --images walk --out found
    """
    from rgbtbench.cards.inference import read_inference
    from rgbtbench.cli.progress import make_progress
    from rgbtbench.cli.torch_extra import require_torch

    inference = read_inference(scales=scales, flip=flip, window=window, stride=stride, merge=merge)
    if (data is None) == (images is None):
        raise UserError("images come from prepared data or from a folder", remedy="give --data or --images")
    require_torch()
    if images is not None:
        _predict_folder(weights, images, out, folder or [], device=device.value, inference=inference.tag)
        return
    from rgbtbench.prediction import predict_weights
    from rgbtbench.ranks import joined_ranks

    with joined_ranks() as ranks, make_progress() as progress:
        predict_weights(
            weights,
            data or Path(),
            split,
            out,
            condition=condition,
            inference=inference,
            batch_size=batch_size,
            workers=workers,
            device=device.value,
            ranks=ranks,
            progress=progress,
        )
    if ranks.is_first:
        typer.echo(out)


def _predict_folder(weights: Path, images: Path, out: Path, folders: list[str], *, device: str, inference: str) -> None:
    from rgbtbench.cards.inference import PLAIN
    from rgbtbench.cli.progress import make_progress
    from rgbtbench.folder_prediction import predict_folder

    if inference != PLAIN:
        raise UserError(f"{inference} with --images", expected="each image as it is", remedy="leave --scales, … out")
    names = dict(entry.split("=", 1) for entry in folders if "=" in entry)
    if len(names) != len(folders):
        raise UserError(f"--folder {', '.join(folders)}", expected="modality=folder, such as rgb=visible")
    with make_progress() as progress:
        summary = predict_folder(weights, images, out, names=names, device=device, progress=progress)
    print_facts(
        [
            ("images", f"{summary.images:,}"),
            *((f"without {name}", f"{count:,}") for name, count in summary.without.items()),
            ("written to", out),
        ]
    )
