"""`rgbtbench protocols`: the evaluation protocols and their rules."""

from __future__ import annotations

from typing import Annotated

import typer

from rgbtbench.cli.output import JsonOption, print_facts, print_json, print_table

app = typer.Typer(
    help="List the evaluation protocols and show their rules.\n\nExample: rgbtbench protocols show mfnet/miou-9",
    no_args_is_help=True,
)


@app.command("list")
def list_protocols(
    dataset: Annotated[
        str | None, typer.Option(help="Only protocols of this dataset; `generic` for those of none.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List every protocol with what it measures.

    Example: rgbtbench protocols list --dataset mfnet
    """
    from rgbtbench.cards import dataset_card, protocol, protocol_ids
    from rgbtbench.cards.catalog import GENERIC

    if dataset not in (None, GENERIC):
        dataset_card(dataset)
    found = [protocol(name) for name in protocol_ids(dataset)]
    if as_json:
        print_json([entry.model_dump(mode="json") for entry in found])
        return
    print_table(
        ["id", "split", "headline", "summary"],
        [[entry.id, entry.split, entry.rules.headline, entry.summary] for entry in found],
    )


@app.command("show")
def show_protocol(
    protocol_id: Annotated[str, typer.Argument(help="Id of the protocol, as `protocols list` prints it.")],
    as_json: JsonOption = False,
) -> None:
    """Show every rule of a protocol, and its hash.

    Example: rgbtbench protocols show mfnet/miou-9
    """
    from rgbtbench.cards import protocol
    from rgbtbench.cards.catalog import protocol_hash

    found = protocol(protocol_id)
    if as_json:
        print_json(found.model_dump(mode="json") | {"protocol_hash": protocol_hash(found)})
        return
    typer.echo(f"{found.id} (version {found.version})\n\n{found.summary}\n")
    print_facts(
        [
            ("dataset", f"{found.dataset}, edition {found.edition}, split {found.split}"),
            ("labels", f"{found.label_set}, {found.label_space} ids"),
            ("only samples with", ", ".join(f"{name} = {value}" for name, value in found.where.items())),
            *((name, value) for name, value in found.rules.model_dump(mode="json").items()),
            ("reported by", ", ".join(found.report_by)),
            (
                "intervals",
                f"{found.intervals.resamples} resamples of each {found.intervals.unit}, {found.intervals.level:.0%}",
            ),
            ("source", found.source),
            ("hash", protocol_hash(found)),
        ]
    )
