"""Progress for people: a bar with rate and time left on a terminal, plain lines everywhere else."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

import typer

if TYPE_CHECKING:
    from rich.progress import ProgressColumn

_SECONDS_BETWEEN_LINES = 10.0


def make_progress() -> Bar | Lines:
    """Return a bar when standard error is a terminal, plain log lines otherwise."""
    return Bar() if sys.stderr.isatty() else Lines()


class Bar:
    """A live bar on standard error; use it as a context manager."""

    def __init__(self) -> None:
        from rich import progress
        from rich.console import Console

        self._display = progress.Progress(
            progress.TextColumn("{task.description}"),
            progress.BarColumn(bar_width=30),
            progress.MofNCompleteColumn(),
            progress.TextColumn("{task.fields[unit]}"),
            _rate_column(),
            progress.TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            console=Console(stderr=True),
        )
        self._task = self._display.add_task("", visible=False, unit="", total=None)

    def __enter__(self) -> Self:
        self._display.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            for task in self._display.tasks:
                if not task.finished:
                    self._display.update(task.id, visible=False)
        self._display.stop()

    def start(self, stage: str, total: int | None, unit: str) -> None:
        """Show a new bar."""
        self._task = self._display.add_task(stage, total=total, unit=unit)

    def advance(self, count: int = 1) -> None:
        """Move the bar."""
        self._display.advance(self._task, count)

    def say(self, message: str) -> None:
        """Print a line above the bar."""
        self._display.console.print(message, markup=False, highlight=False)

    def finish(self) -> None:
        """Leave the bar as it is."""
        self._display.stop_task(self._task)


class Lines:
    """Plain lines on standard error for logs: at most one every ten seconds and one at the end of a stage."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    def start(self, stage: str, total: int | None, unit: str) -> None:
        """Begin counting."""
        self._stage, self._total, self._unit, self._done = stage, total, unit, 0
        self._began = self._last = time.monotonic()

    def advance(self, count: int = 1) -> None:
        """Count, and print when the last line is long ago."""
        self._done += count
        now = time.monotonic()
        if now - self._last >= _SECONDS_BETWEEN_LINES:
            self._last = now
            rate = self._done / (now - self._began)
            left = "" if not self._total or not self._done else f", {(self._total - self._done) / rate:.0f} s left"
            self.say(f"{self._stage}: {self._done}/{self._total or '?'} {self._unit}, {rate:.1f} {self._unit}/s{left}")

    def say(self, message: str) -> None:
        """Print a line."""
        typer.echo(message, err=True)

    def finish(self) -> None:
        """Print what the stage came to."""
        seconds = time.monotonic() - self._began
        self.say(f"{self._stage}: {self._done} {self._unit} in {seconds:.1f} s")


def _rate_column() -> ProgressColumn:
    from rich.progress import ProgressColumn, Task
    from rich.text import Text

    class RateColumn(ProgressColumn):
        """Units per second."""

        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text("" if speed is None else f"{speed:.1f}/s", style="dim")

    return RateColumn()
