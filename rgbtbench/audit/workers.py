"""Measuring splits in worker processes, a stretch at a time; the result does not depend on how many there are."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Final

from rgbtbench.audit.label_columns import LabelColumns
from rgbtbench.audit.measure import Expected, measure
from rgbtbench.audit.measures import Part, SplitMeasures, assemble
from rgbtbench.cards import catalog
from rgbtbench.errors import ShardError
from rgbtbench.freed_memory import keep_freed_memory
from rgbtbench.loading.prepared import PreparedSplit, open_split
from rgbtbench.processes import interrupts_held, leave_to_parent
from rgbtbench.progress import Progress

#: Samples that a worker measures before it reports.
_STRETCH: Final = 32


@dataclass(frozen=True, slots=True)
class _Job:
    root: Path
    split: str
    rows: range


def measure_splits(splits: Sequence[PreparedSplit], *, workers: int, progress: Progress) -> list[SplitMeasures]:
    """Measure every sample of some splits.

    Args:
        splits: whole splits of prepared datasets.
        workers: processes; with one, this process does the work.
        progress: told about every stretch of samples.

    Raises:
        ShardError: a record is damaged, or a worker was killed.
    """
    jobs = [
        _Job(split.store.root, split.name, range(start, min(start + _STRETCH, len(split))))
        for split in splits
        for start in range(0, len(split), _STRETCH)
    ]
    _opened.cache_clear()  # a folder may have been prepared again since
    parts = _in_order(jobs, workers)
    measured = []
    for split in splits:
        progress.start(f"measuring {split.manifest.dataset}/{split.name}", len(split), "pairs")
        own = []
        for part in islice(parts, -(-len(split) // _STRETCH)):
            own.append(part)
            progress.advance(len(part.measures))
        progress.finish()
        measured.append(assemble(split, own))
    return measured


def _in_order(jobs: Sequence[_Job], workers: int) -> Iterator[Part]:
    if min(workers, len(jobs)) <= 1:
        keep_freed_memory()
        yield from map(_measure, jobs)
        return
    # `spawn`: a forked copy of a process with threads (OpenCV) may hang.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(workers, len(jobs)), mp_context=context, initializer=_begin)
    try:
        with interrupts_held():
            parts = pool.map(_measure, jobs)
        yield from parts
    except BrokenProcessPool as error:
        raise ShardError(
            "a worker process ended unexpectedly, perhaps for want of memory",
            remedy="run again with fewer workers; a script of your own must call it below `if __name__ == '__main__':`",
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


class _Opened:
    """The split that is being measured; consecutive jobs are nearly always of the same."""

    def __init__(self, root: Path, split: str) -> None:
        self._data = open_split(root, split)
        name = self._data.manifest.dataset
        stated = catalog.dataset_card(name).modalities if name in catalog.dataset_names() else {}
        self._expected = Expected(
            modalities=self._data.manifest.modalities,
            maps={label_set: self._data.label_map(label_set) for label_set in self._data.lookups},
            sizes={modality: facts.size for modality, facts in stated.items() if facts.size is not None},
        )

    def measure(self, rows: range) -> Part:
        """Measure a stretch."""
        labels = LabelColumns()
        return Part([measure(self._data.store, row, self._expected, labels) for row in rows], labels)


@lru_cache(maxsize=1)
def _opened(root: Path, split: str) -> _Opened:
    return _Opened(root, split)


def _measure(job: _Job) -> Part:
    return _opened(job.root, job.split).measure(job.rows)


def _begin() -> None:
    import cv2

    cv2.setNumThreads(1)  # the processes are the parallelism
    keep_freed_memory()
    leave_to_parent()
