"""`rgbtbench reproduce`: a published number computed again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rgbtbench.cli.output import JsonOption, print_json, print_table
from rgbtbench.cli.places import DataOption
from rgbtbench.cli.predict import (
    BatchOption,
    FlipOption,
    MergeOption,
    ScalesOption,
    StrideOption,
    WindowOption,
)
from rgbtbench.cli.train import DeviceName, DeviceOption, WorkersOption

if TYPE_CHECKING:
    from rgbtbench.reproduction import Reproduction


def reproduce(
    row: Annotated[str, typer.Argument(help="Published row, as leaderboards name it: mfnet.csv:17.")],
    weights: Annotated[Path, typer.Option(help="The authors' weights, converted; see `rgbtbench weights convert`.")],
    data: DataOption,
    predictions: Annotated[
        Path | None, typer.Option(help="Folder for the predictions; beside the weights by default.")
    ] = None,
    scales: ScalesOption = None,
    flip: FlipOption = False,
    window: WindowOption = None,
    stride: StrideOption = None,
    merge: MergeOption = None,
    batch_size: BatchOption = 8,
    workers: WorkersOption = 0,
    device: DeviceOption = DeviceName.AUTO,
    as_json: JsonOption = False,
) -> None:
    """Predict with the authors' weights, score under a published row's protocol, and compare within rounding.

    Exit code 1 when a number differs.

    Example: rgbtbench reproduce mfnet.csv:17 --weights mfnet.safetensors --data shards/mfnet
    """
    from rgbtbench.cards.inference import read_inference
    from rgbtbench.cli.progress import make_progress
    from rgbtbench.cli.torch_extra import require_torch

    inference = read_inference(scales=scales, flip=flip, window=window, stride=stride, merge=merge)
    require_torch()
    from rgbtbench.reproduction import reproduce as run
    from rgbtbench.subject import Subject

    with make_progress() as progress:
        subject = Subject(weights, batch_size=batch_size, workers=workers, device=device.value, inference=inference)
        found = run(row, subject, data, out=predictions, progress=progress)
    if as_json:
        print_json(_as_json(found))
    else:
        _print(found)
    if not found.agrees:
        raise typer.Exit(1)


def _as_json(found: Reproduction) -> dict[str, object]:
    return {
        "row": f"{found.row.file}:{found.row.line}",
        "protocol": found.row.protocol,
        "reproduced": found.agrees,
        "numbers": {
            one.name: {"published": str(one.published), "computed": one.computed, "agrees": one.agrees}
            for one in found.comparisons
        },
    }


def _print(found: Reproduction) -> None:
    row = found.row
    table: list[list[object]] = [
        [
            one.name,
            str(one.published),
            "–" if one.computed is None else f"{one.computed:.{_digits(one.published) + 2}f}",
            "yes" if one.agrees else "NO",
        ]
        for one in found.comparisons
    ]
    print_table(
        ["number", "published", "computed", "within rounding"],
        table,
        title=f"{row.method} {row.variant or ''} under {row.protocol}, {row.source}",
    )
    agreeing = sum(one.agrees for one in found.comparisons)
    verdict = "reproduced" if found.agrees else "not reproduced"
    typer.echo(f"{row.file}:{row.line}: {verdict}, {agreeing} of {len(found.comparisons)} numbers agree")


def _digits(number: object) -> int:
    return len(str(number).partition(".")[2])
