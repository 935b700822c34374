"""The unified label space, and total maps between it and a dataset's native ids.

Labels stay native in the shards. A map is a look-up table over all native ids, so that a loader translates a
mask with one indexing operation and nothing is dropped by accident: an id that the table does not name is an
error when data is prepared, never a silent background.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from rgbtbench.canonical import content_sha256
from rgbtbench.cards.dataset import ClassFacts, LabelSetFacts
from rgbtbench.cards.schema import Strict
from rgbtbench.cards.yaml_file import load_card
from rgbtbench.errors import LabelError, RecipeError, did_you_mean
from rgbtbench.resources import data_root

#: Value of pixels that no metric and no loss looks at.
IGNORE = 255
#: Marks in a card that are no class of the unified space: `drop` removes a box, `ignore` hides a region.
DROP, HIDE = "drop", "ignore"


class UnifiedClass(Strict):
    """A node of the tree: a class by itself and the parent of finer ones."""

    id: int = Field(ge=0, le=254)
    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    meaning: str | None = None
    children: tuple[UnifiedClass, ...] = ()


class LabelTree(Strict):
    """The whole unified label space, as `datasets_cards/label_space.yaml` holds it."""

    version: int
    classes: tuple[UnifiedClass, ...]

    @model_validator(mode="after")
    def _ids_and_names_are_unique(self) -> Self:
        nodes = list(self.walk())
        for what in ("id", "name"):
            values = [getattr(node, what) for node, _ in nodes]
            twice = sorted({value for value in values if values.count(value) > 1})
            if twice:
                raise ValueError(f"{what} used twice: {twice}")
        return self

    def walk(self) -> Iterable[tuple[UnifiedClass, UnifiedClass | None]]:
        """Yield every node with its parent (None at the top), parents first."""

        def below(nodes: Iterable[UnifiedClass], parent: UnifiedClass | None) -> Iterable:  # type: ignore[type-arg]
            for node in nodes:
                yield node, parent
                yield from below(node.children, node)

        yield from below(self.classes, None)


@dataclass(frozen=True)
class LabelSpace:
    """The unified space as flat tables.

    Attributes:
        version: version of the tree.
        ids: name to stable id.
        names: id to name.
        parents: name to the parent's name, None at the top.
    """

    version: int
    ids: Mapping[str, int]
    names: Mapping[int, str]
    parents: Mapping[str, str | None]

    def id_of(self, name: str) -> int:
        """Return the id of a class name.

        Raises:
            LabelError: no such name; the closest are named.
        """
        if name not in self.ids:
            raise LabelError(f"{name!r} is no class of the unified label space", remedy=did_you_mean(name, self.ids))
        return self.ids[name]

    def ancestors(self, number: int) -> Iterator[int]:
        """Yield the ids of the coarser classes that hold a class, the nearest first."""
        parent = self.parents[self.names[number]]
        while parent is not None:
            yield self.ids[parent]
            parent = self.parents[parent]


def read_label_space(path: Path) -> LabelSpace:
    """Read a label tree; raises `CardError` when it breaks the schema."""
    tree = load_card(path, LabelTree)
    nodes = list(tree.walk())
    return LabelSpace(
        version=tree.version,
        ids={node.name: node.id for node, _ in nodes},
        names={node.id: node.name for node, _ in nodes},
        parents={node.name: None if parent is None else parent.name for node, parent in nodes},
    )


@cache
def unified_space() -> LabelSpace:
    """Return the unified label space that ships with rgbtbench."""
    return read_label_space(data_root() / "datasets_cards" / "label_space.yaml")


@dataclass(frozen=True)
class LabelMap:
    """A total map from one label set's native ids to the unified space.

    Attributes:
        native: native id to native name, classes only.
        unified: native id to unified id, `IGNORE` for hidden classes, -1 for dropped ones.
        ignore_ids: native ids that are no class and never scored.
        unified_version: version of the unified tree that the map was made with.
    """

    native: Mapping[int, str]
    unified: Mapping[int, int]
    ignore_ids: tuple[int, ...]
    unified_version: int

    @classmethod
    def of(cls, facts: LabelSetFacts, space: LabelSpace | None = None) -> Self:
        """Build the map of a card's label set.

        Raises:
            LabelError: a class names something that the unified space does not have.
        """
        space = space or unified_space()
        return cls(
            native={entry.id: entry.name for entry in facts.classes},
            unified={entry.id: _unified_id(entry, space) for entry in facts.classes},
            ignore_ids=facts.ignore_ids,
            unified_version=space.version,
        )

    def to_json(self) -> dict[str, object]:
        """Return the map as plain data, as the manifest stores it."""
        return {
            "native": {str(key): name for key, name in sorted(self.native.items())},
            "unified": {str(key): value for key, value in sorted(self.unified.items())},
            "ignore_ids": list(self.ignore_ids),
            "unified_version": self.unified_version,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> Self:
        """Rebuild a map from `to_json`."""
        native, unified, ignore = data["native"], data["unified"], data["ignore_ids"]
        if not (isinstance(native, dict) and isinstance(unified, dict) and isinstance(ignore, list)):
            raise LabelError("a stored label map has the wrong shape", remedy="prepare the dataset again")
        return cls(
            native={int(key): str(name) for key, name in native.items()},
            unified={int(key): int(value) for key, value in unified.items()},
            ignore_ids=tuple(int(value) for value in ignore),
            unified_version=int(str(data["unified_version"])),
        )

    @property
    def sha256(self) -> str:
        """Hash over the canonical JSON of the map."""
        return content_sha256(self.to_json())

    def native_table(self) -> NDArray[np.uint8]:
        """Return the (256,) uint8 table native id to native id, `IGNORE` for ignored and unknown ids."""
        table = np.full(256, IGNORE, np.uint8)
        for native in self.native:
            table[native] = native
        return table

    def unified_table(self) -> NDArray[np.uint8]:
        """Return the (256,) uint8 table native id to unified id; dropped classes become `IGNORE` in masks."""
        table = np.full(256, IGNORE, np.uint8)
        for native, unified in self.unified.items():
            table[native] = IGNORE if unified < 0 else unified
        return table

    def unknown_ids(self, present: Iterable[int]) -> list[int]:
        """Return the ids of `present` that are neither classes nor ignored, sorted."""
        return sorted({int(value) for value in present} - set(self.native) - set(self.ignore_ids))


def reverse_table(source: LabelMap, target: LabelMap) -> NDArray[np.uint8]:
    """Return the (256,) uint8 table source native id to target native id, through the unified space.

    A source class without a counterpart becomes `IGNORE`; where several target classes share a unified class
    the one with the lowest id is taken. Joint training over datasets uses this.
    """
    by_unified: dict[int, int] = {}
    for native, unified in sorted(target.unified.items()):
        if unified not in (IGNORE, -1):
            by_unified.setdefault(unified, native)
    table = np.full(256, IGNORE, np.uint8)
    for native, unified in source.unified.items():
        table[native] = by_unified.get(unified, IGNORE)
    return table


def _unified_id(entry: ClassFacts, space: LabelSpace) -> int:
    if entry.unified == DROP:
        return -1
    if entry.unified == HIDE:
        return IGNORE
    return space.id_of(entry.unified)


def classes_without(classes: Mapping[int, str], left_out: Iterable[str], *, field: str) -> dict[int, str]:
    """Return class id to name without some of the classes, for networks that have no outputs for them.

    Args:
        classes: class id to name.
        left_out: names.
        field: that names them, for errors.

    Raises:
        RecipeError: there is no such class, or none is left.
    """
    unwanted = set(left_out)
    for name in sorted(unwanted - set(classes.values())):
        raise RecipeError(f"{field}: no class {name!r}", remedy=did_you_mean(name, list(classes.values())))
    kept = {number: name for number, name in classes.items() if name not in unwanted}
    if not kept:
        raise RecipeError(f"{field}: leaves no class")
    return kept
