"""Images come and go by the thousand, each of the size of the last: their memory is better kept than given back."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np

#: The largest block from which glibc learns, 32 MiB with what it adds to it.
_LARGEST: Final = 32 * 1024 * 1024 - 65_536


@cache
def keep_freed_memory() -> None:
    """Let this process use freed memory again, instead of asking the system for cleared pages each time.

    glibc keeps blocks up to the size of the largest that was ever freed, and twice as much of them at the end of its
    heap (mallopt(3), M_MMAP_THRESHOLD). One large block that nothing is written to, so that it takes no memory, teaches
    it at once; without it, sums on images of a megabyte take up to three times as long. Elsewhere this does nothing.
    """
    np.empty(_LARGEST, np.uint8)
