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
        try:
            _mine[process] = _made(_everybodys())
        except OSError as error:
            raise UserError(
                f"no room for temporary files: {error.strerror}",
                path=tempfile.gettempdir(),
                remedy="free space, or let TMPDIR name another folder",
            ) from error
        Finalize(None, _remove, args=(process,), exitpriority=0)
    return _mine[process][0]


def _everybodys() -> Path:
    folder = Path(tempfile.gettempdir()) / f"rgbtbench-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise UserError("belongs to somebody else", path=folder, remedy="let TMPDIR name another folder")
    return folder


def _made(everybodys: Path) -> tuple[Path, int]:
    with _alone(everybodys):
        for other in everybodys.iterdir():
            if other.is_dir() and _is_abandoned(other):
                shutil.rmtree(other, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=everybodys))
        held = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(held, fcntl.LOCK_EX)
    return folder, held


@contextmanager
def _alone(everybodys: Path) -> Iterator[None]:
    descriptor = os.open(everybodys / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


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
