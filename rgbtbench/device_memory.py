"""What devices say when their memory does not suffice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from rgbtbench.errors import UserError


@contextmanager
def advising_on_memory(advice: Callable[[], UserError]) -> Iterator[None]:
    """Raise what `advice` returns where torch finds no memory inside the block; other errors pass."""
    try:
        yield
    except RuntimeError as error:
        # On the CPU torch raises a plain RuntimeError.
        if not isinstance(error, torch.OutOfMemoryError) and "can't allocate memory" not in str(error):
            raise
        raise advice() from error
