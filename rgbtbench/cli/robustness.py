"""`rgbtbench robustness`: a whole suite of conditions for one model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rgbtbench.cli.output import JsonOption, print_json, print_table, require_out
from rgbtbench.cli.places import DataOption
from rgbtbench.cli.predict import BatchOption, WeightsArgument
from rgbtbench.cli.result import require_records
from rgbtbench.cli.train import DeviceName, DeviceOption, WorkersOption

if TYPE_CHECKING:
    from rgbtbench.robustness import Robustness


def robustness(
    weights: WeightsArgument,
    data: DataOption,
    protocol: Annotated[str, typer.Option(help="Protocol, as `rgbtbench protocols list` prints it.")],
    suite: Annotated[
        str,
        typer.Option(
            help="corruptions, corruptions-extra, misregistration, missing, missing-random, noisy, or a YAML file."
        ),
    ],
    records: Annotated[Path, typer.Option(help="Folder of the records; what has one is not computed again.")],
    severities: Annotated[str | None, typer.Option(help="Only corruptions of these severities: 1,3,5.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the summary as a JSON file.")] = None,
    variant: Annotated[str | None, typer.Option(help="What sets the rows apart within the method.")] = None,
    batch_size: BatchOption = 8,
    workers: WorkersOption = 0,
    device: DeviceOption = DeviceName.AUTO,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the conditions and evaluate nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Evaluate weights under every condition of a suite; stores a record for each and prints what is retained.

    A suite that was stopped goes on where it was when it is run again.

    Example: rgbtbench robustness runs/mfnet --data shards/mfnet --protocol mfnet/miou-9 --suite missing --records out
    """
    from rgbtbench.cli.progress import make_progress
    from rgbtbench.cli.torch_extra import require_torch

    chosen = _severities(severities)
    require_records(records)
    require_out(out)
    require_torch()
    from rgbtbench.robustness import planned_conditions, run_suite
    from rgbtbench.subject import Subject

    subject = Subject(weights, batch_size=batch_size, workers=workers, device=device.value)
    if dry_run:
        planned = list(map(str, planned_conditions(subject, data, protocol, suite, severities=chosen)))
        if as_json:
            print_json(planned)
        else:
            typer.echo("\n".join(planned))
        return
    with make_progress() as progress:
        result = run_suite(
            subject,
            data,
            protocol,
            suite,
            records=records,
            severities=chosen,
            variant=variant,
            progress=progress,
        )
    _report(result, out, as_json=as_json)


def _severities(text: str | None) -> tuple[int, ...]:
    from rgbtbench.cards.corruptions import SEVERITIES
    from rgbtbench.errors import UserError

    names = {str(severity): severity for severity in SEVERITIES}
    wanted = [part.strip() for part in text.split(",")] if text is not None else []
    if unknown := [part for part in wanted if part not in names]:
        raise UserError(f"--severities: {unknown[0]!r}", expected="whole numbers from 1 to 5 with commas between")
    return tuple(names[part] for part in wanted)


def _report(result: Robustness, out: Path | None, *, as_json: bool) -> None:
    import json

    from rgbtbench.cli.output import write_or_print

    summary = result.as_json()
    if out is not None:
        write_or_print(json.dumps(summary, indent=1, allow_nan=False) + "\n", out)
    if as_json:
        print_json(summary)
        return
    _print_table(result)


def _print_table(result: Robustness) -> None:
    from rgbtbench.conditions.averages import SHARES
    from rgbtbench.scoring.metrics import METRICS

    shown, clean = METRICS[result.headline], result.clean[1]
    rows = [["none", shown.text(clean.metrics[result.headline]), None]]
    for line in result.as_json()["conditions"]:
        kept = line["retention"][result.headline]
        rows.append(
            [line["condition"], shown.text(line["metrics"][result.headline]), None if kept is None else f"{kept:.1%}"]
        )
    print_table(
        ["condition", shown.title, "of clean"], rows, title=f"{clean.method} {clean.variant} under {clean.protocol}"
    )
    means = [
        [kind, group, name, f"{value:.1%}" if name in SHARES else shown.text(value)]
        for kind, groups in result.means.get(result.headline, {}).items()
        for group, values in groups.items()
        for name, value in values.items()
    ]
    if means:
        typer.echo("")
        print_table(["means over", "group", "mean", shown.title], means)
