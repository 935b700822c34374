"""Names of parameters and modules that a recipe's patterns stand for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

from rgbtbench.errors import RecipeError, did_you_mean


def matches(pattern: str, name: str) -> bool:
    """Say whether a pattern stands for a name, or for a module that it lies in.

    `decode_head` matches `decode_head` and `decode_head.linear_c1.proj.bias`, and `*.norm?` matches
    `block1.0.norm2.weight`; upper and lower case differ.
    """
    return fnmatchcase(name, pattern) or fnmatchcase(name, f"{pattern}.*")


def matches_any(patterns: Iterable[str], name: str) -> bool:
    """Say whether one of the patterns stands for a name."""
    return any(matches(pattern, name) for pattern in patterns)


def require_matches(patterns: Iterable[str], names: Sequence[str], *, field: str, what: str) -> None:
    """Make sure that every pattern stands for something.

    Args:
        patterns: of the recipe.
        names: of all parameters or modules.
        field: of the recipe, for errors.
        what: the names are of, such as `parameter of mfnet`.

    Raises:
        RecipeError: one stands for nothing; the closest names are listed, or the outermost modules.
    """
    for pattern in patterns:
        if not any(matches(pattern, name) for name in names):
            raise RecipeError(f"{field}: {pattern!r} matches no {what}", remedy=_closest(pattern, names))


def outermost(names: Iterable[str]) -> list[str]:
    """Return the first parts of dotted names, each once, in order."""
    return list(dict.fromkeys(name.partition(".")[0] for name in names))


def _closest(pattern: str, names: Iterable[str]) -> str:
    inside = {
        ".".join(parts[:depth]) for name in names for parts in [name.split(".")] for depth in range(1, len(parts) + 1)
    }
    return did_you_mean(pattern, inside if get_close_matches(pattern, inside) else outermost(inside))
