"""Local worker processes: each builds whole shards, and none outlives the process that started it."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event

from rgbtbench.errors import ShardError
from rgbtbench.freed_memory import keep_freed_memory
from rgbtbench.processes import available_cores, interrupts_held, leave_to_parent
from rgbtbench.progress import Progress
from rgbtbench.shards.shard_job import ShardJob, build_shard

_SECONDS_BETWEEN_REPORTS = 0.2


class LocalProcesses:
    """An `Executor`: worker processes on this machine, or this process when one worker or one shard is all there is."""

    def build(self, jobs: Sequence[ShardJob], *, workers: int | None, progress: Progress) -> None:
        """Build shards; see `Executor.build`."""
        count = min(workers or available_cores(), len(jobs))
        if count > 1:
            _build_in_processes(jobs, count, progress)
            return
        keep_freed_memory()
        for job in jobs:
            build_shard(job, progress.advance)


def _build_in_processes(jobs: Sequence[ShardJob], count: int, progress: Progress) -> None:
    # `spawn`: a forked copy of a process with threads (torch, OpenCV) may hang.
    context = multiprocessing.get_context("spawn")
    done, stop = context.Value("q", 0), context.Event()
    with ProcessPoolExecutor(count, mp_context=context, initializer=_begin, initargs=(done, stop)) as pool:
        reported = 0
        try:
            with interrupts_held():
                pending = {pool.submit(_build, job) for job in jobs}
            while pending:
                finished, pending = wait(pending, timeout=_SECONDS_BETWEEN_REPORTS, return_when=FIRST_COMPLETED)
                now = done.value
                progress.advance(now - reported)
                reported = now
                for future in finished:
                    future.result()
        except BrokenProcessPool as error:
            raise ShardError(
                "a worker process ended unexpectedly, perhaps for want of memory",
                remedy="run again with fewer workers (finished shards are re-used); "
                "a script of your own must call it below `if __name__ == '__main__':`",
            ) from error
        except BaseException:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise


class _StoppedError(Exception):
    """Another shard failed, so this one is abandoned."""


class _Shared:
    """What a worker process shares with the one that started it."""

    done: Synchronized[int]
    stop: Event


def _begin(done: Synchronized[int], stop: Event) -> None:
    _Shared.done, _Shared.stop = done, stop
    keep_freed_memory()
    leave_to_parent()


def _build(job: ShardJob) -> None:
    build_shard(job, _advance)


def _advance() -> None:
    with _Shared.done.get_lock():
        _Shared.done.value += 1
    if _Shared.stop.is_set():
        raise _StoppedError
