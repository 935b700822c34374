"""Room on the local disk for copies that a process needs for a while; it goes with the process, however that ends."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Final

from rgbtbench.errors import UserError
from rgbtbench.file_lock import file_lock

_LOCK: Final = "lock"
_mine: dict[int, tuple[Path, int]] = {}


def scratch_folder() -> Path:
    """Return this process's folder below the system's temporary one (`TMPDIR`), the same at every call.

    What killed processes left there is removed on the way.

    Raises:
        UserError: there is no room, or the place belongs to somebody else.
    """
    process = os.getpid()  # a forked process has its own
    if process not in _mine:
        with _room():
            _mine[process] = _made(shared_folder())
        Finalize(None, _remove, args=(process,), exitpriority=0)
    return _mine[process][0]


def shared_folder() -> Path:
    """Return the folder below the system's temporary one that all processes of this user share, for their locks.

    Raises:
        UserError: there is no room, or the place belongs to somebody else.
    """
    folder = Path(tempfile.gettempdir()) / f"rgbtbench-{os.getuid()}"
    with _room():
        folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise UserError("belongs to somebody else", path=folder, remedy="let TMPDIR name another folder")
    return folder


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(
            f"no room for temporary files: {error.strerror}",
            path=tempfile.gettempdir(),
            remedy="free space, or let TMPDIR name another folder",
        ) from error


def _made(shared: Path) -> tuple[Path, int]:
    with file_lock(shared / _LOCK):
        for other in shared.iterdir():
            if other.is_dir() and _is_abandoned(other):
                shutil.rmtree(other, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=shared))
        held = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(held, fcntl.LOCK_EX)
    return folder, held


def _is_abandoned(folder: Path) -> bool:
    """Whether nobody holds the folder's lock: the system releases it when a process ends."""
    try:
        descriptor = os.open(folder / _LOCK, os.O_RDWR)
    except OSError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _remove(process: int) -> None:
    if process == os.getpid() and process in _mine:
        folder, held = _mine.pop(process)
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)
