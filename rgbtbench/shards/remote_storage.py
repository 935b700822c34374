"""Writing into a store, where an object appears whole or not at all. Used by `rgbtbench.shards.storage` alone."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

from rgbtbench.errors import StoreError
from rgbtbench.locations import filesystem, store_errors, store_path
from rgbtbench.scratch import scratch_folder
from rgbtbench.stored_files import file_facts

#: Stores without folders and without half-written objects. In others a file is uploaded under another name first.
_OBJECT_STORES: Final = frozenset({"s3", "gs", "az", "abfs", "abfss", "oss", "oci", "memory"})


@contextmanager
def uploaded_file(path: Path) -> Iterator[BinaryIO]:
    """Open a local file that is uploaded when the block ends without an error, and then removed.

    Raises:
        OSError: the local disk is full.
        StoreError: the store refuses it, or did not take all of it.
    """
    descriptor, name = tempfile.mkstemp(prefix="upload-", dir=scratch_folder())
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
        _upload(Path(name), path)
    finally:
        Path(name).unlink()


def move(source: Path, target: Path) -> None:
    """Let an object take the place of another of the same folder; raises `StoreError`."""
    files = filesystem(target)
    with store_errors(target, doing="written"):
        if _is_object_store(target):
            files.cp_file(store_path(source), store_path(target))
            files.rm_file(store_path(source))
        else:
            _take_place(files, source, target)


def remove(path: Path) -> None:
    """Remove an object, or see that it is not there; raises `StoreError`."""
    with store_errors(path, doing="removed"), suppress(FileNotFoundError):
        filesystem(path).rm_file(store_path(path))


def make_folder(path: Path) -> None:
    """Create a folder and those above it where the store has folders; raises `StoreError`."""
    if not _is_object_store(path):
        with store_errors(path, doing="written"):
            filesystem(path).makedirs(store_path(path), exist_ok=True)


def _upload(local: Path, path: Path) -> None:
    files = filesystem(path)
    size = local.stat().st_size
    with store_errors(path, doing="written"):
        if _is_object_store(path):
            files.put_file(str(local), store_path(path))
        else:
            part = path.with_name(f".{path.name}.{os.getpid()}.part")
            files.put_file(str(local), store_path(part))
            _take_place(files, part, path)
    stored = file_facts(path)
    if stored is None or stored.size != size:
        found = "is not there" if stored is None else f"has {stored.size} bytes"
        raise StoreError(f"{found} after it was written", expected=f"{size} bytes", path=path, remedy="run again")


def _take_place(files: Any, source: Path, target: Path) -> None:
    try:
        files.mv(store_path(source), store_path(target))
    except FileExistsError:  # some do not replace what is there
        files.rm_file(store_path(target))
        files.mv(store_path(source), store_path(target))


def _is_object_store(path: Path) -> bool:
    address: Any = path
    return address.protocol in _OBJECT_STORES
