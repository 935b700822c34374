"""Where the data files lie that travel with rgbtbench: cards, model folders, published tables.

A checkout keeps them at the top level; a wheel carries them in `rgbtbench/_data`. Both look alike from here.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from rgbtbench.errors import UserError


@cache
def data_root() -> Path:
    """Return the folder that holds `conditions`, `datasets_cards`, `leaderboards` and `models`."""
    package = Path(__file__).resolve().parent
    for candidate in (package / "_data", package.parent):
        if (candidate / "datasets_cards" / "label_space.yaml").is_file():
            return candidate
    raise UserError(
        "the cards that travel with rgbtbench are missing",
        path=package,
        remedy="reinstall the package",
    )
