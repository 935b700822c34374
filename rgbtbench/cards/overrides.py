"""Changes of single values, as `--set a.b=c` gives them."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import yaml

from rgbtbench.errors import RecipeError


def override(recipe: dict[str, Any], assignments: Sequence[str]) -> dict[str, Any]:
    """Return a copy of `recipe`, as plain data, with values replaced.

    Args:
        recipe: as YAML gives it.
        assignments: `optimiser.lr=0.01`, `inputs={rgb: rgb, inf: rgb}`, `stages.1.epochs=5`, `epochs=null`; values are
            YAML, and items of lists count from 0.

    Raises:
        RecipeError: an assignment that is none, or that goes through something that holds no such thing.
    """
    result = copy.deepcopy(recipe)
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        parts = key.strip().split(".")
        if not equals or not all(parts):
            raise RecipeError(f"{assignment!r} sets nothing", expected="key=value, such as optimiser.lr=0.01")
        place: Any = result
        for depth, part in enumerate(parts[:-1], start=1):
            index = _index(place, part)
            if isinstance(place, dict) and place.get(index) is None:
                place[index] = {}
            place = place[index]
            if not _holds(place, parts[depth]):
                raise RecipeError(
                    f"{assignment!r}: {'.'.join(parts[:depth])} is {place!r} and holds no {parts[depth]!r}"
                )
        place[_index(place, parts[-1])] = _value(text, assignment)
    return result


def _holds(place: Any, part: str) -> bool:
    return isinstance(place, dict) or (isinstance(place, list) and part.isdecimal() and int(part) < len(place))


def _index(place: Any, part: str) -> Any:
    return int(part) if isinstance(place, list) else part


def _value(text: str, assignment: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RecipeError(f"{assignment!r}: the value is not YAML", remedy="quote it") from error
