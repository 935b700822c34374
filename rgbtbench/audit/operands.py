"""What `audit` is given: prepared datasets, and lists of ids of sets that are not at hand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rgbtbench.audit.id_lists import read_ids
from rgbtbench.audit.id_matches import NamedSet
from rgbtbench.audit.identity import check_set
from rgbtbench.errors import UserError
from rgbtbench.loading.prepared import PreparedSplit, open_split
from rgbtbench.locations import location
from rgbtbench.shards.manifest import read_manifest

_LIST = re.compile(r"(?P<dataset>[a-z0-9][a-z0-9_-]*)(?:/(?P<split>[a-z0-9][a-z0-9_-]*))?=(?P<file>.+)")


@dataclass(frozen=True, slots=True)
class Operands:
    """Some operands, opened.

    Attributes:
        splits: every split of the prepared datasets, in alphabetical order within each.
        lists: id lists.
    """

    splits: tuple[PreparedSplit, ...]
    lists: tuple[NamedSet, ...]


def open_operands(texts: Iterable[str], *, only: Sequence[str] | None = None) -> Operands:
    """Open operands.

    Args:
        texts: prepared datasets, as folders or addresses; or `NAME=FILE` and `NAME/SPLIT=FILE` for a list of a set's
            ids.
        only: splits of prepared datasets to open; all by default.

    Raises:
        ShardError: a folder is not prepared, or has none of the splits.
        UnknownNameError: no such set.
        InputFileError: a list cannot be read.
        UserError: the same twice.
    """
    splits: list[PreparedSplit] = []
    lists: list[NamedSet] = []
    for text in dict.fromkeys(texts):
        match = _LIST.fullmatch(text)
        if match is None or Path(text).is_dir():
            splits += _prepared(location(text), only)
        else:
            path = Path(match["file"])
            lists.append(NamedSet(check_set(match["dataset"]), match["split"], read_ids(path), str(path)))
    return Operands(tuple(splits), tuple(lists))


def _prepared(root: Path, only: Sequence[str] | None) -> list[PreparedSplit]:
    manifest = read_manifest(root)
    for name in only or ():
        manifest.split(name)
    return [open_split(root, name) for name in sorted(manifest.splits) if only is None or name in only]


def require_distinct(splits: Sequence[PreparedSplit]) -> None:
    """Make sure that no split is given twice, which would make each of its samples a duplicate.

    Raises:
        UserError: one is.
    """
    seen: set[tuple[Path, str]] = set()
    for split in splits:
        place = (split.store.root.resolve(), split.name)
        if place in seen:
            raise UserError(
                f"split {split.name} is given twice", path=split.store.root, remedy="name each prepared dataset once"
            )
        seen.add(place)
