"""Ending a training between two steps, at the request of a scheduler (SIGTERM) or a person (Ctrl-C)."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import ClassVar

from rgbtbench.errors import UserError


class InterruptedTrainingError(UserError):
    """A training was asked to stop and left a checkpoint; not a mistake, but nothing went on."""

    #: As shells and schedulers know a program that SIGTERM ended.
    exit_code: ClassVar[int] = 128 + signal.SIGTERM


@dataclass
class StopRequest:
    """Whether a signal has asked for the end.

    Attributes:
        signal_name: `SIGTERM` or `SIGINT`; None while nobody asked.
    """

    signal_name: str | None = None


@contextmanager
def stop_requests() -> Iterator[StopRequest]:
    """Note SIGTERM and SIGINT instead of dying; a second one acts as usual, and so do all after the block.

    Outside the main thread Python delivers no signals; there the request simply never comes.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    previous = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def note(number: int, _frame: FrameType | None) -> None:
        request.signal_name = signal.Signals(number).name
        signal.signal(number, previous[signal.Signals(number)])

    for number in previous:
        signal.signal(number, note)
    try:
        yield request
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
