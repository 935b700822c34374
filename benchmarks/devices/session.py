"""All measurements on a device, each in its own process, one at a time, within a limit of time.

Processes prepare themselves several at once, and wait for their turn: what takes the device's time alone is measured
alone. Compiled networks are all compiled before the first of them is timed. What is known is written after each.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.devices.child import GO, READY, REQUEST, RESULT

_PAUSE: Final = 0.05
#: Processes that prepare themselves ahead of their turn, and that compile at once.
_AHEAD: Final = 6
_TOGETHER: Final = 13
#: Threads of each that compile kernels.
_COMPILERS: Final = 4
#: Seconds that a measurement may take once it is its turn, and that preparing one without compiling may.
_TURN: Final = 90.0
_TO_PREPARE: Final = 120.0
#: Seconds that must be left for a group to be compiled.
_LEAST: Final = 45.0
#: Share of a GPU's memory that networks which are compiled at once need at their peaks without; compiled it is less.
_SHARE: Final = 1.0
_TAIL: Final = 1200


@dataclass(frozen=True, slots=True)
class Request:
    """What a process is to measure.

    Attributes:
        name: of an entry or a comparison.
        is_compiled: by torch.compile.
        batch_size: None for that of the entry.
        peak: bytes that its training took without compilation, 0 where it is not known.
    """

    name: str
    is_compiled: bool = False
    batch_size: int | None = None
    peak: int = 0


class Session:
    """The measurements that one command makes.

    Args:
        device: `cpu` or `cuda`.
        entries: file that names them.
        limit: seconds for everything.
        seconds: that each figure may take.
        to_compile: seconds that a group which is compiled at once may take for it; what takes longer is left out.
        memory: bytes of the device, None where nothing limits what compiles at once.
        report: told each result, as soon as it is there.
    """

    def __init__(
        self,
        device: str,
        entries: Path,
        *,
        limit: float,
        seconds: float,
        to_compile: float,
        memory: int | None,
        report: Callable[[Request, dict[str, Any]], None],
    ) -> None:
        self.device, self.entries, self.memory, self.report = device, entries, memory, report
        self.seconds, self.to_compile = seconds, to_compile
        self.end = time.monotonic() + limit

    def one_by_one(self, requests: Sequence[Request]) -> None:
        """Measure, while the next ones prepare themselves."""
        waiting, begun = deque(requests), deque[_Process]()
        ahead = _AHEAD if self.device == "cuda" else 1
        with self._folder() as root:
            try:
                while waiting or begun:
                    while waiting and len(begun) < ahead and self._left() > 0:
                        begun.append(self._begin(waiting.popleft(), root))
                    if not begun:
                        break
                    self._finish(begun.popleft(), _TO_PREPARE)
            finally:
                _end(begun)
        self._leave_out(waiting)

    def all_prepared_first(self, requests: Sequence[Request]) -> None:
        """Measure group by group: all of a group are compiled at once, and timed one after the other then."""
        waiting = deque(requests)
        with self._folder() as root:
            while waiting and self._left() > _LEAST:
                group = [self._begin(request, root) for request in self._group(waiting)]
                try:
                    until = time.monotonic() + min(self.to_compile, self._left() - self._turns(group))
                    while time.monotonic() < until and not all(process.is_prepared for process in group):
                        time.sleep(_PAUSE)
                    for process in sorted(group, key=lambda process: not process.is_prepared):
                        self._finish(process, 0.0)
                finally:
                    _end(group)
        self._leave_out(waiting)

    def _group(self, waiting: deque[Request]) -> Iterator[Request]:
        together = _TOGETHER if self.device == "cuda" else 1
        peak = 0
        for number in range(together):
            if not waiting or (number and self.memory and peak + waiting[0].peak > _SHARE * self.memory):
                return
            peak += waiting[0].peak
            yield waiting.popleft()

    def _turns(self, group: Sequence[_Process]) -> float:
        """Return about how long a group is timed."""
        return len(group) * (3 * self.seconds + 3)

    def _begin(self, request: Request, root: Path) -> _Process:
        content = {
            "name": request.name,
            "compile": request.is_compiled,
            "batch_size": request.batch_size,
            "device": self.device,
            "seconds": self.seconds,
            "entries": str(self.entries),
        }
        return _Process(request, Path(tempfile.mkdtemp(dir=root)), content)

    def _finish(self, process: _Process, to_prepare: float) -> None:
        """Let it have its turn once it is prepared, and report what comes of it."""
        until = time.monotonic() + min(to_prepare, max(0.0, self._left()))
        while not process.is_prepared and time.monotonic() < until:
            time.sleep(_PAUSE)
        if not process.is_prepared:
            self.report(process.request, {"error": f"not prepared after {process.age:.0f} s"})
        else:
            process.go()
            until = time.monotonic() + min(_TURN, max(1.0, self._left()))
            while process.runs and time.monotonic() < until:
                time.sleep(_PAUSE)
            self.report(process.request, process.result())
        process.end()

    def _leave_out(self, requests: Sequence[Request]) -> None:
        for request in requests:
            self.report(request, {"not_measured": "the time was over"})

    def _left(self) -> float:
        return self.end - time.monotonic()

    @contextmanager
    def _folder(self) -> Iterator[Path]:
        root = Path(tempfile.mkdtemp(prefix="rgbtbench-devices-"))
        try:
            yield root
        finally:
            shutil.rmtree(root, ignore_errors=True)


class _Process:
    """A measurement in its process, with all processes that it starts itself."""

    def __init__(self, request: Request, folder: Path, content: dict[str, Any]) -> None:
        self.request, self.folder = request, folder
        (folder / REQUEST).write_text(json.dumps(content), encoding="utf-8")
        self._log = folder / "log"
        threads = str(max(1, (os.cpu_count() or 1) // _TOGETHER))
        surroundings = {"TORCHINDUCTOR_COMPILE_THREADS": str(_COMPILERS), "OMP_NUM_THREADS": threads} | dict(os.environ)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.devices.child", str(folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=surroundings,
            )
        self._began = time.monotonic()

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    @property
    def is_prepared(self) -> bool:
        """Whether it is, or never will be because it has ended."""
        return (self.folder / READY).exists() or not self.runs

    @property
    def age(self) -> float:
        return time.monotonic() - self._began

    def go(self) -> None:
        (self.folder / GO).touch()

    def result(self) -> dict[str, Any]:
        """Return what it wrote, or how it failed."""
        written = self.folder / RESULT
        if written.exists():
            found: dict[str, Any] = json.loads(written.read_text(encoding="utf-8"))
            return found
        how = "took too long" if self.runs else f"ended with {self._process.returncode}"
        return {"error": f"{how}: {self._log.read_text(encoding='utf-8', errors='replace')[-_TAIL:]}"}

    def end(self) -> None:
        """End it, and what it has started."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def _end(processes: Sequence[_Process] | deque[_Process]) -> None:
    for process in processes:
        process.end()
