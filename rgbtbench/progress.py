"""How long work reports itself: functions tell a `Progress`, and the command line decides how it looks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

Item = TypeVar("Item")


class Progress(Protocol):
    """Something that is told how far long work has come."""

    def start(self, stage: str, total: int | None, unit: str) -> None:
        """Begin a stage of `total` units (None: unknown), such as 480 `samples`."""

    def advance(self, count: int = 1) -> None:
        """Say that `count` more units are done."""

    def say(self, message: str) -> None:
        """Report one line that stays: what is reused, where a file is, a loss."""

    def finish(self) -> None:
        """End the stage."""


class Silent:
    """A `Progress` that shows nothing; the default of every function."""

    def start(self, stage: str, total: int | None, unit: str) -> None:
        """Show nothing."""

    def advance(self, count: int = 1) -> None:
        """Show nothing."""

    def say(self, message: str) -> None:
        """Show nothing."""

    def finish(self) -> None:
        """Show nothing."""


def track(items: Iterable[Item], progress: Progress, stage: str, *, total: int | None, unit: str) -> Iterator[Item]:
    """Yield `items` and report each as done when the next is asked for; one that fails is not reported as done."""
    progress.start(stage, total, unit)
    for item in items:
        yield item
        progress.advance()
    progress.finish()
