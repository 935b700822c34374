"""Recipes that say only what they do otherwise than another one.

`extends: cmx/mfnet-b2` or, for files of one's own, `extends: other.yaml` of the same folder. Mappings are merged key by
key, unless they choose something else by `name` or `method`, or several datasets in place of one; everything else that
the recipe says takes the place of what the other one says, `inputs` as a whole, and null takes it back.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rgbtbench.cards.catalog import recipe_path
from rgbtbench.cards.yaml_file import Location, read_yaml
from rgbtbench.errors import CardError, UnknownNameError

_EXTENDS: Final = "extends"
#: What says what a mapping's other keys mean: those of an optimiser are nothing to another optimiser.
_CHOICES: Final = ("name", "method")
#: What one of several kinds of mapping has: data of one dataset, or of several.
_KINDS: Final = ("train", "members")
#: What belongs to one recipe alone.
_OWN: Final = ("name", "summary")
#: What is taken from one recipe whole: slots of one model are none of another's.
_WHOLE: Final = "inputs"


@dataclass(frozen=True, slots=True)
class Layer:
    """One file of a chain of recipes.

    Attributes:
        path: the file.
        data: what it says, as YAML gives it, without `extends`.
        lines: of its keys, as `read_yaml` gives them.
    """

    path: Path
    data: Any
    lines: dict[Location, int]


def layers(path: Path) -> list[Layer]:
    """Return the recipe in a file behind all those that it extends, the first of them first.

    Raises:
        CardError: a file is missing or no YAML, `extends` names no recipe, or a recipe extends itself.
    """
    chain: list[Layer] = []
    seen: list[Path] = []
    following: Path | None = path
    while following is not None:
        current = following
        seen.append(current.resolve())
        data, lines = read_yaml(current)
        following = None
        if isinstance(data, dict) and _EXTENDS in data:
            line = lines.get((_EXTENDS,))
            following = _extended(data.pop(_EXTENDS), current, line)
            if following.resolve() in seen:
                raise CardError(f"{_EXTENDS}: {following.stem} extends this recipe", path=current, line=line)
        chain.append(Layer(current, data, lines))
    return chain[::-1]


def merged(below: dict[str, Any], above: Any) -> Any:
    """Return what a recipe says together with what it leaves to the one that it extends.

    Args:
        below: the extended recipe, as plain data.
        above: the recipe, as plain data; returned as it is where it is no mapping.
    """
    left_out = (*_OWN, _WHOLE) if isinstance(above, dict) and _WHOLE in above else _OWN
    kept = {key: value for key, value in below.items() if key not in left_out}
    return laid_over(kept, above)


def laid_over(below: Any, above: Any) -> Any:
    """Return plain data with what lies below it: mappings key by key, unless they choose something else."""
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    if any(key in above and above[key] != below.get(key) for key in _CHOICES if key in below):
        return above
    if any(kind in above and kind not in below and set(_KINDS) & below.keys() for kind in _KINDS):
        return above
    return below | {key: laid_over(below.get(key), value) for key, value in above.items()}


def _extended(name: Any, path: Path, line: int | None) -> Path:
    """Return the file that `extends` names in `path`."""
    if not isinstance(name, str):
        raise CardError(
            f"{_EXTENDS}: found {name!r}",
            expected="<method>/<recipe>, or the name of a file beside this one",
            path=path,
            line=line,
        )
    if not name.endswith((".yaml", ".yml")):
        try:
            return recipe_path(name)
        except UnknownNameError as error:
            raise CardError(f"{_EXTENDS}: {error.found}", remedy=error.remedy, path=path, line=line) from error
    if Path(name).name != name or not (path.parent / name).is_file():
        raise CardError(
            f"{_EXTENDS}: no file {name!r} in the folder of this one", remedy="copy it there", path=path, line=line
        )
    return path.parent / name
