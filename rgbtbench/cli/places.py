"""How commands take places where data lies: folders, and addresses of a store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from rgbtbench.locations import location

#: For options and arguments that take a folder or an address such as `s3://bucket/folder`.
PLACE: Final[dict[str, Any]] = {"parser": location, "metavar": "PLACE"}

DataOption = Annotated[Path, typer.Option(help="Prepared dataset: a folder or an address.", **PLACE)]
