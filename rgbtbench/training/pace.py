"""Whether a training waits for its data or for its arithmetic."""

from __future__ import annotations

import time
from typing import Final

from rgbtbench.progress import Progress

#: From this share of waiting on, more speed in reading gains more than anything else.
_BOUND_BY_DATA: Final = 0.2
#: Steps after which the share is told for the first time; earlier ones fill queues and choose kernels.
_FIRST_WORD: Final = 50


class Pace:
    """Adds up how long steps took, and how long they waited for their batches.

    The first step after a start is left out: processes that decode begin with it.

    Args:
        progress: told the share of waiting, after some steps and at the end.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._began = 0.0
        self._steps = -1
        self._seconds = self._waited = 0.0

    def begin(self) -> None:
        """Say that a step begins."""
        self._began = time.perf_counter()

    def end(self, *, waited: float) -> None:
        """Say that it ended, and that `waited` seconds of it went into waiting."""
        self._steps += 1
        if self._steps > 0:
            self._seconds += time.perf_counter() - self._began
            self._waited += waited
        if self._steps == _FIRST_WORD:
            self._progress.say(describe_pace(self._waited, self._seconds, self._steps))

    def finish(self) -> None:
        """Say that the training or a stage of it ended."""
        if self._steps > 0:
            self._progress.say(describe_pace(self._waited, self._seconds, self._steps))


def describe_pace(waited: float, seconds: float, steps: int) -> str:
    """Return what bound a training, in words.

    Args:
        waited: seconds that went into waiting for batches.
        seconds: that the steps took, waiting included.
        steps: how many there were.
    """
    share = waited / seconds if seconds > 0 else 0.0
    rate = f"{steps / seconds:.3g} steps per second" if seconds > 0 else f"{steps} steps"
    if share >= _BOUND_BY_DATA:
        return (
            f"{rate}, bound by data: {share:.0%} of the time went into waiting for it; raise --workers or set --cache"
        )
    return f"{rate}, bound by compute: {share:.0%} of the time went into waiting for data"
