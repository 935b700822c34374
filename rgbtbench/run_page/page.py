"""The page of a training run: one file that needs no network."""

from __future__ import annotations

from pathlib import Path

from rgbtbench.atomic_file import atomic_file
from rgbtbench.cards.recipe import load_recipe
from rgbtbench.errors import UserError
from rgbtbench.run_page.curves import log_charts
from rgbtbench.run_page.masking import masking_part
from rgbtbench.training.metrics_log import read_metrics
from rgbtbench.webpage import render_page


def write_page(run: Path, path: Path) -> None:
    """Write the page of a run folder; raises as `page` does."""
    text = page(run)
    with atomic_file(path) as file:
        file.write(text.encode())


def page(run: Path) -> str:
    """Return the page of a run folder.

    Raises:
        UserError: the folder holds no run, or its log or a snapshot is damaged.
    """
    recipe_file, log = run / "recipe.yaml", run / "metrics.jsonl"
    if not recipe_file.is_file() or not log.is_file():
        raise UserError("holds no run", path=run, expected="a folder that `rgbtbench train` wrote")
    try:
        recipe = load_recipe(recipe_file)
        lines = read_metrics(log)
    except ValueError as error:
        raise UserError("a line of the log is no JSON", path=log, remedy="resume the run, which mends it") from error
    return render_page(
        "rgbtbench.run_page",
        "run.html.j2",
        images=False,
        title=recipe.name or recipe.model.method,
        summary=recipe.summary,
        charts=log_charts(lines),
        masking=masking_part(run / "snapshots"),
    )
