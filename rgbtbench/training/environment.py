"""What a training ran on, as far as it can change the numbers."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

import rgbtbench

_LIBRARIES = ("torch", "torchvision", "lightning-fabric", "numpy", "safetensors", "opencv-python-headless")


def describe_environment(device: torch.device, *, processes: int) -> dict[str, Any]:
    """Return versions, hardware, threads and the state of the source tree as plain data."""
    return {
        "rgbtbench": rgbtbench.__version__,
        **_source_state(Path(rgbtbench.__file__).parent),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "libraries": {name: _version(name) for name in _LIBRARIES},
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else _processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "processes": processes,
        "command": sys.argv,
    }


def comparable(environment: dict[str, Any]) -> dict[str, str]:
    """Return what must be equal for a resumed run to repeat every bit."""
    libraries = environment["libraries"]
    return {
        "torch": str(libraries["torch"]),
        "device": str(environment["device"]),
        "threads": str(environment["threads"]),
        "processes": str(environment["processes"]),
    }


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _source_state(package: Path) -> dict[str, Any]:
    """Return commit and cleanliness of the checkout that the package is run from; nulls when it is installed."""
    unknown: dict[str, Any] = {"commit": None, "dirty": None}
    if not (package.parent / ".git").exists():
        return unknown
    try:
        commit = _git("rev-parse", "HEAD", folder=package)
        changed = _git("status", "--porcelain", "--untracked-files=no", folder=package)
    except (OSError, subprocess.SubprocessError):
        return unknown
    return {"commit": commit, "dirty": bool(changed)}


def _git(*arguments: str, folder: Path) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, check=True, text=True, timeout=10).stdout.strip()  # noqa: S603
