"""The text of a dataset's code: its module, those of the classes that it derives from, and what they import."""

from __future__ import annotations

import ast
import inspect
import sys
from contextlib import suppress
from functools import cache
from importlib.util import resolve_name
from types import ModuleType

from rgbtbench import datasets
from rgbtbench.datasets.source import DatasetSource

_OURS = __name__.partition(".")[0]


def source_code(source: DatasetSource) -> str:
    """Return the text of every module that a dataset is made of, ordered by name.

    Imports are followed within the package that a module belongs to, for one of ours within `rgbtbench.datasets`. Those
    inside functions, such as what writes fake trees, are not.
    """
    found: dict[str, str] = {}
    for kind in type(source).__mro__[:-1]:
        module = inspect.getmodule(kind)
        if module is not None:
            _gather(module, found)
    return "\n".join(text for _, text in sorted(found.items()))


def _gather(module: ModuleType, found: dict[str, str]) -> None:
    if module.__name__ in found:
        return
    with suppress(TypeError, OSError):  # what was typed into an interactive session has no file
        found[module.__name__] = inspect.getsource(module)
        top = module.__name__.partition(".")[0]
        package = datasets.__name__ if top == _OURS else top
        for name in _imported(found[module.__name__], module.__package__ or ""):
            if name.startswith(f"{package}.") and name in sys.modules:
                _gather(sys.modules[name], found)


@cache
def _imported(text: str, package: str) -> tuple[str, ...]:
    """Return what a module of a package imports at its top, taking every imported name for a module as well."""
    names: list[str] = []
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.Import):
            names += (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            relative = "." * statement.level + (statement.module or "")
            origin = resolve_name(relative, package) if statement.level else relative
            names += (origin, *(f"{origin}.{alias.name}" for alias in statement.names))
    return tuple(names)
