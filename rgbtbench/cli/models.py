"""`rgbtbench models`: the methods of the zoo and their recipes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from rgbtbench.cli.output import JsonOption, print_facts, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rgbtbench.cards.method import Cost, KnownWeights, PublishedCost
    from rgbtbench.leaderboard.published import PublishedRow

app = typer.Typer(
    help="List the methods, show their cards and say what they cost.\n\nExample: rgbtbench models show mfnet",
    no_args_is_help=True,
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
    name: Annotated[str, typer.Argument(help="Method or `<method>/<recipe>`, as `models list` prints them.")],
    as_json: JsonOption = False,
) -> None:
    """Show a method's card: paper, what is exact, what differs, known weights, published results, recipes.

    Or a recipe, written out.

    Example: rgbtbench models show mfnet
    """
    from rgbtbench.cards import method_card, recipe_names
    from rgbtbench.leaderboard.listed_names import results_of
    from rgbtbench.leaderboard.published import read_published
    from rgbtbench.resources import data_root

    if "/" in name:
        _show_recipe(name, as_json=as_json)
        return
    card = method_card(name)
    recipes = [recipe for recipe in recipe_names() if recipe.startswith(f"{name}/")]
    results = results_of(name, read_published(data_root() / "leaderboards" / "published"))
    if as_json:
        published = [row.model_dump(mode="json") for row in results]
        print_json(card.model_dump(mode="json") | {"published": published, "recipes": recipes})
        return
    paper = card.paper
    typer.echo(f"{card.title}\n\n{card.summary}\n")
    print_facts(
        [
            ("paper", paper and f"{paper.authors}: {paper.title}, {paper.venue} {paper.year}"),
            ("licence", card.licence),
            ("inputs", card.modalities),
            ("fidelity", ", ".join(f"{task}: {level}" for task, level in card.fidelity.items())),
            ("parameters", card.parameters_millions and f"{card.parameters_millions} million"),
            *(
                (
                    "cost",
                    f"{_config_in_words(cost.config)}{cost.parameters:,} parameters, {cost.flops / 1e9:.2f} GFLOPs "
                    f"({cost.task}, {cost.classes} classes, {cost.size[0]}x{cost.size[1]}{_stage_in_words(cost)})",
                )
                for cost in card.costs
            ),
            *(("published cost", _in_words(cost)) for cost in card.published_costs),
            *(("exact", line) for line in card.exact),
            *(("differs", line) for line in card.differs),
            *(("observed", line) for line in card.observed),
            *((f"weights {known.name}", _weights_in_words(known)) for known in card.weights),
            *((f"published {row.file}:{row.line}", _result_in_words(row)) for row in results),
            ("recipes", " ".join(recipes)),
        ]
    )


def _weights_in_words(known: KnownWeights) -> str:
    converter = known.convert and f"converter: {known.convert}"
    return "; ".join(part for part in (f"{known.description} ({known.licence})", known.url, converter) if part)


def _result_in_words(row: PublishedRow) -> str:
    """Return the protocol and the numbers that it gives for the whole set, as printed there."""
    numbers = ", ".join(f"{metric} {number}" for metric, number in row.metrics.items())
    views = None if row.test_time_augmentation == "none" else row.test_time_augmentation
    what = ", ".join(part for part in (row.variant, "+".join(row.inputs), views) if part)
    return f"{row.protocol}: {numbers or 'numbers of classes or subsets'} ({what}; {row.source})"


def _config_in_words(config: Mapping[str, object]) -> str:
    return ", ".join(f"{key} {value}" for key, value in config.items()) + (": " if config else "")


def _stage_in_words(cost: Cost) -> str:
    return "" if cost.second_stage is None else f", second stage for {cost.second_stage.proposals} proposals"


def _in_words(cost: PublishedCost) -> str:
    size = f"{cost.size[0]}x{cost.size[1]}"
    return (
        f"{_config_in_words(cost.config)}{cost.parameters_millions} M parameters, "
        f"{cost.giga_macs} G multiply-accumulates ({cost.counts}, {size}, {cost.classes} classes; {cost.source}), "
        f"counted here {cost.counted_giga_macs} G"
    )


def _show_recipe(name: str, *, as_json: bool) -> None:
    from rgbtbench.cards.recipe import load_recipe, recipe_yaml

    recipe = load_recipe(name)
    if as_json:
        print_json(recipe.model_dump(mode="json"))
    else:
        typer.echo(recipe_yaml(recipe), nl=False)
