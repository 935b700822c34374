"""`rgbtbench prepare`: official files to shards."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rgbtbench.cli.output import JsonOption, print_facts, print_json, print_table
from rgbtbench.cli.places import PLACE

if TYPE_CHECKING:
    from rgbtbench.shards.manifest import Difference


class CheckDepth(StrEnum):
    """How far photographs are looked into; masks are always decoded."""

    NONE = "none"
    PROBE = "probe"
    FULL = "full"


class ExecutorName(StrEnum):
    """Where shards are built."""

    LOCAL = "local"
    RAY = "ray"


def prepare(
    name: Annotated[str, typer.Argument(help="Dataset, as `rgbtbench datasets list` prints it.")],
    root: Annotated[Path, typer.Option(help="Folder or address that holds the official files.", **PLACE)],
    out: Annotated[
        Path, typer.Option(help="Folder or address for the shards; made when missing, resumed when begun.", **PLACE)
    ],
    split: Annotated[list[str] | None, typer.Option(help="Only this split; may be repeated.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N pairs of each split.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Shards built at a time; one per core by default.")] = None,
    executor: Annotated[
        ExecutorName, typer.Option(help="local: processes on this machine. ray: a Ray cluster.")
    ] = ExecutorName.LOCAL,
    ray_address: Annotated[
        str | None,
        typer.Option(help="host:port, auto, or local; by default RAY_ADDRESS, else a cluster started for this."),
    ] = None,
    shard_megabytes: Annotated[int, typer.Option(min=1, help="Close a shard after this many MB of input.")] = 128,
    check: Annotated[
        CheckDepth,
        typer.Option(
            help="none: headers alone, photographs may be cut short. probe: headers, end markers, checksums. "
            "full: decode every photograph."
        ),
    ] = CheckDepth.PROBE,
    rehash: Annotated[bool, typer.Option(help="Compare contents, not only size and time, when resuming.")] = False,
    allow_differences: Annotated[
        bool, typer.Option(help="Take what is there, where files and card disagree about what the dataset holds.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Let another plan (limit, splits, shard size) replace finished shards.")
    ] = False,
    dry_run: Annotated[bool, typer.Option(help="Say what would be written, and write nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Check a dataset's official files and write them as WebDataset shards with a manifest.

    Photographs keep their official bytes. The same input gives the same bytes, whatever the number of workers.
    A run that was stopped goes on where it was; a faulty file is listed in quarantine.jsonl. What is read is compared
    with the card's counts per split, class and attribute.
    Addresses are those of fsspec (s3://, gs://, memory://, …), credentials come from the environment.

    Example: rgbtbench prepare mfnet --root ir_seg_dataset --out shards/mfnet
    """
    from rgbtbench.cli.progress import make_progress
    from rgbtbench.shards import build
    from rgbtbench.shards.executor import executor_of
    from rgbtbench.shards.plan import Options

    options = Options(
        splits=tuple(split) if split else None,
        limit=limit,
        shard_bytes=shard_megabytes * 1_000_000,
        check=check.value,
    )
    if dry_run:
        plan = build.plan_dataset(name, root, options=options)
        if as_json:
            print_json(plan.to_json())
            return
        print_facts([("layout", plan.layout), ("edition", plan.edition), ("input", f"{plan.bytes / 1e6:.1f} MB")])
        print_table(["split", "pairs", "shards"], [[row.split, row.pairs, row.shards] for row in plan.splits])
        _print_differences(plan.differences)
        return
    with make_progress() as progress:
        manifest = build.prepare_dataset(
            name,
            root,
            out,
            options=options,
            executor=executor_of(executor.value, ray_address=ray_address),
            workers=workers,
            rehash=rehash,
            allow_differences=allow_differences,
            replace=replace,
            progress=progress,
        )
    if as_json:
        print_json(manifest.model_dump(mode="json"))
        return
    print_facts(
        [
            ("dataset", f"{manifest.dataset}, edition {manifest.edition}, layout {manifest.layout}"),
            *(
                (split, f"{facts.samples} pairs in {len(facts.shards)} shards")
                for split, facts in manifest.splits.items()
            ),
            ("in quarantine", manifest.quarantined or None),
            ("written to", out),
        ]
    )
    _print_differences(manifest.differences)


def _print_differences(differences: Sequence[Difference]) -> None:
    if differences:
        print_table(
            ["split", "what", "expected", "found"],
            [[item.split, item.what, item.expected, item.found] for item in differences],
            title=f"differs from edition {differences[0].edition} of the card",
        )
