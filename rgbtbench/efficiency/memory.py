"""How much memory a call takes at its peak."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch

_STATUS: Final = Path("/proc/self/status")
_RESET: Final = Path("/proc/self/clear_refs")
#: Written there, it sets the highest resident size back to the present one (Linux, proc(5)).
_RESET_PEAK: Final = "5"


@dataclass(frozen=True, slots=True)
class Peak:
    """Memory of one call.

    Attributes:
        bytes: the peak.
        what: of what, in words.
    """

    bytes: int
    what: str


def measure_peak(call: Callable[[], object], *, device: str) -> Peak | None:
    """Return the memory of a call, which should be the first of its kind: later ones find memory that was kept.

    On a GPU it is the peak of what PyTorch's tensors hold, the weights included. On a processor it is by how much the
    process's resident memory grows, whatever holds it, the weights excluded; nothing where the system does not tell.

    Args:
        call: runs the network once.
        device: `cpu` or `cuda`.
    """
    if device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats(device)
        call()
        torch.cuda.synchronize(device)
        return Peak(torch.cuda.max_memory_allocated(device), "tensors on the GPU, weights included")
    if not _reset_peak():
        return None
    before = _resident("VmRSS")
    call()
    return Peak(max(0, _resident("VmHWM") - before), "growth of resident memory in the first call, weights excluded")


def _reset_peak() -> bool:
    try:
        _RESET.write_text(_RESET_PEAK)
    except OSError:
        return False
    return _STATUS.is_file()


def _resident(field: str) -> int:
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(f"{field}:"))
    return int(line.split()[1]) * 1024
