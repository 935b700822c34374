"""The samples of a split in a tenth of the memory of their objects: compressed, and made again to be used.

A plan names every sample of a dataset before the first is opened, and is held until the last is stored.
"""

from __future__ import annotations

import json
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rgbtbench.pair import Entry
from rgbtbench.shards.fingerprint import InputFile

#: Samples that are compressed together: a power of two, as the number of samples in a shard is.
TOGETHER: Final = 512


def entry_row(entry: Entry) -> list[object]:
    """Return all that an entry says but its split, as JSON can hold it."""
    return [
        entry.key,
        entry.official_id,
        entry.order,
        entry.image_id,
        entry.cluster,
        dict(entry.files),
        dict(entry.attributes),
    ]


@dataclass(frozen=True, slots=True)
class PackedEntries:
    """Some samples of one split in order.

    Attributes:
        count: how many.
        content: compressed.
    """

    count: int
    content: bytes

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> PackedEntries:
        """Return samples of one split, packed."""
        rows = [entry_row(entry) for entry in entries]
        return cls(len(entries), _compressed([entries[0].split, rows]))

    def __iter__(self) -> Iterator[Entry]:
        split, rows = _content(self.content)
        for key, official_id, order, image_id, cluster, files, attributes in rows:
            yield Entry(key, official_id, split, order, files, attributes, cluster, image_id)


@dataclass(frozen=True, slots=True)
class PackedFiles:
    """Some input files in order."""

    content: bytes

    @classmethod
    def of(cls, files: Iterable[InputFile]) -> PackedFiles:
        """Return files, packed."""
        return cls(_compressed(list(files)))

    def __iter__(self) -> Iterator[InputFile]:
        return (InputFile(*row) for row in _content(self.content))


class Listing:
    """The samples of one split.

    Attributes:
        keys, orders, image_ids: a number of 64 bits for each that is stated. Equal ones have equal numbers; different
            ones may, once in a million datasets.
    """

    def __init__(self) -> None:
        self.keys = array("q")
        self.orders = array("q")
        self.image_ids = array("q")
        self._packed: list[PackedEntries] = []
        self._last: list[Entry] = []

    def add(self, entry: Entry) -> None:
        """Append a sample."""
        self.keys.append(hash(entry.key))
        self.orders.append(entry.order)
        if entry.image_id is not None:
            self.image_ids.append(hash(entry.image_id))
        self._last.append(entry)
        if len(self._last) == TOGETHER:
            self._packed.append(PackedEntries.of(self._last))
            self._last = []

    def __iter__(self) -> Iterator[Entry]:
        return chain(chain.from_iterable(self._packed), self._last)

    def sorted(self) -> Listing:
        """Return the samples by their place in the official order; they nearly always are."""
        orders = np.frombuffer(self.orders, np.int64)
        if (orders[1:] >= orders[:-1]).all():
            return self
        ordered = Listing()
        for entry in sorted(self, key=lambda entry: entry.order):
            ordered.add(entry)
        return ordered

    def packed(self, limit: int | None) -> Iterator[PackedEntries]:
        """Yield the first samples, `TOGETHER` at a time and the rest."""
        left = len(self.keys) if limit is None else limit
        whole = [*self._packed, PackedEntries.of(self._last)] if self._last else self._packed
        for some in whole:
            if left <= 0:
                return
            yield some if some.count <= left else PackedEntries.of(list(some)[:left])
            left -= some.count


class DistinctSizes:
    """The bytes of files, each counted once however often it is named."""

    def __init__(self) -> None:
        self._names = array("q")
        self._sizes = array("q")

    def add(self, files: Iterable[InputFile]) -> None:
        """Count some files; those that are missing have no bytes."""
        for file in files:
            self._names.append(hash(file.path))
            self._sizes.append(max(file.size, 0))

    def total(self) -> int:
        """Return the bytes of all files so far."""
        names = np.frombuffer(self._names, np.int64)
        order = np.argsort(names, kind="stable")
        return int(np.frombuffer(self._sizes, np.int64)[order[_first_of_equals(names[order])]].sum())


def repeated(numbers: array[int]) -> bool:
    """Return whether a number occurs twice."""
    return not _first_of_equals(np.sort(np.frombuffer(numbers, np.int64))).all()


def common(lists: Iterable[array[int]]) -> set[int]:
    """Return the numbers that occur in several lists."""
    sorted_lists = [np.sort(np.frombuffer(numbers, np.int64)) for numbers in lists]
    together = np.sort(np.concatenate([numbers[_first_of_equals(numbers)] for numbers in sorted_lists]))
    return set(together[~_first_of_equals(together)].tolist())


def _first_of_equals(ordered: NDArray[np.int64]) -> NDArray[np.bool_]:
    # `numpy.unique` would import a part of NumPy that nothing else here needs.
    first = np.ones(len(ordered), np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    return first


def _compressed(content: object) -> bytes:
    return zlib.compress(json.dumps(content, separators=(",", ":")).encode(), 1)


def _content(packed: bytes) -> Any:
    return json.loads(zlib.decompress(packed))
