"""Where the bytes of a shard go: straight to the system, and through a hash."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from typing import BinaryIO, Final, Protocol

#: Linux and macOS take so many pieces at once.
_PIECES: Final = 1024


class Output(Protocol):
    """What takes bytes in pieces; an open binary file does."""

    def writelines(self, pieces: Sequence[bytes], /) -> None:
        """Append all pieces."""


class DirectFile:
    """An open file that takes many pieces with one call of the system and copies none of them before.

    Args:
        file: open for writing on disk, nothing written yet.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._descriptor = file.fileno()

    def writelines(self, pieces: Sequence[bytes], /) -> None:
        """Append all pieces; raises `OSError` when the disk does not take them."""
        left = [memoryview(piece) for piece in pieces if piece]
        while left:
            written = os.writev(self._descriptor, left[:_PIECES])
            while left and written >= len(left[0]):
                written -= len(left.pop(0))
            if written:
                left[0] = left[0][written:]


class HashedFile:
    """Passes on what is written, and hashes it while it is in the processor's cache.

    Args:
        output: where it goes.
    """

    def __init__(self, output: Output) -> None:
        self._output = output
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """Hash of the bytes written so far."""
        return self._hash.hexdigest()

    def writelines(self, pieces: Sequence[bytes], /) -> None:
        """Append all pieces."""
        self._output.writelines(pieces)
        for piece in pieces:
            self._hash.update(piece)
