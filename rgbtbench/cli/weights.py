"""`rgbtbench weights`: foreign checkpoints in, safetensors out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rgbtbench.cli.output import JsonOption, print_facts, print_json, print_table

app = typer.Typer(
    help="Convert foreign checkpoints, and list weights that are known to exist.\n\nExample: rgbtbench weights list",
    no_args_is_help=True,
)


@app.command("list")
def list_weights(as_json: JsonOption = False) -> None:
    """List weights that authors published, and where; nothing is downloaded.

    Example: rgbtbench weights list
    """
    from rgbtbench.cards import method_card, method_names

    rows = [
        {"method": name, **weights.model_dump(mode="json")}
        for name in method_names()
        for weights in method_card(name).weights
    ]
    if as_json:
        print_json(rows)
        return
    print_table(
        ["method", "weights", "licence", "description", "address"],
        [[row["method"], row["name"], row["licence"], row["description"], row["url"]] for row in rows],
    )


@app.command("convert")
def convert_weights(
    source: Annotated[Path, typer.Argument(help="File that torch.save wrote: a state dict.")],
    method: Annotated[str, typer.Option(help="Method that the weights belong to.")],
    out: Annotated[Path, typer.Option(help="File to write, `*.safetensors`.")],
    dataset: Annotated[
        str | None, typer.Option(help="Dataset whose classes the outputs name; none for saliency and pre-training.")
    ] = None,
    label_set: Annotated[
        str | None, typer.Option(help="Label set; the dataset's first of the task by default.")
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(help="Class that the network has no output for, such as unlabeled; repeatable.")
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(help="Classes in the order of the file's outputs: person,car; by their ids by default."),
    ] = None,
    config: Annotated[str, typer.Option(help="The method's configuration, as YAML: '{streams: [rgb]}'.")] = "{}",
    as_json: JsonOption = False,
) -> None:
    """Convert a checkpoint once, strictly: every key is accounted for, and pickled code is refused.

    Where the authors' code differs from a method's defaults, its weights get options for it unless --config names them.

    Example: rgbtbench weights convert final.pth --method mfnet --dataset mfnet --out mfnet.safetensors
    """
    from rgbtbench.cli.torch_extra import require_torch

    require_torch()
    from rgbtbench.conversion import convert_for_dataset

    info = convert_for_dataset(
        source,
        out,
        method=method,
        dataset=dataset,
        label_set=label_set,
        config_yaml=config,
        without=without or (),
        order=None if classes is None else [name.strip() for name in classes.split(",")],
    )
    if as_json:
        print_json(info.model_dump(mode="json"))
        return
    conversion = info.conversion
    print_facts(
        [
            ("weights", out),
            ("sha256", info.sha256),
            ("parameters", f"{info.parameters:,}"),
            ("authors' options", conversion and (conversion.options or "none")),
            ("keys renamed", conversion and len(conversion.renamed)),
            ("keys completed", conversion and len(conversion.completed)),
            ("keys dropped", conversion and len(conversion.dropped)),
        ]
    )


@app.command("encoder")
def convert_encoder_weights(
    source: Annotated[Path, typer.Argument(help="File that torch.save wrote: a state dict.")],
    name: Annotated[str, typer.Option(help="Which encoder it is, such as mit_b2.")],
    out: Annotated[Path, typer.Option(help="File to write, `*.safetensors`.")],
    as_json: JsonOption = False,
) -> None:
    """Convert pre-trained weights of an encoder, which trainings of several methods can start from.

    Example: rgbtbench weights encoder mit_b2.pth --name mit_b2 --out mit_b2.safetensors
    """
    from rgbtbench.cli.torch_extra import require_torch

    require_torch()
    from rgbtbench.zoo.encoder_weights import convert_encoder

    info = convert_encoder(source, out, name=name)
    if as_json:
        print_json(info.model_dump(mode="json"))
        return
    print_facts(
        [
            ("weights", out),
            ("encoder", info.encoder),
            ("sha256", info.sha256),
            ("parameters", f"{info.parameters:,}"),
            ("keys renamed", len(info.conversion.renamed)),
            ("keys dropped", len(info.conversion.dropped)),
            ("use", f"rgbtbench train RECIPE --set initial_weights={out}"),
        ]
    )
