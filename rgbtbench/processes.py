"""How worker processes live and end: Ctrl-C is the parent's to answer, and none outlives what started it."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait
from threading import Thread


def available_cores() -> int:
    """Return the number of cores that this process may use, which in a container are fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Keep Ctrl-C waiting while processes start: one that dies of it in its first steps would take the others along.

    Processes inherit this, until `leave_to_parent` has told them to leave Ctrl-C to the parent.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def leave_to_parent() -> None:
    """Begin a worker process: ignore Ctrl-C, which reaches the whole group, and end when the parent does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    Thread(target=_end_with_parent, daemon=True).start()


def begin_apart() -> None:
    """Begin a worker process in a group of its own: a signal to the group, such as a scheduler's, is the parent's.

    Otherwise as `leave_to_parent`. A signal to the process itself ends it as ever.
    """
    os.setpgid(0, 0)
    leave_to_parent()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
