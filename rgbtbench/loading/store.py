"""The stored members of one split, by position: bytes, records and decoded pixels."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from rgbtbench.errors import ShardError
from rgbtbench.formats.image_file import Pixels
from rgbtbench.formats.jpeg_pixels import Room
from rgbtbench.loading.decode import decode_mask, decode_pixels, fresh_room
from rgbtbench.shards.index import SplitIndex
from rgbtbench.shards.manifest import Manifest
from rgbtbench.shards.tar import TarReader

T = TypeVar("T")


class SplitStore:
    """One split of a prepared dataset; views of it share one store.

    Pickles hold the index and paths only: another process maps the shards itself, and decodes for itself.

    Args:
        root: folder of the prepared dataset, on disk or in a store.
        manifest: its manifest.
        index: of the split.
        cached: keep everything that was once decoded; see `PreparedSplit.cached`.
    """

    def __init__(self, root: Path, manifest: Manifest, index: SplitIndex, *, cached: bool = False) -> None:
        self.root = root
        self.manifest = manifest
        self.index = index
        self._readers = [
            TarReader(root / shard.file, size=shard.bytes, sha256=shard.sha256)
            for shard in manifest.split(index.split).shards
        ]
        self._decoded: dict[tuple[int, str], Any] | None = {} if cached else None

    def __reduce__(self) -> tuple[object, ...]:
        return (_store, (self.root, self.manifest, self.index, self.cached))

    @property
    def cached(self) -> bool:
        """Whether everything that was once decoded is kept."""
        return self._decoded is not None

    def caching(self) -> SplitStore:
        """Return a store of the same split that keeps what it decodes."""
        return SplitStore(self.root, self.manifest, self.index, cached=True)

    def member(self, row: int, name: str) -> memoryview:
        """Return the bytes of one member, without a copy.

        Args:
            row: position in the split.
            name: the member's extension: `rgb.png`, `json`.
        """
        index = self.index
        reader = self._readers[int(index.shard[row])]
        return reader.member(int(index.offsets[name][row]), int(index.sizes[name][row]))

    def record(self, row: int) -> dict[str, Any]:
        """Return the json member of one sample."""
        return self._remembered(row, "json", self._read_record)

    def image(self, row: int, name: str, room: Room = fresh_room) -> Pixels:
        """Return the image in member `name`, uint8, uint16 or float32 (H, W, C).

        Args:
            row: position in the split.
            name: the member's extension: `rgb.jpg`.
            room: see `decode_pixels`; what is kept has memory of its own.
        """
        if self._decoded is None:
            return self._decode_image(row, name, room)
        return self._remembered(row, name, self._decode_image)

    def mask(self, row: int, name: str) -> NDArray[np.uint8]:
        """Return the mask in member `name`, native ids, uint8 (H, W)."""
        return self._remembered(row, name, self._decode_mask)

    def _remembered(self, row: int, name: str, make: Callable[[int, str], T]) -> T:
        if self._decoded is None:
            return make(row, name)
        if (row, name) not in self._decoded:
            made = make(row, name)
            if isinstance(made, np.ndarray):
                made.flags.writeable = False
            self._decoded[row, name] = made
        return self._decoded[row, name]  # type: ignore[no-any-return]

    def _read_record(self, row: int, name: str) -> dict[str, Any]:
        try:
            record = json.loads(str(self.member(row, name), "utf-8"))
            intact = record["key"] == self.index.keys[row]
        except (ValueError, KeyError, TypeError, RecursionError):
            intact = False
        if not intact:
            raise ShardError(
                f"the record of {self._where(row, name)} is damaged", path=self.root, remedy="prepare the dataset again"
            )
        return record  # type: ignore[no-any-return]

    def _decode_image(self, row: int, name: str, room: Room = fresh_room) -> Pixels:
        return decode_pixels(self.member(row, name), where=self._where(row, name), room=room)

    def _decode_mask(self, row: int, name: str) -> NDArray[np.uint8]:
        return decode_mask(self.member(row, name), where=self._where(row, name))

    def _where(self, row: int, name: str) -> str:
        return f"{self.index.keys[row]}.{name} of split {self.index.split}"


def _store(root: Path, manifest: Manifest, index: SplitIndex, cached: bool) -> SplitStore:
    return SplitStore(root, manifest, index, cached=cached)
