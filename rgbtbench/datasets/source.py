"""What every dataset module offers, and how a folder's layout is recognised."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rgbtbench.errors import LayoutError
from rgbtbench.pair import Entry, Pair


@dataclass(frozen=True, slots=True)
class Layout:
    """One way in which a dataset's files circulate.

    Attributes:
        name: `official`, or the repack's name.
        marks: paths relative to the root that exist in this layout and, together, in no other; `*` stands for any
            part of a name.
        tree: the layout drawn in a few words, for error messages and `datasets show`.
        example: content of the file that the first mark names, where the user is to write it.
    """

    name: str
    marks: tuple[str, ...]
    tree: str
    example: str | None = None

    def missing(self, root: Path) -> list[str]:
        """Return the marks that are not there."""
        return [mark for mark in self.marks if not _exists(root, mark)]

    def matches(self, root: Path) -> bool:
        """Return whether the folder looks like this layout; stops at the first mark that is not there."""
        return all(_exists(root, mark) for mark in self.marks)


class DatasetSource(Protocol):
    """A dataset module: everything about it that is a program and not a fact.

    `entries` only lists names; `pair` opens the files of one entry. Both run in worker processes.
    """

    @property
    def name(self) -> str:
        """Name of the card."""

    @property
    def layouts(self) -> Sequence[Layout]:
        """Layouts in circulation: `official` first, or `described`, which outranks the official one."""

    def entries(self, root: Path, layout: Layout) -> Iterator[Entry]:
        """Yield every sample of every split in official order; raises `InputFileError` or `LayoutError`."""

    def pair(self, root: Path, layout: Layout, entry: Entry) -> Pair:
        """Open one entry; raises `InputFileError` or `LabelError` when a file of it is at fault."""

    def fake(self, root: Path, layout: Layout, counts: Mapping[str, int], seed: int) -> None:
        """Write a small tree of the true shape with rendered scenes, for tests and demonstrations."""


def recognise(source: DatasetSource, root: Path) -> Layout:
    """Return the layout of the files under `root`.

    Raises:
        LayoutError: `root` is missing, or matches none; the error says which layouts are recognised, how close
            each came, what lies there instead, and which folder inside would do.
    """
    if not root.is_dir():
        raise LayoutError("no such folder", path=root, remedy=f"pass the folder that holds {source.name}'s files")
    found = _matching(source, root)
    if found is not None:
        return found
    below = next((path for path in sorted(root.iterdir()) if path.is_dir() and _matching(source, path)), None)
    there = sorted(path.name + ("/" if path.is_dir() else "") for path in root.iterdir())
    shown = ", ".join(there[:8]) + (f" and {len(there) - 8} more" if len(there) > 8 else "") if there else "nothing"
    wanted = "; ".join(
        f"{layout.name}: {layout.tree} (missing here: " + ", ".join(layout.missing(root)) + ")"
        for layout in source.layouts
    )
    raise LayoutError(
        f"holds {shown}",
        expected=f"one of {source.name}'s layouts: {wanted}",
        path=root,
        remedy=f"pass {below}"
        if below
        else "pass the folder that holds the unpacked official files" + _or_written(source),
    )


def _or_written(source: DatasetSource) -> str:
    written = [
        f", or write {layout.marks[0]} there:\n\n{layout.example}" for layout in source.layouts if layout.example
    ]
    return "".join(written)


def _matching(source: DatasetSource, root: Path) -> Layout | None:
    return next((layout for layout in source.layouts if layout.matches(root)), None)


def _exists(root: Path, mark: str) -> bool:
    return next(iter(root.glob(mark)), None) is not None if "*" in mark else (root / mark).exists()
