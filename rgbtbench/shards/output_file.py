"""Where the bytes of a shard go: straight to the system, through a hash, and both beside the work on what follows."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Queue
from threading import Thread
from types import TracebackType
from typing import BinaryIO, Final, Protocol, Self

#: Linux and macOS take so many pieces at once.
_PIECES: Final = 1024
#: Bytes that are sent to the disk at once: each time takes a fifth of a millisecond.
_WRITTEN_BACK: Final = 8_000_000
#: Bytes that are handed to the thread at once: enough that waking it costs nothing beside them, and no more, so that
#: they are still in the processor's cache.
_TOGETHER: Final = 1_000_000
#: As many such parts wait at most.
_WAITING: Final = 4


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
        self._size = 0
        self._begun = 0

    def writelines(self, pieces: Sequence[bytes], /) -> None:
        """Append all pieces; raises `OSError` when the disk does not take them."""
        left = [memoryview(piece) for piece in pieces if piece]
        while left:
            written = os.writev(self._descriptor, left[:_PIECES])
            self._size += written
            while left and written >= len(left[0]):
                written -= len(left.pop(0))
            if written:
                left[0] = left[0][written:]
        if self._size - self._begun >= _WRITTEN_BACK:
            _start_writing_back(self._descriptor, self._begun, self._size - self._begun)
            self._begun = self._size


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


class Beside:
    """Passes on what is written from a thread of its own, in parts of a megabyte, while the caller does other work.

    Writing and hashing run without Python's lock. An error of the output is raised by the next write, or at the end of
    the `with` block. A block that ends with an error leaves what it has not passed on.

    Args:
        output: where it goes.
    """

    def __init__(self, output: Output) -> None:
        self._output = output
        self._queue: Queue[list[bytes] | None] = Queue(_WAITING)
        self._thread = Thread(target=self._pass_on, name="shard output")
        self._part: list[bytes] = []
        self._size = 0
        self._error: BaseException | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._error = self._error or error  # the thread passes nothing on after one
        elif self._part:
            self._queue.put(self._part)
        self._queue.put(None)
        self._thread.join()
        if error is None and self._error is not None:
            raise self._error

    def writelines(self, pieces: Sequence[bytes], /) -> None:
        """Append all pieces, which must not change afterwards; raises what an earlier write met."""
        self._part += pieces
        self._size += sum(map(len, pieces))
        if self._size < _TOGETHER:
            return
        if self._error is not None:
            raise self._error
        self._queue.put(self._part)
        self._part, self._size = [], 0

    def _pass_on(self) -> None:
        while (part := self._queue.get()) is not None:
            if self._error is None:
                try:
                    self._output.writelines(part)
                except BaseException as error:
                    self._error = error


def _write_nothing_back(descriptor: int, start: int, size: int) -> None:
    """Leave it to the system when to write to the disk."""


def _write_back(descriptor: int, start: int, size: int) -> None:
    # The system writes what will not be needed to the disk, without waiting: `fsync` then finds little left to do.
    # What is not written yet stays in memory.
    with suppress(OSError):  # it is advice
        os.posix_fadvise(descriptor, start, size, os.POSIX_FADV_DONTNEED)


_start_writing_back: Callable[[int, int, int], None] = (
    _write_back if hasattr(os, "posix_fadvise") else _write_nothing_back
)
