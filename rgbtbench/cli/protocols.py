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
        str | None,
        typer.Option(help="Only those of this dataset; `generic` for those of none, `matching` for features."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List every protocol with what it measures.

    Example: rgbtbench protocols list --dataset mfnet
    """
    from rgbtbench.cards import dataset_card, protocol, protocol_ids
    from rgbtbench.cards.catalog import GENERIC
    from rgbtbench.cards.matching import MATCHING, matching_protocol, matching_protocol_ids

    if dataset not in (None, GENERIC, MATCHING):
        dataset_card(dataset)
    found = [protocol(name) for name in protocol_ids(dataset)]
    of_matching = [matching_protocol(name) for name in matching_protocol_ids() if dataset in (None, MATCHING)]
    if as_json:
        print_json([entry.model_dump(mode="json") for entry in (*found, *of_matching)])
        return
    print_table(
        ["id", "split", "headline", "summary"],
        [
            *([entry.id, entry.split, entry.rules.headline, entry.summary] for entry in found),
            *([entry.id, "any", "precision_cell", entry.summary] for entry in of_matching),
        ],
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
    from rgbtbench.cards.matching import MATCHING

    if protocol_id.startswith(f"{MATCHING}/"):
        _show_matching(protocol_id, as_json=as_json)
        return
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


def _show_matching(protocol_id: str, *, as_json: bool) -> None:
    from rgbtbench.cards.matching import matching_protocol
    from rgbtbench.matching.wording import rules_in_words

    found = matching_protocol(protocol_id)
    if as_json:
        print_json(found.model_dump(mode="json") | {"protocol_hash": found.sha256})
        return
    typer.echo(f"{found.id} (version {found.version})\n\n{found.summary}\n")
    print_facts([*rules_in_words(found), ("hash", found.sha256)])
