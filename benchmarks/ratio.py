"""How a ratio is measured: warm-up, the two sides in turn, medians and spread of the paired ratios."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class Ratio:
    """One comparison.

    Attributes:
        name: what was measured, with its size.
        ours, reference: median seconds (or bytes) of each side.
        reference_name: the named alternative.
        unit: `s` or `MiB`.
        ratio: median over pairs of reference / ours; above 1 means that ours is faster or smaller.
        low, high: quartiles of the paired ratios.
        goal: what the project promises for `ratio`, None where the figure is only reported.
    """

    name: str
    ours: float
    reference: float
    reference_name: str
    unit: str
    ratio: float
    low: float
    high: float
    goal: float | None = None

    @property
    def met(self) -> bool:
        return self.goal is None or self.ratio >= self.goal

    def to_json(self) -> dict[str, object]:
        return asdict(self) | {"met": self.met}


def compare(
    name: str,
    ours: Callable[[], object],
    reference: Callable[[], object],
    *,
    reference_name: str,
    goal: float | None = None,
    repeats: int = 5,
    clock: Callable[[], float] = time.perf_counter,
) -> Ratio:
    """Time both sides `repeats` times in turn after one warm-up of each, by the wall's clock or the processor's."""
    ours()
    reference()
    pairs = [(_seconds(ours, clock), _seconds(reference, clock)) for _ in range(repeats)]
    return of_pairs(name, pairs, reference_name=reference_name, unit="s", goal=goal)


def in_turn(
    actions: Mapping[str, Callable[[], object]], *, before: Callable[[], object], repeats: int = 5
) -> dict[str, list[float]]:
    """Time several actions `repeats` times, one after the other, after one warm-up of each.

    Each round begins with another action, so that none always comes after the same one.

    Args:
        actions: by name.
        before: done before each action, outside the time.
        repeats: how often.

    Returns:
        Name to seconds; those at one position were measured in one round.
    """
    seconds: dict[str, list[float]] = {name: [] for name in actions}
    names = list(actions)
    for turn in range(repeats + 1):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            before()
            seconds[name].append(_seconds(actions[name]))
    return {name: rounds[1:] for name, rounds in seconds.items()}


def of_pairs(
    name: str, pairs: list[tuple[float, float]], *, reference_name: str, unit: str, goal: float | None = None
) -> Ratio:
    """Summarise (ours, reference) figures that were measured in turn."""
    ratios = sorted(reference / ours for ours, reference in pairs)
    low, _, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else (ratios[0],) * 3
    return Ratio(
        name=name,
        ours=statistics.median(ours for ours, _ in pairs),
        reference=statistics.median(reference for _, reference in pairs),
        reference_name=reference_name,
        unit=unit,
        ratio=statistics.median(ratios),
        low=low,
        high=high,
        goal=goal,
    )


def timed(action: Callable[[], Result], clock: Callable[[], float] = time.perf_counter) -> tuple[Result, float]:
    """Return what an action returns, and the seconds that it took by a clock."""
    start = clock()
    result = action()
    return result, clock() - start


def _seconds(action: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    return timed(action, clock)[1]
