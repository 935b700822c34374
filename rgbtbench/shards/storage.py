"""The one place that writes into a prepared dataset: whole files or none, on disk and in a store."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import BinaryIO, Final

from rgbtbench.atomic_file import atomic_file
from rgbtbench.errors import ShardError
from rgbtbench.locations import is_remote
from rgbtbench.scratch import scratch_folder
from rgbtbench.shards import remote_storage
from rgbtbench.stored_files import folder_listing

STATE: Final = ".state"
#: Names under which a file is written before it is whole.
_UNFINISHED: Final = ".*.part"
_FULL = {errno.ENOSPC, errno.EDQUOT}


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file that appears under its name, whole and on disk or in the store, when the block ends without an error.

    Raises:
        ShardError: the disk is full, or the file cannot be written; nothing of it is left.
        StoreError: the store refuses it.
    """
    try:
        with remote_storage.uploaded_file(path) if is_remote(path) else atomic_file(path) as file:
            yield file
    except OSError as error:
        raise not_written(scratch_folder() if is_remote(path) else path, error) from error


def write_file(path: Path, content: bytes) -> None:
    """Write a whole file; raises as `whole_file` does."""
    with whole_file(path) as file:
        file.write(content)


def replace(source: Path, target: Path) -> None:
    """Rename within a folder, and make the new name last through a crash; raises `StoreError`."""
    if is_remote(target):
        remote_storage.move(source, target)
        return
    source.replace(target)
    descriptor = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: Path) -> None:
    """Remove a file, if it is there; raises `StoreError`."""
    if is_remote(path):
        remote_storage.remove(path)
    else:
        path.unlink(missing_ok=True)


def make_folder(path: Path) -> None:
    """Create a folder and those above it.

    Raises:
        ShardError: that is impossible on this disk.
        StoreError: or in this store.
    """
    if is_remote(path):
        remote_storage.make_folder(path)
        return
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise not_written(path, error) from error


def remove_temporary_files(folder: Path) -> None:
    """Remove what killed processes left behind; to be called under the lock."""
    for name in folder_listing(folder):
        if fnmatchcase(name, _UNFINISHED):
            remove(folder / name)


def not_written(path: Path, error: OSError) -> ShardError:
    """Return the error of a file that the local disk does not take."""
    if error.errno in _FULL:
        return ShardError(
            "the disk is full", path=path, remedy="free space and run again: finished shards are kept and re-used"
        )
    return ShardError(
        f"cannot be written: {error.strerror or error}", path=path, remedy="run again once this is mended"
    )
