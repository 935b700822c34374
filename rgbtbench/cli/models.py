"""`rgbtbench models`: the methods of the zoo and their recipes."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from rgbtbench.cli.output import JsonOption, print_facts, print_json, print_table
from rgbtbench.cli.train import DeviceName, DeviceOption

if TYPE_CHECKING:
    from rgbtbench.cards.method import KnownWeights, PublishedCost
    from rgbtbench.efficiency.profile import Profile
    from rgbtbench.leaderboard.published import PublishedRow

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
                    f"{cost.parameters:,} parameters, {cost.flops / 1e9:.2f} GFLOPs ({cost.task}, {cost.classes} "
                    f"classes, {cost.size[0]}x{cost.size[1]})",
                )
                for cost in card.costs
            ),
            *(("published cost", _in_words(cost)) for cost in card.published_costs),
            *(("exact", line) for line in card.exact),
            *(("differs", line) for line in card.differs),
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


def _in_words(cost: PublishedCost) -> str:
    config = ", ".join(f"{key} {value}" for key, value in cost.config.items())
    size = f"{cost.size[0]}x{cost.size[1]}"
    return (
        f"{config}: {cost.parameters_millions} M parameters, {cost.giga_macs} G multiply-accumulates ({cost.counts}, "
        f"{size}, {cost.classes} classes; {cost.source}), counted here {cost.counted_giga_macs} G"
    )


def _show_recipe(name: str, *, as_json: bool) -> None:
    from rgbtbench.cards.recipe import load_recipe, recipe_yaml

    recipe = load_recipe(name)
    if as_json:
        print_json(recipe.model_dump(mode="json"))
    else:
        typer.echo(recipe_yaml(recipe), nl=False)


class PrecisionName(StrEnum):
    """Of the products."""

    SINGLE = "32-true"
    BF16 = "bf16-mixed"
    HALF = "16-mixed"


@app.command("profile")
def profile_model(
    target: Annotated[str, typer.Argument(help="Method, run folder or .safetensors file.")],
    size: Annotated[str, typer.Option(help="Height x width of the images.")] = "480x640",
    classes: Annotated[int | None, typer.Option(min=1, help="Of a method; 9 by default.")] = None,
    task: Annotated[str | None, typer.Option(help="Of a method; the first of its card by default.")] = None,
    config: Annotated[str | None, typer.Option(help="Of a method, as YAML: '{streams: [rgb]}'.")] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Images per call for the throughput.")] = 8,
    device: DeviceOption = DeviceName.AUTO,
    threads: Annotated[int | None, typer.Option(min=1, help="Of a processor; PyTorch's own choice by default.")] = None,
    precision: Annotated[PrecisionName, typer.Option(help="Of the products.")] = PrecisionName.SINGLE,
    channels_last: Annotated[bool, typer.Option("--channels-last", help="Keep weights in NHWC order.")] = False,
    seconds: Annotated[float, typer.Option(min=0.1, help="That latency and throughput may take each.")] = 60.0,
    as_json: JsonOption = False,
) -> None:
    """Measure parameters, FLOPs, latency, throughput and memory, and print them with their conditions.

    One multiplication with its addition is two FLOPs. Timed is the whole way from pixels to predictions.

    Example: rgbtbench models profile mfnet --size 480x640 --json
    """
    from rgbtbench.cli.torch_extra import require_torch

    require_torch()
    from rgbtbench.conversion import config_from_yaml
    from rgbtbench.efficiency.profile import Setting
    from rgbtbench.profiling import parse_size, profile

    setting = Setting(
        device=device.value,
        threads=threads,
        precision=precision.value,
        channels_last=channels_last,
        batch_size=batch_size,
        seconds=seconds,
    )
    own = None if config is None else config_from_yaml(config)
    found = profile(target, parse_size(size), setting, task=task, classes=classes, config=own)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    _print_profile(found)


def _print_profile(found: Profile) -> None:
    memory = None if found.peak_memory_bytes is None else f"{found.peak_memory_bytes / 2**20:,.0f} MiB"
    print_facts(
        [
            ("method", f"{found.method}, {found.task}, {found.classes} classes"),
            ("inputs", ", ".join(f"{slot}: {modality}" for slot, modality in found.inputs.items())),
            ("size", "{} x {} (height x width)".format(*found.size)),
            ("parameters", f"{found.parameters:,}, {found.trainable_parameters:,} of them trainable"),
            ("FLOPs", f"{found.flops / 1e9:,.3f} G ({found.flops / 2e9:,.3f} G multiplications with additions)"),
            ("not counted", ", ".join(found.uncounted_operators)),
            (
                "latency",
                f"{found.latency_ms:,.2f} ms, 10 % below {found.latency_p10_ms:,.2f}, 90 % below "
                f"{found.latency_p90_ms:,.2f} ({found.runs} runs after {found.warm_up})",
            ),
            ("throughput", f"{found.images_per_second:,.1f} images/s in batches of {found.batch_size}"),
            ("memory", memory and f"{memory}, {found.peak_memory_of}"),
            ("device", found.device),
            ("measured", found.measured),
        ]
    )
