"""State dicts in files of other code.

Nothing that comes from outside is ever run: torch's restricted reader refuses whatever is no tensor or plain container.
Checkpoints that hold the history or the options of their training too are read once more with `inert_pickle`.
"""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from rgbtbench.errors import WeightsError
from rgbtbench.zoo import inert_pickle

#: Names under which training code wraps a state dict.
_WRAPPERS = ("state_dict", "model_state_dict", "model", "net", "segmenter")
#: How files of torch.save begin: a zip, or before version 1.6 a pickle of protocol 2 or later.
_STARTS = (b"PK\x03\x04", b"\x80")
_SHOWN = 3


def read_state_dict(source: Path) -> dict[str, Tensor]:
    """Return the state dict in a file that `torch.save` wrote, alone or wrapped in a checkpoint.

    Raises:
        WeightsError: the file cannot be read safely, or holds no state dict.
    """
    return _without_wrapping(_load_pickled(source), source)


def require_finite(state: Mapping[str, Tensor], *, path: Path) -> None:
    """Make sure that weights are numbers, as of a training that diverged they are not.

    Args:
        state: name to tensor; those of whole numbers pass.
        path: file that they come from, for errors.

    Raises:
        WeightsError: some values are NaN or infinite; the first such tensors are named.
    """
    broken = [key for key, tensor in state.items() if tensor.is_floating_point() and not tensor.isfinite().all()]
    if broken:
        more = len(broken) - _SHOWN
        raise WeightsError(
            f"NaN or infinite values in {len(broken)} of {len(state)} tensors: {', '.join(broken[:_SHOWN])}"
            + (f" and {more} more" if more > 0 else ""),
            path=path,
            expected="finite numbers",
            remedy="get the file again, or take a checkpoint from before its training diverged",
        )


def _load_pickled(source: Path) -> Any:
    if not source.is_file():
        raise WeightsError("no such file", path=source)
    with source.open("rb") as file:
        start = file.read(max(map(len, _STARTS)))
    if not start.startswith(_STARTS):
        raise WeightsError("not a file that torch.save wrote", path=source, remedy="name the authors' checkpoint")
    try:
        return _load_restricted(source, mapped=start == _STARTS[0])
    except pickle.UnpicklingError as error:
        raise WeightsError(
            "holds more than tensors and plain containers; loading it could run code, so it was not loaded",
            path=source,
            remedy="ask its author for a plain state dict, or for safetensors",
        ) from error
    except Exception as error:
        # A damaged file makes torch raise RuntimeError, EOFError, IndexError, AssertionError and more.
        raise WeightsError(
            f"a damaged file: torch cannot read it ({type(error).__name__})",
            path=source,
            remedy="get the file again and compare its size or checksum with the source's",
        ) from error


def _load_restricted(source: Path, *, mapped: bool) -> Any:
    """Load tensors and plain containers; with a zip, what is not used is not read from the disk."""
    try:
        # Whatever cannot be read gets an error; torch warns of some files before it fails.
        with warnings.catch_warnings(action="ignore"):
            return torch.load(source, map_location="cpu", weights_only=True, mmap=mapped)
    except pickle.UnpicklingError:
        if not mapped:
            raise
    return torch.load(source, map_location="cpu", weights_only=False, mmap=True, pickle_module=inert_pickle)


def _without_wrapping(loaded: Any, source: Path) -> dict[str, Tensor]:
    """Return the state dict inside what was loaded, without the prefix that data-parallel training adds."""
    for name in _WRAPPERS:
        if isinstance(loaded, Mapping) and isinstance(loaded.get(name), Mapping):
            loaded = loaded[name]
            break
    if not (isinstance(loaded, Mapping) and loaded and all(isinstance(tensor, Tensor) for tensor in loaded.values())):
        raise WeightsError(
            f"holds a {type(loaded).__name__} that is no state dict",
            path=source,
            expected=f"names with tensors, alone or under {', '.join(_WRAPPERS)}",
        )
    return {str(key).removeprefix("module."): tensor for key, tensor in loaded.items()}
