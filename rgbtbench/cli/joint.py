"""`rgbtbench datasets joint`: the classes that datasets share when they are trained on together."""

from __future__ import annotations

from typing import Annotated

import typer

from rgbtbench.cli.output import JsonOption, print_json, print_table


def show_joint_classes(
    datasets: Annotated[list[str], typer.Argument(help="Datasets, or `<dataset>:<label set>` where one has several.")],
    task: Annotated[str, typer.Option(help="semantic or detection.")] = "semantic",
    space: Annotated[str, typer.Option(help="joint, unified, native or a dataset: data.mixing.label_space.")] = "joint",
    merge: Annotated[
        list[str] | None, typer.Option(help="Unified class that takes in its finer ones; may be repeated.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the classes that datasets share in joint training, and what is kept apart, merged and ignored.

    Example: rgbtbench datasets joint mfnet synthetic:semantic
    """
    from rgbtbench.loading.joint_report import joint_json, joint_remarks, joint_rows
    from rgbtbench.loading.joint_space import joint_space_of_cards

    found = joint_space_of_cards(datasets, task=task, space=space, merge=merge or ())
    if as_json:
        print_json(joint_json(found))
        return
    rows = joint_rows(found)
    print_table(list(rows[0]), [list(row.values()) for row in rows], title=f"{len(rows)} classes of {space}")
    for remark in joint_remarks(found):
        typer.echo(f"note: {remark}")
