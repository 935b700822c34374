"""Locks between processes of one machine: files that one of them holds at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def file_lock(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold a lock file, which is created where there is none and stays: somebody may be waiting for it.

    The system releases it when the process ends, however that happens. A second holder in the same process is another.

    Args:
        path: the lock file.
        wait: until nobody else holds it.

    Raises:
        BlockingIOError: another holds it, and `wait` is false.
        OSError: it cannot be opened.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(descriptor)
