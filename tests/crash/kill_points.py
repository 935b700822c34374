"""Kill `prepare` with SIGKILL at every single step that touches the disk, and look at what is left each time.

`python -m tests.crash.kill_points OFFICIAL START EXPECTED SCRATCH` copies START (a folder to begin with, or `-`),
runs `prepare` on it in a forked process that dies at its n-th step, checks the remains, runs it again to the end and
compares with EXPECTED; n counts from 0 until a run gets through. Prints the number of steps.
"""

import os
import shutil
import signal
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from rgbtbench.shards.build import prepare
from rgbtbench.shards.destination import published
from rgbtbench.shards.tar import TarWriter
from rgbtbench.shards.verify import verify

from ..shards.street import SMALL_SHARDS, Street, card, tree


def die_at(step: int) -> None:
    """Make this process kill itself before its `step`-th write, sync, rename or removal."""
    steps = count()

    def deadly(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            if next(steps) == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **options)

        return call

    for name in ("fsync", "replace", "unlink", "rename"):
        setattr(os, name, deadly(getattr(os, name)))
    TarWriter._write = deadly(TarWriter._write)  # type: ignore[method-assign]


def run(official: Path, out: Path, step: int | None) -> int:
    """Run `prepare` in a child process; return its exit status, -9 when it was killed."""
    child = os.fork()
    if child == 0:
        if step is not None:
            die_at(step)
        prepare(Street(), card(), official, out, options=SMALL_SHARDS, workers=1, allow_differences=True)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def check_remains(out: Path, step: int) -> None:
    """What readers see is a whole dataset or none."""
    if published(out) is not None:
        faults = [fault for fault in verify(out) if "is not in the manifest" not in fault and "index" not in fault]
        assert not faults, (step, faults)


def main() -> None:
    official, start, expected, scratch = sys.argv[1:]
    # SIGKILL loses nothing that was written, and waiting for the disk would be most of the time.
    os.fsync = lambda descriptor: None
    # Imports and tables are loaded here once, and not in every child.
    prepare(
        Street(),
        card(),
        Path(official),
        Path(scratch) / "warm",
        options=SMALL_SHARDS,
        workers=1,
        allow_differences=True,
    )
    wanted = tree(Path(expected))
    for step in count():
        out = Path(scratch) / str(step)
        if start != "-":
            shutil.copytree(start, out)
        status = run(Path(official), out, step)
        if status == 0:
            print(step)
            return
        assert status == -signal.SIGKILL, (step, status)
        check_remains(out, step)
        assert run(Path(official), out, None) == 0, step
        assert tree(out) == wanted, step
        shutil.rmtree(out)


if __name__ == "__main__":
    main()
