"""What ran an evaluation: versions, commit and hardware, for the record."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Final

from rgbtbench.leaderboard.records import Environment

#: Libraries whose version can change a number.
_LIBRARIES: Final = (
    "hotcoco", "lightning-fabric", "numba", "numpy", "opencv-python-headless", "scipy", "simplejpeg", "timm", "torch",
    "torchvision",
)  # fmt: skip


def environment() -> Environment:
    """Describe this process: versions of rgbtbench, Python and libraries, the commit of a checkout, the hardware."""
    root = Path(__file__).resolve().parents[2]
    commit = _git(root, "rev-parse", "HEAD") if (root / ".git").exists() else None
    changes = None if commit is None else _git(root, "status", "--porcelain")
    return Environment(
        rgbtbench=_version("rgbtbench") or "unknown",
        commit=commit,
        dirty=None if changes is None else changes != "",
        python=platform.python_version(),
        libraries={name: version for name in _LIBRARIES if (version := _version(name)) is not None},
        hardware=_hardware(),
    )


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _git(root: Path, *arguments: str) -> str | None:
    program = shutil.which("git")
    if program is None:
        return None
    finished = subprocess.run(  # noqa: S603 - fixed arguments, no shell
        [program, "-C", str(root), *arguments], capture_output=True, text=True, check=False, timeout=30
    )
    return finished.stdout.strip() if finished.returncode == 0 else None


def _hardware() -> str:
    # A process that has no torch loaded has used no GPU.
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        return f"{torch.cuda.device_count()} x {torch.cuda.get_device_name(0)}"
    return processor()


def processor() -> str:
    """Return how many cores of which processor this machine has."""
    return f"{os.cpu_count()} x {_model_name()}"


def _model_name() -> str:
    facts = Path("/proc/cpuinfo")
    if facts.is_file():
        for line in facts.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
