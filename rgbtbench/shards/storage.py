"""The one place that writes into a prepared dataset: whole files or none, and one process at a time."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from rgbtbench.atomic_file import atomic_file
from rgbtbench.errors import ShardError

STATE: Final = ".state"
#: Names under which `atomic_file` writes before a file is whole.
_UNFINISHED: Final = ".*.part"
_FULL = {errno.ENOSPC, errno.EDQUOT}


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file that appears under its name, whole and on disk, when the block ends without an error.

    Raises:
        ShardError: the disk is full, or the file cannot be written; nothing of it is left.
    """
    try:
        with atomic_file(path) as file:
            yield file
    except OSError as error:
        raise _not_written(path, error) from error


def write_file(path: Path, content: bytes) -> None:
    """Write a whole file; raises as `whole_file` does."""
    with whole_file(path) as file:
        file.write(content)


def replace(source: Path, target: Path) -> None:
    """Rename within a folder, and make the new name last through a crash."""
    source.replace(target)
    descriptor = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(path: Path) -> None:
    """Create a folder and those above it; raises `ShardError` when that is impossible."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_written(path, error) from error


def remove_temporary_files(folder: Path) -> None:
    """Remove what killed processes left behind; to be called under the lock."""
    for path in folder.glob(_UNFINISHED):
        path.unlink(missing_ok=True)


def _not_written(path: Path, error: OSError) -> ShardError:
    if error.errno in _FULL:
        return ShardError(
            "the disk is full", path=path, remedy="free space and run again: finished shards are kept and re-used"
        )
    return ShardError(
        f"cannot be written: {error.strerror or error}", path=path, remedy="run again once this is mended"
    )


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Hold a prepared dataset for writing.

    The lock belongs to the open file, so the system releases it when its process ends, however that happens. The
    file's content names the owner. A name of another machine is believed, because network file systems may not
    share locks.

    Raises:
        ShardError: another process holds it, or one on another machine may.
    """
    path = out / STATE / "lock"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise _not_written(path, error) from error
    try:
        _take(descriptor, path)
        try:
            yield
        finally:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _take(descriptor: int, path: Path) -> None:
    here = {"pid": os.getpid(), "host": socket.gethostname()}
    owner = {"pid": "?", "host": here["host"]}
    with suppress(ValueError):
        owner |= dict(json.loads(os.pread(descriptor, 4096, 0) or b"{}"))
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise ShardError(
            f"process {owner['pid']} on {owner['host']} is preparing this folder",
            path=path,
            remedy="wait until it ends, or stop it",
        ) from error
    if owner["host"] != here["host"]:
        raise ShardError(
            f"process {owner['pid']} on {owner['host']} began to prepare this folder and never ended",
            path=path,
            remedy="if nothing runs there any more, delete this file and run again",
        )
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(here).encode(), 0)
