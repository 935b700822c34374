"""`rgbtbench report`: a training run as one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rgbtbench.cli.output import require_out


def report(
    run: Annotated[Path, typer.Argument(help="Run folder that `train` wrote, finished or not.")],
    html: Annotated[Path, typer.Option(help="Write one self-contained page here.")],
) -> None:
    """Show how a training went: curves, and for a pre-training masks, CMSS and reconstructions over time.

    Example: rgbtbench report runs/m_specgene --html report.html
    """
    from rgbtbench.run_page.page import write_page

    require_out(html)
    write_page(run, html)
    typer.echo(f"page: {html.resolve()}")
