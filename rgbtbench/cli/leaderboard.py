"""`rgbtbench leaderboard`: records and published tables to JSON, CSV and a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rgbtbench.cli.output import JsonOption, print_json, print_table

app = typer.Typer(
    help="Build the leaderboard.\n\nExample: rgbtbench leaderboard build --records records --out site",
    no_args_is_help=True,
)


@app.command("build")
def build_leaderboard(
    out: Annotated[Path, typer.Option(help="Folder for index.html, leaderboard.json and leaderboard.csv.")],
    records: Annotated[Path | None, typer.Option(help="Folder of records; those that ship by default.")] = None,
    published: Annotated[
        Path | None, typer.Option(help="Folder of published tables; those that ship by default.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write the leaderboard as one page that needs no network, and as JSON and CSV, and print the ranked tables.

    Example: rgbtbench leaderboard build --records records --out site
    """
    from rgbtbench.errors import RecordError
    from rgbtbench.leaderboard.render import build
    from rgbtbench.leaderboard.terminal import terminal_tables
    from rgbtbench.resources import data_root

    if records is not None and not records.is_dir():
        raise RecordError("no such folder", path=records, remedy="pass the folder that --records of eval named")
    shipped = data_root() / "leaderboards"
    site = build(records or shipped / "records", published or shipped / "published", out)
    if as_json:
        print_json({"page": str(site.page), "json": str(site.json), "csv": str(site.csv)})
        return
    for title, columns, rows in terminal_tables(site.board):
        print_table(columns, rows, title=title)
        typer.echo("")
    typer.echo(f"page: {site.page}")


@app.command("check")
def check_published(
    published: Annotated[
        Path | None, typer.Option(help="Folder of published tables; those that ship by default.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Recompute what published tables allow: means, sums, copies, names; fail on what no flag explains.

    Example: rgbtbench leaderboard check --published tables
    """
    from rgbtbench.errors import RecordError
    from rgbtbench.leaderboard.checks import check_tables
    from rgbtbench.resources import data_root

    folder = published or data_root() / "leaderboards" / "published"
    if not folder.is_dir():
        raise RecordError("no such folder", path=folder, remedy="pass a folder of published tables")
    found = check_tables(folder)
    if as_json:
        print_json([{"rows": list(one.rows), "found": one.found, "flagged": one.flagged} for one in found])
    else:
        lines = [[", ".join(one.rows), one.found, "yes" if one.flagged else "no"] for one in found]
        print_table(["rows", "found", "flagged"], lines, title="what the tables contradict")
    if not all(one.flagged for one in found):
        raise typer.Exit(1)
