"""Work on several threads, for functions that spend their time in compiled code."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

from rgbtbench.processes import available_cores

#: More threads than this mostly wait for Python's lock.
_MOST_THREADS: Final = 8

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_order(function: Callable[[Item], Result], items: Iterable[Item]) -> Generator[Result]:
    """Yield what becomes of each item, in their order, from as many threads as there are cores, up to a few.

    Few items are in memory at a time, and they are made on the calling thread. An error ends the work, with the first
    item in order that has one; so does closing the generator.

    Args:
        function: may run on several threads at once.
        items: what it takes.
    """
    workers = min(available_cores(), _MOST_THREADS)
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
