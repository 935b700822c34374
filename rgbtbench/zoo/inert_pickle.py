"""A stand-in for the module `pickle` that builds tensors and plain containers, and runs nothing of the file's choosing.

torch takes it as `pickle_module`. Beside what tensors need, it knows the names that mmengine's records of a training
and a command's options (`argparse.Namespace`, in checkpoints of MAE's code) consist of, and puts an inert object in
place of each: nothing of mmengine, NumPy or argparse is imported or called. Any other name ends the reading.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

import torch

UnpicklingError = pickle.UnpicklingError

#: What builds tensors, by module and name; storages are torch's own business.
_BUILDERS: Final[Mapping[tuple[str, str], Any]] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): torch._utils._rebuild_tensor_v2,
    ("torch._utils", "_rebuild_parameter"): torch._utils._rebuild_parameter,
    ("torch", "Size"): torch.Size,
    ("torch", "device"): torch.device,
}
#: Packages whose objects are replaced.
_INERT_PACKAGES: Final = ("mmengine", "numpy")
#: Python's own that records are written with.
_INERT_NAMES: Final = frozenset(
    {("builtins", "getattr"), ("__builtin__", "getattr"), ("_codecs", "encode"), ("argparse", "Namespace")}
)


class Inert:
    """Stands in for any object, and does nothing with whatever it is given."""

    def __new__(cls, *args: object, **kwargs: object) -> Inert:
        """Take any arguments."""
        return super().__new__(cls)

    def __init__(self, *args: object, **kwargs: object) -> None:
        """Forget them."""

    def __setstate__(self, state: object) -> None:
        """Forget the state."""

    def __setitem__(self, key: object, value: object) -> None:
        """Forget an item."""

    def append(self, item: object) -> None:
        """Forget an item."""

    def extend(self, items: object) -> None:
        """Forget items."""


class Unpickler(pickle.Unpickler):
    """Reads with the names above alone."""

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        """Return what a name stands for.

        Raises:
            UnpicklingError: it stands for nothing here.
        """
        if (module_name, global_name) in _BUILDERS:
            return _BUILDERS[module_name, global_name]
        if module_name == "torch" and isinstance(getattr(torch, global_name, None), torch.dtype):
            return getattr(torch, global_name)
        package = module_name.partition(".")[0]
        if package in _INERT_PACKAGES or (module_name, global_name) in _INERT_NAMES:
            return Inert
        raise UnpicklingError(f"{module_name}.{global_name} is no tensor")
