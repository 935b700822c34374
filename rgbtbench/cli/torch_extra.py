"""What a command does before it imports torch: make sure that it is there, and that it shares the machine well."""

from __future__ import annotations

import importlib.util
import os

from rgbtbench.errors import MissingExtraError


def require_torch() -> None:
    """Get ready for torch; call it before anything imports it.

    Raises:
        MissingExtraError: the packages of the `train` extra are not installed.
    """
    missing = [name for name in ("torch", "torchvision", "lightning_fabric") if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            f"this command needs {', '.join(missing)}", remedy="pip install 'rgbtbench[train]' and run it again"
        )
    # Threads that spin while they wait keep each other from working as soon as anything else runs on the same cores.
    # Spinning only briefly costs nothing measurable on a quiet machine; other OpenMP libraries ignore the variable.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
