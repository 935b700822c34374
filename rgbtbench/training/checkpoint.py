"""Checkpoints: everything that a training needs to go on as if it had never stopped.

They are written whole or not at all, and hold tensors and plain containers only, so that torch's restricted reader
can load them.
"""

from __future__ import annotations

import pickle
import random
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from rgbtbench.atomic_file import atomic_file
from rgbtbench.errors import WeightsError

CHECKPOINT_FORMAT: Final = "rgbtbench-checkpoint"
CHECKPOINT_VERSION: Final = 2


def save_checkpoint(path: Path, content: dict[str, Any]) -> None:
    """Write a checkpoint in place of the former one."""
    with atomic_file(path) as file:
        torch.save({"format": CHECKPOINT_FORMAT, "version": CHECKPOINT_VERSION, **content}, file)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint onto the CPU.

    Raises:
        WeightsError: it is missing, damaged, of another version, or holds more than data.
    """
    if not path.is_file():
        raise WeightsError("no such checkpoint", path=path)
    remedy = "start again in a new folder"
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise WeightsError("holds more than tensors and plain data; not loaded", path=path, remedy=remedy) from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        raise WeightsError("not a whole checkpoint", path=path, remedy=remedy) from error
    if not isinstance(content, dict) or content.get("format") != CHECKPOINT_FORMAT:
        raise WeightsError("not a checkpoint of rgbtbench", path=path, remedy=remedy)
    if content["version"] != CHECKPOINT_VERSION:
        raise WeightsError(
            f"version {content['version']}", path=path, expected=f"version {CHECKPOINT_VERSION}", remedy=remedy
        )
    return content


def random_state() -> dict[str, Any]:
    """Return the state of every global random generator of this process."""
    return {
        "python": random.getstate(),
        "numpy": _plain(np.random.get_state(legacy=False)),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def restore_random_state(state: dict[str, Any]) -> None:
    """Put back what `random_state` returned; GPUs that this machine lacks are left out."""
    version, internal, gauss = state["python"]
    random.setstate((version, tuple(internal), gauss))
    np.random.set_state(state["numpy"])
    torch.set_rng_state(state["torch"])
    if state["cuda"] and torch.cuda.device_count() == len(state["cuda"]):
        torch.cuda.set_rng_state_all(state["cuda"])


def _plain(value: Any) -> Any:
    """Return `value` with arrays as lists and numpy scalars as Python's."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return value
