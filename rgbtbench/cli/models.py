"""`rgbtbench models`: the methods of the zoo and their recipes."""

from __future__ import annotations

from typing import Annotated

import typer

from rgbtbench.cli.output import JsonOption, print_facts, print_json, print_table

app = typer.Typer(
    help="List the methods and show their cards.\n\nExample: rgbtbench models show mfnet", no_args_is_help=True
)


@app.command("list")
def list_models(as_json: JsonOption = False) -> None:
    """List every method with its tasks, fidelity and recipes.

    Example: rgbtbench models list
    """
    from rgbtbench.cards import method_card, method_names, recipe_names

    rows = [
        {
            "name": name,
            "tasks": list(method_card(name).tasks),
            "fidelity": dict(method_card(name).fidelity),
            "parameters_millions": method_card(name).parameters_millions,
            "recipes": [recipe for recipe in recipe_names() if recipe.startswith(f"{name}/")],
            "title": method_card(name).title,
        }
        for name in method_names()
    ]
    if as_json:
        print_json(rows)
        return
    print_table(
        ["name", "fidelity", "M parameters", "recipes", "title"],
        [
            [
                row["name"],
                ", ".join(f"{task}: {level}" for task, level in method_card(str(row["name"])).fidelity.items()),
                row["parameters_millions"],
                " ".join(recipe for recipe in recipe_names() if recipe.startswith(f"{row['name']}/")),
                row["title"],
            ]
            for row in rows
        ],
    )


@app.command("show")
def show_model(
    name: Annotated[str, typer.Argument(help="Name of the method, as `models list` prints it.")],
    as_json: JsonOption = False,
) -> None:
    """Show a method's card: paper, what is exact, what differs, known weights, recipes.

    Example: rgbtbench models show mfnet
    """
    from rgbtbench.cards import method_card, recipe_names

    card = method_card(name)
    recipes = [recipe for recipe in recipe_names() if recipe.startswith(f"{name}/")]
    if as_json:
        print_json(card.model_dump(mode="json") | {"recipes": recipes})
        return
    paper = card.paper
    typer.echo(f"{card.title}\n\n{card.summary}\n")
    print_facts(
        [
            ("paper", paper and f"{paper.authors}: {paper.title}, {paper.venue} {paper.year}"),
            ("inputs", card.modalities),
            ("fidelity", ", ".join(f"{task}: {level}" for task, level in card.fidelity.items())),
            ("parameters", card.parameters_millions and f"{card.parameters_millions} million"),
            *(("exact", line) for line in card.exact),
            *(("differs", line) for line in card.differs),
            *((f"weights {known.name}", f"{known.description} ({known.licence})") for known in card.weights),
            ("recipes", " ".join(recipes)),
        ]
    )
