"""`rgbtbench eval`: predict and score in one go."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rgbtbench.cli.output import JsonOption
from rgbtbench.cli.places import DataOption
from rgbtbench.cli.predict import (
    BatchOption,
    FlipOption,
    MergeOption,
    ScalesOption,
    StrideOption,
    WeightsArgument,
    WindowOption,
)
from rgbtbench.cli.result import RecordsOption, report_conditions, require_records
from rgbtbench.cli.train import DeviceName, DeviceOption, WorkersOption


def evaluate(
    weights: WeightsArgument,
    data: DataOption,
    protocol: Annotated[str, typer.Option(help="Protocol, as `rgbtbench protocols list` prints it.")],
    predictions: Annotated[
        Path | None, typer.Option(help="Folder for the predictions; beside the weights by default.")
    ] = None,
    records: RecordsOption = None,
    condition: Annotated[
        list[str] | None, typer.Option(help="What is done to the input (docs/conditions.md); may be repeated.")
    ] = None,
    profile: Annotated[
        bool, typer.Option("--profile", help="Measure FLOPs, latency and memory first, for the record.")
    ] = False,
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
    """Predict with weights, score under a protocol, and store a record.

    Example: rgbtbench eval runs/mfnet --data shards/mfnet --protocol mfnet/miou-9 --records records

    Example: rgbtbench eval runs/mfnet --data shards/mfnet --protocol mfnet/miou-9 --condition missing:lwir/zero_norm
    """
    from rgbtbench.cards.inference import read_inference
    from rgbtbench.cli.progress import make_progress
    from rgbtbench.cli.torch_extra import require_torch

    inference = read_inference(scales=scales, flip=flip, window=window, stride=stride, merge=merge)
    require_records(records)
    require_torch()
    from rgbtbench.progress import Silent
    from rgbtbench.ranks import joined_ranks
    from rgbtbench.robustness import evaluate_conditions
    from rgbtbench.subject import Subject

    with joined_ranks() as ranks, make_progress() as display:
        progress = display if ranks.is_first else Silent()
        subject = Subject(
            weights,
            batch_size=batch_size,
            workers=workers,
            device=device.value,
            inference=inference,
            ranks=ranks,
        )
        efficiency = None
        if profile:
            from rgbtbench.efficiency.timing import Setting
            from rgbtbench.profiling import efficiency_of

            progress.say("measuring what the model costs")
            setting = Setting(device=device.value, batch_size=batch_size)
            efficiency = ranks.first(lambda: efficiency_of(subject, data, protocol, setting))
        found = evaluate_conditions(
            subject,
            data,
            protocol,
            condition or ["none"],
            out=predictions,
            records=records,
            efficiency=efficiency,
            progress=progress,
        )
    if ranks.is_first:
        report_conditions(
            [(evaluation, records / f"{name}.json" if records and name else None) for evaluation, name in found],
            as_json=as_json,
        )
