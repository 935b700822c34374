"""One process at a time prepares into a place."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from rgbtbench.errors import ShardError, StoreError
from rgbtbench.file_lock import file_lock
from rgbtbench.locations import filesystem, is_remote, store_errors, store_path
from rgbtbench.scratch import shared_folder
from rgbtbench.shards.storage import STATE, not_written, remove
from rgbtbench.stored_files import file_bytes

_LOCK: Final = "lock"
#: Addresses of the lock objects that this process holds.
_held: set[str] = set()


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Hold a prepared dataset for writing.

    On disk the lock belongs to the open file, so the system releases it when its process ends, however that happens.
    The file's content names the owner. A name of another machine is believed, because network file systems may not
    share locks.

    In a store the lock is an object that exists while its owner works. A store that creates an object only where
    there is none (S3, Google, Azure, memory) lets one of two owners win; a process that is killed leaves it behind,
    and the next one on the same machine sees that the owner has ended. Processes of one user on one machine take turns
    in looking and taking, so that two never take the same abandoned object over.

    Raises:
        ShardError: another process holds it, or one on another machine may.
        StoreError: the store refuses it.
    """
    path = out / STATE / _LOCK
    with _locked_object(path) if is_remote(path) else _locked_file(path):
        yield


@contextmanager
def _locked_file(path: Path) -> Iterator[None]:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise not_written(path, error) from error
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
    owner = {"pid": "?", "host": here["host"], **_owner(os.pread(descriptor, 4096, 0))}
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


@contextmanager
def _locked_object(path: Path) -> Iterator[None]:
    began = datetime.now(UTC).isoformat(timespec="seconds")
    content = json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "began": began}).encode()
    with file_lock(_turn(path)):
        if not _created(path, content):
            _require_ended(path)
            remove(path)
            if not _created(path, content):
                raise ShardError(
                    "another process has just begun to prepare this folder", path=path, remedy="wait for it"
                )
        _held.add(str(path))
    try:
        yield
    finally:
        _held.discard(str(path))
        if _object(path) == content:  # somebody may have deleted it, and another may hold the place by now
            remove(path)


def _turn(path: Path) -> Path:
    """Return the lock file under which processes of this machine look at a lock object: a few for all objects."""
    return shared_folder() / f"{hashlib.sha256(str(path).encode()).hexdigest()[:2]}.lock"


def _created(path: Path, content: bytes) -> bool:
    """Create an object where there is none; return whether there was none."""
    if _object(path) is not None:
        return False
    files = filesystem(path)
    try:
        with store_errors(path, doing="written"):
            files.pipe_file(store_path(path), content, mode="create")
    except (NotImplementedError, TypeError, ValueError):  # this store cannot tell creating from replacing
        with store_errors(path, doing="written"):
            files.pipe_file(store_path(path), content)
    except StoreError:
        if _object(path) is None:
            raise
        return False
    return True


def _require_ended(path: Path) -> None:
    """Make sure that the owner of a lock object is a process of this machine which is no more."""
    content = _object(path)
    if not content:
        return  # gone by now, or the file of a dataset that was copied from disk: empty when its owner has ended
    owner = {"pid": "?", "host": "?", "began": "?", **_owner(content)}
    ours = owner["pid"] == os.getpid() and str(path) not in _held
    if owner["host"] == socket.gethostname() and (ours or not _runs(owner["pid"])):
        return
    raise ShardError(
        f"process {owner['pid']} on {owner['host']} prepares this folder since {owner['began']}, or was killed",
        path=path,
        remedy="wait until it ends; if nothing runs there any more, delete this object and run again",
    )


def _object(path: Path) -> bytes | None:
    try:
        return file_bytes(path)
    except FileNotFoundError:
        return None


def _owner(content: bytes) -> dict[str, Any]:
    with suppress(ValueError, TypeError):
        return dict(json.loads(content or b"{}"))
    return {}


def _runs(process: object) -> bool:
    if not isinstance(process, int) or process < 1:
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
