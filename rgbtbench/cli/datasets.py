"""`rgbtbench datasets`: what can be prepared, and the facts of each dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rgbtbench.cli.output import JsonOption, print_facts, print_json, print_table, require_out, write_or_print
from rgbtbench.cli.places import PLACE

app = typer.Typer(
    help="List the datasets and show their cards.\n\nExample: rgbtbench datasets show mfnet", no_args_is_help=True
)

NameArgument = Annotated[str, typer.Argument(help="Name of the dataset, as `datasets list` prints it.")]
DataOption = Annotated[Path | None, typer.Option(help="The dataset as `prepare` left it; adds what it holds.", **PLACE)]
OutOption = Annotated[Path | None, typer.Option(help="File to write; printed by default.")]


@app.command("list")
def list_datasets(
    task: Annotated[str | None, typer.Option(help="Only datasets for this task: semantic, detection, …")] = None,
    modality: Annotated[
        list[str] | None, typer.Option(help="Only datasets with this modality: lwir, nir, …; may be repeated.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List every dataset with its tasks, modalities and size.

    Example: rgbtbench datasets list --task semantic --modality lwir
    """
    from rgbtbench.cards.catalog import select_datasets
    from rgbtbench.description.wording import expected_pairs, modalities_in_short

    cards = select_datasets(task=task, modalities=modality or ())
    pairs = [expected_pairs(card) for card in cards]
    if as_json:
        print_json(
            [
                {
                    "name": card.name,
                    "title": card.title,
                    "tasks": card.tasks,
                    "modalities": list(card.modalities),
                    "pairs": count,
                    "access": card.source.access,
                    "homepage": card.source.homepage,
                    "licence": card.licence.name,
                    "commercial_use": card.licence.commercial_use,
                    "verified": card.verified,
                }
                for card, count in zip(cards, pairs, strict=True)
            ]
        )
        return
    print_table(
        ["name", "tasks", "modalities", "pairs", "access", "title"],
        [
            [card.name, "\n".join(card.tasks), modalities_in_short(card), count, card.source.access, card.title]
            for card, count in zip(cards, pairs, strict=True)
        ],
        cropped="title",
    )


@app.command("show")
def show_dataset(
    name: NameArgument,
    as_json: JsonOption = False,
) -> None:
    """Show a dataset's card: where to get it and on which terms, layouts, splits, classes and protocols.

    Example: rgbtbench datasets show mfnet
    """
    from rgbtbench.cards import dataset_card, protocol_ids
    from rgbtbench.datasets import dataset
    from rgbtbench.description.wording import (
        access_in_words,
        alignment_in_words,
        counts_in_words,
        link_in_words,
        modalities_shown,
        modality_in_words,
        terms_in_words,
    )

    card = dataset_card(name)
    layouts = dataset(name).layouts
    if as_json:
        extra = {
            "layouts": [{"name": layout.name, "tree": layout.tree} for layout in layouts],
            "protocol_ids": protocol_ids(name),
        }
        print_json(card.model_dump(mode="json") | extra)
        return
    typer.echo(f"{card.title}\n\n{card.summary}\n")
    print_facts(
        [
            ("homepage", card.source.homepage),
            ("access", access_in_words(card)),
            ("size", card.source.size),
            ("download", card.source.download),
            *((place, link_in_words(link)) for place, link in card.source.links.items()),
            ("licence", terms_in_words(card.licence)),
            ("terms", card.licence.url),
            ("terms say", card.licence.note),
            ("cite", card.citation.text),
            ("not verified", "; ".join(card.unverified)),
            ("clusters", card.clusters),
            *((f"layout {layout.name}", layout.tree) for layout in layouts),
            *((f"edition {edition}", counts_in_words(facts)) for edition, facts in card.editions.items()),
            ("alignment", alignment_in_words(card)),
            *((f"modality {name}", modality_in_words(facts)) for name, facts in modalities_shown(card).items()),
            *((f"attribute {name}", ", ".join(facts.values or ("free",))) for name, facts in card.attributes.items()),
        ]
    )
    for label_set, facts in card.label_sets.items():
        if facts.classes:
            typer.echo("")
            print_table(
                ["id", "class", "unified"],
                [[entry.id, entry.name, entry.unified] for entry in facts.classes],
                title=f"label set {label_set}: {facts.kind}, follows {facts.frame}",
            )
    typer.echo("\nprotocols: " + (", ".join(protocol_ids(name)) or "none"))
    for note in card.notes:
        typer.echo(f"note: {note}")


@app.command("croissant")
def describe_in_croissant(
    name: NameArgument,
    data: DataOption = None,
    url: Annotated[
        str | None, typer.Option(help="Address under which the data is published; a relative path by default.")
    ] = None,
    out: OutOption = None,
) -> None:
    """Describe a dataset in Croissant 1.1: JSON-LD for dataset searches, and with --data for loaders.

    Example: rgbtbench datasets croissant mfnet --data shards/mfnet --out shards/mfnet/croissant.json
    """
    import json

    from rgbtbench.cards import dataset_card
    from rgbtbench.description.croissant import address_between, croissant

    require_out(out)
    address = url or ("" if data is None else address_between(out, data))
    described = croissant(dataset_card(name), data=data, address=address)
    write_or_print(json.dumps(described, indent=1, ensure_ascii=False, allow_nan=False) + "\n", out)


@app.command("card")
def write_dataset_card(name: NameArgument, data: DataOption = None, out: OutOption = None) -> None:
    """Write a dataset card as Hugging Face shows it; with --data it lies beside the shards, and counts what they hold.

    Counts of a card are expected values from the source, unless it says that they were verified.

    Example: rgbtbench datasets card mfnet --data shards/mfnet --out shards/mfnet/README.md
    """
    from rgbtbench.cards import dataset_card
    from rgbtbench.cli.progress import make_progress
    from rgbtbench.datasets import dataset
    from rgbtbench.description.dataset_card import dataset_card_text

    require_out(out)
    card = dataset_card(name)
    with make_progress() as progress:
        text = dataset_card_text(card, tuple(dataset(name).layouts), data=data, progress=progress)
    write_or_print(text, out)


@app.command("statistics")
def count_prepared_data(
    data: Annotated[Path, typer.Argument(help="Prepared dataset: a folder or an address.", **PLACE)],
    out: Annotated[Path | None, typer.Option(help="Write the counts as JSON.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Count what prepared data holds: pairs, attributes, boxes and classes per split.

    Example: rgbtbench datasets statistics shards/mfnet --json
    """
    from rgbtbench.cli.progress import make_progress
    from rgbtbench.description.count_rows import count_rows
    from rgbtbench.description.statistics import statistics

    require_out(out)
    with make_progress() as progress:
        counted = statistics(data, progress=progress)
    if out is not None or as_json:
        write_or_print(counted.model_dump_json(indent=1) + "\n", out)
        return
    splits = counted.splits
    print_table(
        ["split", "pairs", "clusters"],
        [[split, found.pairs, found.clusters] for split, found in splits.items()],
        title=f"{counted.dataset}, edition {counted.edition}",
    )
    typer.echo("")
    print_table(
        ["counted", "value", "unit", *splits],
        [[what, value, unit, *numbers] for what, value, unit, numbers in count_rows(list(splits.values()))],
    )
