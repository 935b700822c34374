"""How long a call takes: warmed up, many times, with its spread."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch

WARM_UP: Final = 20
RUNS: Final = 200


@dataclass(frozen=True, slots=True)
class Latency:
    """Times of single calls, in milliseconds.

    Attributes:
        median, p10, p90: of all timed calls.
        runs: how many were timed; fewer than were asked for where the time ran out.
        warm_up: how many ran before, untimed.
    """

    median: float
    p10: float
    p90: float
    runs: int
    warm_up: int


def measure_latency(
    call: Callable[[], object], *, device: str, seconds: float, warm_up: int = WARM_UP, runs: int = RUNS
) -> Latency:
    """Time a call, again and again.

    On a GPU the queue is emptied before and after each call, so that work and not its launch is timed. At least three
    calls are timed, whatever the limit.

    Args:
        call: runs the network once; its results are thrown away.
        device: `cpu` or `cuda`.
        seconds: after which no further call is begun, warm-up included.
        warm_up: calls before, untimed; they end when half of the time is gone.
        runs: calls that are timed.
    """
    began = time.perf_counter()
    warmed = 0
    while warmed < warm_up and (warmed == 0 or time.perf_counter() - began < seconds / 2):
        _timed(call, device)
        warmed += 1
    times: list[float] = []
    while len(times) < runs and (len(times) < 3 or time.perf_counter() - began < seconds):
        times.append(_timed(call, device))
    tenths = statistics.quantiles(times, n=10, method="inclusive")
    return Latency(
        median=1e3 * statistics.median(times),
        p10=1e3 * tenths[0],
        p90=1e3 * tenths[-1],
        runs=len(times),
        warm_up=warmed,
    )


def _timed(call: Callable[[], object], device: str) -> float:
    _finish(device)
    start = time.perf_counter()
    call()
    _finish(device)
    return time.perf_counter() - start


def _finish(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)
