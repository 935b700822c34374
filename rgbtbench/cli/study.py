"""`rgbtbench study`: one recipe trained in several variants, all scored under one protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rgbtbench.cli.output import JsonOption, print_json, print_table
from rgbtbench.cli.places import PLACE, DataOption
from rgbtbench.cli.result import require_records
from rgbtbench.cli.train import DeviceName, DeviceOption, WorkersOption


def study(
    name: Annotated[str, typer.Argument(help="`<method>/<study>`, or a path to a YAML file.")],
    data: DataOption,
    out: Annotated[Path, typer.Option(help="Folder for runs and predictions.")],
    records: Annotated[Path, typer.Option(help="Store a record of each training here, for the leaderboard.")],
    pretraining_data: Annotated[
        list[Path] | None, typer.Option(help="Prepared dataset of pre-trainings; once for each that is mixed.", **PLACE)
    ] = None,
    pretraining_out: Annotated[
        Path | None, typer.Option(help="Folder for their runs, which studies share; in OUT by default.")
    ] = None,
    variant: Annotated[
        list[str] | None, typer.Option(help="Run this variant alone; may be repeated. All by default.")
    ] = None,
    seed: Annotated[
        list[int] | None, typer.Option(help="Run with this seed alone; may be repeated. All by default.")
    ] = None,
    device: DeviceOption = DeviceName.AUTO,
    workers: WorkersOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Train every variant of a study with every seed, and score each under the study's protocol.

    A second run uses again what the first one finished. Parts of a study (--variant, --seed) may run at the same time
    into the same folders, as many as a GPU has room for.

    Example: rgbtbench study mfnet/mfnet-excerpt20 --data shards/mfnet --out runs/study --records records
    """
    from rgbtbench.cli.progress import make_progress
    from rgbtbench.cli.torch_extra import require_torch
    from rgbtbench.scoring.resolve import resolve_protocol
    from rgbtbench.shards.manifest import read_manifest
    from rgbtbench.study import load_study, part_of, run_study

    require_records(records)
    loaded = part_of(load_study(name), variants=variant or (), seeds=seed or ())
    headline = resolve_protocol(loaded.protocol, read_manifest(data)).rules.headline
    require_torch()
    with make_progress() as progress:
        found = run_study(
            loaded,
            data,
            out,
            records=records,
            pretraining_data=pretraining_data or (),
            pretraining_out=pretraining_out,
            workers=workers,
            device=device.value,
            progress=progress,
        )
    if as_json:
        print_json([record.model_dump(mode="json") for record in found])
        return
    print_table(
        ["variant", "seed", headline, "parameters"],
        [
            [record.variant, record.training.seed, f"{record.metrics[headline]:.2f}", record.efficiency.parameters]
            for record in found
        ],
        title=f"{name}, {loaded.protocol}",
    )
