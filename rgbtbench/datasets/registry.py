"""Dataset modules by name, imported when asked for.

A module `rgbtbench/datasets/<name>.py` whose card is `datasets_cards/<name>.yaml` offers `SOURCE`. Third parties add
theirs through the entry-point group `rgbtbench.datasets`, whose entry points name such an object.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module, metadata
from pkgutil import iter_modules
from typing import cast

from rgbtbench import datasets
from rgbtbench.cards import catalog
from rgbtbench.datasets.source import DatasetSource
from rgbtbench.errors import UnknownNameError, did_you_mean


def source_names() -> list[str]:
    """Names of all datasets that can be prepared, sorted."""
    own = {module.name for module in iter_modules(datasets.__path__)} & set(catalog.dataset_names())
    return sorted(own | _plugins().keys())


def dataset(name: str) -> DatasetSource:
    """Return the dataset module's source object.

    Raises:
        UnknownNameError: no such dataset; the closest are named.
    """
    if name not in source_names():
        raise UnknownNameError(f"no dataset {name!r}", remedy=did_you_mean(name, source_names()))
    if name in _plugins():
        return cast("DatasetSource", _plugins()[name].load())
    return cast("DatasetSource", import_module(f"rgbtbench.datasets.{name}").SOURCE)


@cache
def _plugins() -> dict[str, metadata.EntryPoint]:
    # Looking through all installed packages takes a tenth of a second.
    return {entry.name: entry for entry in metadata.entry_points(group="rgbtbench.datasets")}
