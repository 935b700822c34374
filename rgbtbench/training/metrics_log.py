"""What a training reports: `metrics.jsonl`, and TensorBoard where it is installed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from rgbtbench.atomic_file import atomic_file
from rgbtbench.finite_json import finite
from rgbtbench.progress import Progress


class _Writer(Protocol):
    """The part of TensorBoard's writer that is used."""

    def add_scalar(self, name: str, value: float, step: int) -> object:
        """Note one number."""

    def close(self) -> object:
        """Write out everything."""


class MetricsLog:
    """One JSON object per line, each with its `step`; lines of steps that a resumed run repeats are cut off first.

    Args:
        path: of `metrics.jsonl`.
        step: of the checkpoint that the run continues from; lines after it go.
        mirror: told every number too.
    """

    def __init__(self, path: Path, *, step: int, mirror: TensorBoard | None = None) -> None:
        cut_back(path, step)
        self._file = path.open("a", encoding="utf-8")
        self._mirror = mirror

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if self._mirror is not None:
            self._mirror.close()

    def write(self, step: int, values: Mapping[str, Any]) -> None:
        """Write one line; numbers that are not finite become null, as JSON has no others."""
        self._file.write(json.dumps({"step": step, **finite(values)}, allow_nan=False) + "\n")
        self._file.flush()
        if self._mirror is not None:
            self._mirror.write(step, values)


class TensorBoard:
    """Curves for TensorBoard. A run never fails because of them: the first error ends the mirroring, with a word.

    Args:
        folder: for the event files.
        step: events after it, of an interrupted run, are hidden.
        progress: told when there will be no curves.
    """

    def __init__(self, folder: Path, *, step: int, progress: Progress) -> None:
        self._progress = progress
        self._writer: _Writer | None = None
        try:
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(str(folder), purge_step=step + 1)
        except Exception as error:  # whatever a foreign package raises, curves are not worth a run
            self._give_up(error)

    def write(self, step: int, values: Mapping[str, Any]) -> None:
        """Mirror all numbers among `values`, nested ones as `outer/inner`."""
        if self._writer is None:
            return
        try:
            for name, number in _numbers(values):
                self._writer.add_scalar(name, number, step)
        except Exception as error:  # a full disk, a removed folder
            self._give_up(error)

    def close(self) -> None:
        """Write out everything."""
        if self._writer is None:
            return
        try:
            self._writer.close()
        except Exception as error:  # as above
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        self._writer = None
        self._progress.say(f"no TensorBoard curves: {error}; metrics.jsonl holds all numbers")


def cut_back(path: Path, step: int) -> None:
    """Remove the lines after `step`, and a last line that a crash left in parts."""
    if not path.is_file():
        return
    kept = [line for line in path.read_bytes().splitlines(keepends=True) if _step(line, default=step + 1) <= step]
    with atomic_file(path) as file:
        file.writelines(kept)


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a `metrics.jsonl`."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _step(line: bytes, *, default: int) -> int:
    try:
        return int(json.loads(line)["step"]) if line.endswith(b"\n") else default
    except (ValueError, KeyError, TypeError):
        return default


def _numbers(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{prefix}{name}/")
        elif isinstance(value, int | float):
            yield f"{prefix}{name}", float(value)
