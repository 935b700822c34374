"""Commands that need torch say so in one line instead of failing in an import."""

from __future__ import annotations

import importlib.util

from rgbtbench.errors import MissingExtraError


def require_torch() -> None:
    """Raise `MissingExtraError` when the packages of the `train` extra are not installed."""
    missing = [name for name in ("torch", "torchvision", "lightning_fabric") if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            f"this command needs {', '.join(missing)}", remedy="pip install 'rgbtbench[train]' and run it again"
        )
