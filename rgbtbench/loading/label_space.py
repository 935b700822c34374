"""Which ids a loader hands out: the dataset's own, the unified ones, or another dataset's; one look-up per label."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rgbtbench.cards import catalog
from rgbtbench.cards.dataset import LabelSetFacts
from rgbtbench.errors import LabelError, UnknownNameError, did_you_mean
from rgbtbench.labels import IGNORE, LabelMap, LabelSpace, reverse_table, unified_space
from rgbtbench.pair import Boxes

NATIVE, UNIFIED = "native", "unified"


@dataclass(frozen=True, slots=True)
class LabelLookup:
    """How one label set's native ids appear in a label space.

    Attributes:
        classes: id to name, the classes that can appear.
        table: uint8 (256,), native id to id; `IGNORE` where nothing counts.
        removed: native ids that are no object in this space; their boxes go, their pixels are `IGNORE`.
    """

    classes: Mapping[int, str]
    table: NDArray[np.uint8]
    removed: tuple[int, ...] = ()

    def keeps(self, native: Iterable[int]) -> bool:
        """Return whether all of these native ids stay what they are; a mask of them needs no look-up."""
        return all(self.table[number] == number for number in native)

    def masks(self, native: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Translate a mask, uint8 of any shape."""
        return self.table.take(native)  # several times faster than indexing

    def boxes(self, native: Boxes) -> Boxes:
        """Translate boxes; those without a class here become ignore, removed classes go.

        Raises:
            LabelError: an id that is not in 0 to 255.
        """
        if native.labels.size and not 0 <= native.labels.min() <= native.labels.max() <= IGNORE:
            raise LabelError("a box has a class id outside 0 to 255", remedy="prepare the dataset again")
        kept = ~np.isin(native.labels, self.removed)
        labels = self.table[native.labels[kept]].astype(np.int64)
        return replace(
            native,
            xyxy=native.xyxy[kept],
            labels=labels,
            ignore=native.ignore[kept] | (labels == IGNORE),
            occlusion=native.occlusion[kept],
            raw=native.raw[kept],
            corners=None if native.corners is None else native.corners[kept],
            visibility={name: values[kept] for name, values in native.visibility.items()},
        )


def look_up(name: str, source: LabelMap, *, kind: str, space: str) -> LabelLookup:
    """Return the look-up of one label set.

    Args:
        name: of the label set; another dataset's set of the same name is preferred.
        source: the set's total map, from the manifest.
        kind: `semantic` or `boxes`.
        space: `native`, `unified`, or the name of a dataset that has a card.

    Raises:
        UnknownNameError: no such label space.
        LabelError: the other dataset has no label set of this kind, or the map knows classes that this version of the
            unified space does not.
    """
    if space == NATIVE:
        return LabelLookup(source.native, source.native_table())
    removed = tuple(sorted(native for native, unified in source.unified.items() if unified < 0))
    if space == UNIFIED:
        return LabelLookup(unified_classes(source, unified_space()), source.unified_table(), removed)
    target = LabelMap.of(counterpart(name, kind, space))
    return LabelLookup(target.native, reverse_table(source, target), removed)


def unified_classes(source: LabelMap, tree: LabelSpace) -> dict[int, str]:
    """Return the classes of the unified space that a label set holds, id to name.

    Raises:
        LabelError: the map knows classes that `tree` does not.
    """
    names = tree.names
    ids = sorted(set(source.unified.values()) - {IGNORE, -1})
    unknown = [number for number in ids if number not in names]
    if unknown:
        raise LabelError(
            f"class {unknown[0]} of the unified label space, version {source.unified_version}, is not known here",
            remedy="use the rgbtbench that prepared the data, or a newer one",
        )
    return {number: names[number] for number in ids}


def counterpart(name: str, kind: str, dataset: str) -> LabelSetFacts:
    """Return a dataset's label set of a kind: the one of this name, or the only one.

    Raises:
        UnknownNameError: no such dataset, or label space.
        LabelError: several label sets, or none.
    """
    if dataset not in catalog.dataset_names():
        known = [NATIVE, UNIFIED, *catalog.dataset_names()]
        raise UnknownNameError(f"no label space {dataset!r}", remedy=did_you_mean(dataset, known))
    sets = {other: facts for other, facts in catalog.dataset_card(dataset).label_sets.items() if facts.kind == kind}
    if name in sets:
        return sets[name]
    if len(sets) != 1:
        raise LabelError(
            f"{dataset} has {len(sets)} label sets of kind {kind}",
            expected=f"one, or one named {name!r}",
            remedy=did_you_mean(name, sets),
        )
    return next(iter(sets.values()))
