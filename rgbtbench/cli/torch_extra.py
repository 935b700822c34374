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
    # Waiting threads that spin keep each other from working as soon as anything else runs on the same cores: a
    # training step took over ten seconds instead of half a one.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
