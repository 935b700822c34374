"""Shards of a store on the local disk, where readers map them into memory.

A copy is named by the sha256 that the manifest states and is checked against it once, when it is made; so it is never
the wrong one, all processes share it, and the next epoch reads from disk. `RGBTBENCH_CACHE` names the folder and
`RGBTBENCH_CACHE_GB` its size; by default it is `rgbtbench` in the user's cache folder and takes half of what is free
there. The shards that were not opened for the longest time make room for new ones.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from rgbtbench.errors import ShardError, StoreError
from rgbtbench.file_lock import file_lock
from rgbtbench.locations import filesystem, is_remote, store_errors, store_path
from rgbtbench.scratch import scratch_folder
from rgbtbench.stored_files import file_sha256

_GB: Final = 10**9
_REMEDY: Final = "free space, or let RGBTBENCH_CACHE name another folder"


@contextmanager
def cached_copy(path: Path, *, size: int, sha256: str) -> Iterator[Path]:
    """Yield a local copy of a shard; of one that lies on disk, the shard itself.

    It may make room for others as soon as the block ends, and stays readable for whoever opened it in the block.

    Args:
        path: the shard.
        size: bytes that the manifest states.
        sha256: hash that the manifest states.

    Raises:
        ShardError: the shard is missing or not what the manifest states, or the disk is full.
        StoreError: the store does not answer.
    """
    if not is_remote(path):
        yield path
        return
    copy = _folder() / f"{sha256}.tar"
    # Other processes wait for it instead of fetching it too, and none removes it.
    with file_lock(_lock_of(copy)):
        try:
            if not _is_there(copy, size):
                _make_room(copy.parent, size)
                _fetch(path, copy, sha256)
            os.utime(copy)
        except OSError as error:
            raise ShardError(f"cannot keep a copy: {error.strerror}", path=copy.parent, remedy=_REMEDY) from error
        yield copy


@contextmanager
def fresh_copy(path: Path) -> Iterator[Path]:
    """Yield a copy of a file as the store has it now, for as long as the block lasts; a file on disk is no copy.

    Raises:
        ShardError: there is no such file, or the disk is full.
        StoreError: the store does not answer.
    """
    if not is_remote(path):
        yield path
        return
    descriptor, name = tempfile.mkstemp(prefix="fresh-", dir=scratch_folder())
    os.close(descriptor)
    copy = Path(name)
    try:
        _download(path, copy)
        yield copy
    finally:
        copy.unlink(missing_ok=True)


def _folder() -> Path:
    named = os.environ.get("RGBTBENCH_CACHE")
    users = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(named) if named else users / "rgbtbench" / "shards"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ShardError(f"cannot keep copies: {error.strerror}", path=folder, remedy=_REMEDY) from error
    return folder


def _lock_of(copy: Path) -> Path:
    """Few locks for many copies: lock files cannot be removed while somebody may wait for them."""
    return copy.with_name(f"{copy.name[:2]}.lock")


def _is_there(copy: Path, size: int) -> bool:
    return copy.is_file() and copy.stat().st_size == size


def _fetch(path: Path, copy: Path, sha256: str) -> None:
    part = copy.with_suffix(".part")  # under the lock of this shard, so that nobody else writes it
    try:
        _download(path, part)
        if file_sha256(part) != sha256:
            raise ShardError(
                "is not what the manifest states", path=path, remedy="open the dataset again, or verify it"
            )
        part.replace(copy)
    finally:
        part.unlink(missing_ok=True)


def _download(path: Path, copy: Path) -> None:
    try:
        with store_errors(path):
            filesystem(path).get_file(store_path(path), str(copy))
    except StoreError as error:
        if isinstance(error.__cause__, FileNotFoundError | IsADirectoryError):
            raise ShardError(
                "cannot be read: No such file or directory", path=path, remedy="prepare the dataset again"
            ) from error
        raise


def _make_room(folder: Path, size: int) -> None:
    for part in folder.glob("*.part"):  # of processes that were killed while they fetched
        with suppress(BlockingIOError), file_lock(_lock_of(part), wait=False):
            part.unlink(missing_ok=True)
    copies = sorted(folder.glob("*.tar"), key=_last_use)
    sizes = {copy: _size(copy) for copy in copies}
    room = _limit(folder, sum(sizes.values())) - sum(sizes.values()) - size
    for copy in copies:
        if room >= 0:
            return
        with suppress(BlockingIOError), file_lock(_lock_of(copy), wait=False):
            copy.unlink(missing_ok=True)  # who has it open keeps it
            room += sizes[copy]


def _limit(folder: Path, held: int) -> float:
    stated = os.environ.get("RGBTBENCH_CACHE_GB")
    if stated is None:
        return (shutil.disk_usage(folder).free + held) / 2
    with suppress(ValueError):
        return float(stated) * _GB
    raise ShardError(f"RGBTBENCH_CACHE_GB is {stated!r}", expected="a number of gigabytes")


def _last_use(copy: Path) -> float:
    with suppress(OSError):
        return copy.stat().st_mtime
    return 0.0


def _size(copy: Path) -> int:
    with suppress(OSError):
        return copy.stat().st_size
    return 0
