"""`rgbtbench export`: prepared data in the formats of other tools."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from rgbtbench.cli.output import JsonOption, print_facts, print_json
from rgbtbench.cli.places import PLACE
from rgbtbench.errors import UserError


def export(
    data: Annotated[
        Path,
        typer.Argument(help="Prepared dataset: a folder or an address; with --onnx a run or its weights.", **PLACE),
    ],
    out: Annotated[Path, typer.Option(help="New or empty folder; with --onnx a file.")],
    format_name: Annotated[str | None, typer.Option("--as", help="coco, voc, yolo, index-png or ade20k.")] = None,
    onnx: Annotated[bool, typer.Option("--onnx", help="Write a model as ONNX, for images of any size.")] = False,
    split: Annotated[list[str] | None, typer.Option(help="Only this split; may be repeated.")] = None,
    label_set: Annotated[str | None, typer.Option(help="Labels to write, where the data has several.")] = None,
    label_space: Annotated[str, typer.Option(help="Class ids: native, unified, or another dataset's name.")] = "native",
    modality: Annotated[list[str] | None, typer.Option(help="Only this modality; may be repeated.")] = None,
    folder: Annotated[
        list[str] | None,
        typer.Option(help="Where a modality or the labels go, such as 'rgb=visible/{split}'; may be repeated."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write a prepared dataset as COCO, VOC, YOLO, index PNG or M-SpecGene's ADE20K folders, or a model as ONNX.

    Images keep their bytes. The folder appears when it is whole, and nothing that exists is overwritten.
    What the format cannot hold is printed, and stands in export.json.

    Example: rgbtbench export shards/mfnet --as index-png --out mfnet-cmx --folder rgb=RGB --folder lwir=Modal

    Example: rgbtbench export runs/mfnet --onnx --out mfnet.onnx
    """
    if onnx == (format_name is not None):
        raise UserError("data is written --as a format, and a model as --onnx", remedy="give one of both")
    if onnx:
        _write_onnx(data, out, as_json=as_json)
        return
    from rgbtbench.cli.progress import make_progress
    from rgbtbench.exporting.export import export as write

    with make_progress() as progress:
        summary = write(
            data,
            out,
            format_name=format_name or "",
            splits=split,
            label_set=label_set,
            label_space=label_space,
            modalities=modality,
            folders=folder or (),
            progress=progress,
        )
    if as_json:
        print_json(summary.to_json())
        return
    print_facts(
        [
            ("dataset", f"{summary.dataset}, edition {summary.edition}"),
            ("labels", f"{summary.label_set}, {summary.label_space} ids"),
            ("pairs", ", ".join(f"{name} {count}" for name, count in summary.splits.items())),
            ("images", ", ".join(summary.modalities)),
            ("written to", f"{out} ({summary.files} files, {summary.bytes / 1e6:.1f} MB)"),
        ]
    )
    for note in summary.notes:
        typer.echo(f"note: {note}")


def _write_onnx(weights: Path, out: Path, *, as_json: bool) -> None:
    from rgbtbench.cli.torch_extra import require_torch

    require_torch()
    from rgbtbench.zoo.load import load_model
    from rgbtbench.zoo.onnx_file import write_onnx

    facts = write_onnx(load_model(weights), out)
    if as_json:
        print_json(asdict(facts))
        return
    print_facts(
        [
            *(
                (f"input {name}", f"float32 (batch, {channels}, height, width) from 0 to 1")
                for name, channels in facts.inputs.items()
            ),
            ("outputs", ", ".join(facts.outputs)),
            ("checked with", ", ".join("{} of {}x{}".format(*size) for size in facts.sizes)),
            ("difference", f"{facts.difference:.2g} of the largest value, between torch and onnxruntime"),
            ("written to", out),
        ]
    )
