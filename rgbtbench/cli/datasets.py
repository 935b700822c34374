"""`rgbtbench datasets`: what can be prepared, and the facts of each dataset."""

from __future__ import annotations

from typing import Annotated

import typer

from rgbtbench.cli.output import JsonOption, print_facts, print_json, print_table

app = typer.Typer(
    help="List the datasets and show their cards.\n\nExample: rgbtbench datasets show mfnet", no_args_is_help=True
)


@app.command("list")
def list_datasets(as_json: JsonOption = False) -> None:
    """List every dataset with its tasks, modalities and size.

    Example: rgbtbench datasets list --json
    """
    from rgbtbench.cards import dataset_card, dataset_names

    cards = [dataset_card(name) for name in dataset_names()]
    rows = [
        {
            "name": card.name,
            "title": card.title,
            "tasks": list(card.tasks),
            "modalities": list(card.modalities),
            "pairs": sum(split.count or 0 for split in card.editions["official"].splits.values()) or None,
            "access": card.source.access,
            "licence": card.licence.name,
        }
        for card in cards
    ]
    if as_json:
        print_json(rows)
        return
    print_table(
        ["name", "tasks", "modalities", "pairs", "access", "title"],
        [
            [row["name"], ", ".join(card.tasks), "+".join(card.modalities), row["pairs"], row["access"], row["title"]]
            for row, card in zip(rows, cards, strict=True)
        ],
    )


@app.command("show")
def show_dataset(
    name: Annotated[str, typer.Argument(help="Name of the dataset, as `datasets list` prints it.")],
    as_json: JsonOption = False,
) -> None:
    """Show a dataset's card: where to get it, its terms, layouts, splits, classes and protocols.

    Example: rgbtbench datasets show mfnet
    """
    from rgbtbench.cards import dataset_card, protocol_ids
    from rgbtbench.datasets import dataset

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
            ("access", card.source.access),
            ("size", card.source.size),
            ("download", card.source.download),
            ("licence", card.licence.name + ("" if card.licence.verified else " (not verified)")),
            ("cite", card.citation.text),
            ("not verified", "; ".join(card.unverified)),
            ("clusters", card.clusters),
            *((f"layout {layout.name}", layout.tree) for layout in layouts),
            *(
                (f"edition {edition}", ", ".join(f"{split} {facts.count or '?'}" for split, facts in e.splits.items()))
                for edition, e in card.editions.items()
            ),
            *(
                (f"modality {name}", f"{m.sensor}, {m.channels} x {m.bit_depth} bit")
                for name, m in card.modalities.items()
            ),
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
